import { lstat, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isObjectId, type ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import { writeAtomically } from "../../system/atomic-file.ts";
import { diskError, errnoOf } from "../../system/disk-error.ts";
import { syncDirectory } from "../../system/durable-directory.ts";
import { objectIdOf } from "../object-format.ts";
import { entryOf, formatIndex, type IndexEntry, parseIndex } from "./index-file.ts";
import { requireLock } from "./require-lock.ts";

export interface FileToCheckOut {
  readonly path: string;
  readonly id: ObjectId;
  readonly content: Uint8Array;
}

/** The repository to write to, and which objects a path may have in the index without being a person's change. */
export interface CheckOutTarget {
  readonly gitDir: string;
  readonly workTree: string;
  committed(path: string): readonly ObjectId[];
}

/**
 * Writes files into the working tree and the index, under Git's `index.lock`. A file that a person edited, staged or put
 * there is left alone. Throws `git-required` for an index that only git writes, `git-failed` for a locked one, `disk`.
 */
export async function checkOutFiles(target: CheckOutTarget, files: readonly FileToCheckOut[]): Promise<void> {
  for (const { path } of files) requireSafePath(path);
  const indexPath = join(target.gitDir, "index");
  const lock = await requireLock(indexPath);
  try {
    const index = await readIndexForWriting(indexPath);
    const entries = new Map(index.entries.map((entry) => [`${entry.stage}:${entry.path}`, entry]));
    for (const file of files) {
      if ([1, 2, 3].some((stage) => entries.has(`${stage}:${file.path}`))) continue;
      const written = await checkOut(target, file, entries.get(`0:${file.path}`) ?? null);
      if (written !== null) entries.set(`0:${file.path}`, written);
    }
    await lock.write(formatIndex(index.version, [...entries.values()]));
    await lock.moveIntoPlace();
    await syncDirectory(target.gitDir);
  } catch (error) {
    throw diskError("write", indexPath, error);
  } finally {
    await lock.release();
  }
}

/** The new index entry, or null where nothing may be written. */
async function checkOut(
  target: CheckOutTarget,
  file: FileToCheckOut,
  entry: IndexEntry | null,
): Promise<IndexEntry | null> {
  const path = join(target.workTree, file.path);
  if (!(await canHold(target.workTree, dirname(file.path)))) return null;
  const present = await currentId(path);
  if (present === "other") return null;
  const isStaged = entry !== null && entry.id !== file.id && !target.committed(file.path).includes(entry.id);
  const isEdited = present !== null && present !== file.id && present !== entry?.id;
  if (isStaged || isEdited) return null;
  if (present !== file.id) await writeAtomically(path, file.content, { mode: 0o666 });
  return entryOf(file.path, file.id, await lstat(path, { bigint: true }));
}

/** False where a link or a file stands in place of a folder: nothing is written through it. */
async function canHold(workTree: string, folder: string): Promise<boolean> {
  if (folder === ".") return true;
  if (!(await canHold(workTree, dirname(folder)))) return false;
  const found = await lstat(join(workTree, folder)).catch(() => null);
  return found === null || found.isDirectory();
}

async function currentId(path: string): Promise<ObjectId | null | "other"> {
  try {
    if (!(await lstat(path)).isFile()) return "other";
    return objectIdOf("blob", await readFile(path), "sha1");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw diskError("read", path, error);
  }
}

async function readIndexForWriting(path: string) {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return null;
    throw diskError("read", path, error);
  });
  if (bytes === null) return { version: 2, entries: [] };
  const index = parseIndex(bytes);
  if (index?.isWhole && index.version < 4 && index.entries.every(({ id }) => isObjectId(id))) return index;
  throw new RegistryError("git-required", `the index ${path} has a form that only the git program writes`, {
    hint: "install git and set GIT_MODEL_GIT=native",
  });
}

function requireSafePath(path: string): void {
  const isUnsafe = path
    .split("/")
    .some((part) => ["", ".", "..", ".git"].includes(part.toLowerCase()) || /[\0\\]/.test(part));
  if (isUnsafe) throw new RegistryError("usage", `${JSON.stringify(path)} is no path inside a working tree`);
}
