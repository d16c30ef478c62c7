import { lstat, readdir, readFile, readlink, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import { errnoOf } from "../../system/disk-error.ts";
import { objectIdOf } from "../object-format.ts";
import { type IndexEntry, low, parseIndex, timeOf } from "./index-file.ts";
import type { ObjectDatabase } from "./object-database.ts";
import { readOnlyFs } from "./read-only-fs.ts";

export interface WorkTree {
  readonly objects: ObjectDatabase;
  readonly gitDir: string;
  readonly workTree: string;
  /** The tree of HEAD. */
  readonly head: ObjectId;
}

/**
 * Whether the working tree or the index differs from HEAD, or has files that are neither tracked nor ignored. Where that
 * cannot be known (a split or sparse index), and for files that a filter or line-end rule would make equal, the answer is
 * true: it never calls a changed tree clean. `core.excludesFile` is not read.
 */
export async function isDirty(tree: WorkTree): Promise<boolean> {
  try {
    return await differs(tree);
  } catch (error) {
    // A file that cannot be read, or that vanishes just now.
    if (errnoOf(error) !== null && !(error instanceof RegistryError)) return true;
    throw error;
  }
}

async function differs(tree: WorkTree): Promise<boolean> {
  const path = join(tree.gitDir, "index");
  const [bytes, stats] = await Promise.all([
    readFile(path).catch(() => null),
    stat(path, { bigint: true }).catch(() => null),
  ]);
  const index = bytes === null ? { entries: [], isWhole: true } : parseIndex(bytes);
  if (index === null || !index.isWhole || index.entries.some(({ stage }) => stage > 0)) return true;
  if (differsFromHead(tree, index.entries)) return true;
  for (const entry of index.entries) if (await isChanged(tree, entry, stats?.mtimeNs ?? 0n)) return true;
  return hasUntracked(tree, index.entries);
}

function differsFromHead({ objects, head }: WorkTree, entries: readonly IndexEntry[]): boolean {
  const committed = new Map<string, string>();
  const pending: { id: ObjectId; prefix: string }[] = [{ id: head, prefix: "" }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const { name, mode, id } of objects.tree(next.id)) {
      const path = `${next.prefix}${name}`;
      if (mode === "40000") pending.push({ id, prefix: `${path}/` });
      else committed.set(path, `${mode} ${id}`);
    }
  }
  return (
    committed.size !== entries.length ||
    entries.some(({ path, mode, id }) => committed.get(path) !== `${mode.toString(8)} ${id}`)
  );
}

/** By size and times first; a file as young as the index is hashed, since it may have changed in the same moment. */
async function isChanged({ workTree }: WorkTree, entry: IndexEntry, indexTime: bigint): Promise<boolean> {
  if (entry.unwatched || entry.mode === 0o160000) return false;
  const path = join(workTree, entry.path);
  const found = await lstat(path, { bigint: true }).catch(() => null);
  if (found === null) return true;
  const isLink = found.isSymbolicLink();
  if (isLink !== (entry.mode === 0o120000) || !(isLink || found.isFile())) return true;
  if (!isLink && ((found.mode & 0o100n) !== 0n) !== (entry.mode === 0o100755)) return true;
  const [seconds, nanoseconds] = timeOf(found.mtimeNs);
  const isSame = entry.size === low(found.size) && entry.ino === low(found.ino) && entry.mtime.seconds === seconds;
  const isOlder = found.mtimeNs < indexTime;
  if (isSame && isOlder && [nanoseconds, 0].includes(entry.mtime.nanoseconds)) return false;
  const bytes = isLink ? Buffer.from(await readlink(path)) : await readFile(path);
  return objectIdOf("blob", bytes, "sha1") !== entry.id;
}

async function hasUntracked({ gitDir, workTree }: WorkTree, entries: readonly IndexEntry[]): Promise<boolean> {
  const tracked = new Set<string>();
  for (const { path } of entries) {
    for (let part = path; part !== "." && !tracked.has(part); part = dirname(part)) tracked.add(part);
  }
  // Heavy, and needed by nothing else in this adapter.
  const { isIgnored } = await import("isomorphic-git");
  const fs = readOnlyFs();
  const ignored = (filepath: string) => isIgnored({ fs, dir: workTree, gitdir: gitDir, filepath }).catch(() => false);
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(workTree, folder), { withFileTypes: true })) {
      const path = `${folder}${entry.name}`;
      if (entry.name === ".git" || (!entry.isDirectory() && tracked.has(path))) continue;
      if (!tracked.has(path) && (await ignored(entry.isDirectory() ? `${path}/` : path))) continue;
      if (!entry.isDirectory()) return true;
      // git shows a nested repository as one untracked thing.
      if (!tracked.has(path) && (await lstat(join(workTree, path, ".git")).catch(() => null)) !== null) return true;
      const isSubmodule = entries.some((one) => one.mode === 0o160000 && one.path === path);
      if (!isSubmodule) folders.push(`${path}/`);
    }
  }
  return false;
}
