import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isObjectId, type ObjectId } from "../../../domain/object-id.ts";
import { removeDurably } from "../../system/atomic-file.ts";
import { diskError, errnoOf } from "../../system/disk-error.ts";
import { syncDirectory } from "../../system/durable-directory.ts";
import { requireLock } from "./require-lock.ts";

/** Commits whose parents a shallow repository lacks; empty in a whole one. */
export async function readShallow(gitDir: string): Promise<ReadonlySet<ObjectId>> {
  const path = join(gitDir, "shallow");
  try {
    const lines = (await readFile(path, "utf8")).split("\n");
    return new Set(lines.map((line) => line.trim()).filter(isObjectId));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return new Set();
    throw diskError("read", path, error);
  }
}

/**
 * Adds commits to that set and takes others away, under Git's own lock, durably; what others wrote meanwhile stays.
 * Throws `git-failed` (retryable) where the file stays locked, `disk`.
 */
export async function changeShallow(
  gitDir: string,
  change: { readonly added: readonly ObjectId[]; readonly removed: readonly ObjectId[] },
): Promise<void> {
  const { added, removed } = change;
  if (added.length === 0 && removed.length === 0) return;
  const path = join(gitDir, "shallow");
  const lock = await requireLock(path);
  try {
    const now = await readShallow(gitDir);
    const gone = new Set(removed);
    const next = [...new Set([...now, ...added])].filter((id) => !gone.has(id)).toSorted();
    if (next.length === now.size && next.every((id) => now.has(id))) return;
    if (next.length === 0) {
      await removeDurably(path);
      return;
    }
    await lock.write(next.map((id) => `${id}\n`).join(""));
    await lock.moveIntoPlace();
    await syncDirectory(gitDir);
  } catch (error) {
    throw diskError("write", path, error);
  } finally {
    await lock.release();
  }
}
