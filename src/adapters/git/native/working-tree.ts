import { lstat, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { stripUserinfo } from "../../../documents/strip-userinfo.ts";
import { isObjectId, type ObjectId } from "../../../domain/object-id.ts";
import type { GitStore, HeadDescription, RepositoryLocation } from "../../../ports/git-store.ts";
import { diskError, errnoOf } from "../../system/disk-error.ts";
import { makeDirectory, putInPlace, temporaryName } from "../../system/durable-directory.ts";
import { objectIdOf } from "../object-format.ts";
import type { GitCommand } from "./git-command.ts";

type NewFile = Parameters<GitStore["checkOutFiles"]>[0][number];

interface WorkTree {
  readonly git: GitCommand;
  readonly location: RepositoryLocation;
}

/**
 * HEAD may have moved to the new commit already, so what a person has not touched is what HEAD or its parent has.
 * Staged, edited and untracked files stay.
 */
export async function checkOutFiles({ git, location }: WorkTree, files: readonly NewFile[]): Promise<void> {
  const { workTree } = location;
  if (workTree === null || files.length === 0) return;
  const staged = await readIndex(git, files);
  const committed = await readCommitted(git, files);
  const taken: NewFile[] = [];
  for (const file of files) {
    const index = staged.get(file.path) ?? null;
    if (index !== null && index !== file.id && !committed.get(file.path)?.has(index)) continue;
    if (await placeFile({ workTree, location }, file, index)) taken.push(file);
  }
  if (taken.length === 0) return;
  const input = taken.map(({ path, id }) => `100644 ${id} 0\t${path}\0`).join("");
  await git.run(["update-index", "-z", "--index-info"], { doing: "update the index", input });
  await git.run(["update-index", "-q", "--refresh"], { doing: "update the index", exits: [0, 1] });
}

export async function describeHead(
  { git, location }: WorkTree,
  origin: string | null,
): Promise<HeadDescription | null> {
  const { workTree } = location;
  if (workTree === null) return null;
  const head = await git.run(["rev-parse", "--verify", "-q", "HEAD^{commit}"], {
    doing: "read HEAD",
    exits: [0, 1, 128],
  });
  const commit = head.stdout.toString("latin1").trim();
  if (!isObjectId(commit)) return null;
  const { stdout } = await git.run(["status", "--porcelain", "-z"], { doing: "look at the working tree" });
  return { commit, dirty: stdout.length > 0, origin: origin === null ? null : stripUserinfo(origin), workTree };
}

async function readIndex(git: GitCommand, files: readonly NewFile[]): Promise<ReadonlyMap<string, string>> {
  const args = ["ls-files", "-z", "--stage", "--", ...files.map(({ path }) => path)];
  const { stdout } = await git.run(args, { doing: "read the index" });
  const entries = new Map<string, string>();
  for (const row of stdout.toString("utf8").split("\0")) {
    const match = /^[0-7]+ ([0-9a-f]+) ([0-3])\t(.*)$/s.exec(row);
    // A conflict has no stage 0: whatever is written here matches nothing, so the file stays.
    if (match?.[3] !== undefined) entries.set(match[3], match[2] === "0" ? (match[1] ?? "") : "conflict");
  }
  return entries;
}

async function readCommitted(
  git: GitCommand,
  files: readonly NewFile[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const asked = files.flatMap(({ path }) =>
    ["HEAD", "HEAD^"].map((revision) => ({ path, line: `${revision}:${path}\n` })),
  );
  const input = asked.map(({ line }) => line).join("");
  const { stdout } = await git.run(["cat-file", "--batch-check=%(objectname)"], { doing: "read HEAD", input });
  const ids = stdout.toString("utf8").split("\n");
  const committed = new Map<string, Set<string>>(files.map(({ path }) => [path, new Set()]));
  asked.forEach(({ path }, index) => {
    const id = ids[index] ?? "";
    if (isObjectId(id)) committed.get(path)?.add(id);
  });
  return committed;
}

/** Answers whether the working tree has the file's new content now. */
async function placeFile(
  { workTree, location }: { readonly workTree: string; readonly location: RepositoryLocation },
  file: NewFile,
  index: string | null,
): Promise<boolean> {
  const target = join(workTree, ...file.path.split("/"));
  const present = await presentId(workTree, file.path, location.objectFormat);
  if (present === file.id) return true;
  if (present !== null && present !== index) return false;
  const temporary = join(dirname(target), `.${temporaryName()}.tmp`);
  try {
    await makeDirectory(dirname(target), false);
    await writeFile(temporary, file.content, { flag: "wx" });
  } catch (error) {
    throw diskError("write", target, error);
  }
  await putInPlace(temporary, target, false);
  return true;
}

/** Id of the file's content; null when absent; `other` for a directory, a link or a way through a link. */
async function presentId(
  workTree: string,
  path: string,
  format: RepositoryLocation["objectFormat"],
): Promise<ObjectId | "other" | null> {
  const parts = path.split("/");
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const place = join(workTree, ...parts.slice(0, depth));
    const kind = await kindOf(place);
    if (kind === null) return null;
    if (depth < parts.length && kind !== "directory") return "other";
    if (depth === parts.length) return kind === "file" ? objectIdOf("blob", await readFile(place), format) : "other";
  }
  return null;
}

async function kindOf(place: string): Promise<"file" | "directory" | "other" | null> {
  try {
    const stats = await lstat(place);
    if (stats.isFile()) return "file";
    return stats.isDirectory() ? "directory" : "other";
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw diskError("read", place, error);
  }
}
