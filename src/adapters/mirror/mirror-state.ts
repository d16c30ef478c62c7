import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** From here on a mirror is quicker to make anew than to read. */
const MOST_PACKS = 300;
const MOST_LOOSE = 10_000;
/** A ref update lasts milliseconds: whoever holds a lock for so long was killed. */
const LOCK_IS_STALE_MS = 10_000;
const DAY = 24 * 60 * 60 * 1000;

/** Whether fetches have left so many packs or loose objects that the mirror should be made anew. */
export async function isOvergrown(path: string): Promise<boolean> {
  const packs = (await names(join(path, "objects/pack"))).filter((name) => name.endsWith(".pack"));
  // One folder of 256 stands for all, as `git gc --auto` counts.
  const sample = (await names(join(path, "objects/17"))).length;
  return packs.length > MOST_PACKS || sample * 256 > MOST_LOOSE;
}

/**
 * Removes what killed processes left in a mirror: locks that are older than any that a living process holds, and packs
 * that never became whole. `now` is a time of the same file system's clock. Only under the lease of the mirror.
 */
export async function clearLeftovers(path: string, now: number): Promise<void> {
  for (const lock of [...(await locksIn(path, 0)), ...(await locksIn(join(path, "refs"), 12))]) {
    await removeOlder(lock, now - LOCK_IS_STALE_MS);
  }
  const packs = join(path, "objects/pack");
  for (const name of await names(packs)) {
    if (name.startsWith("tmp_")) await removeOlder(join(packs, name), now - DAY);
  }
}

async function locksIn(folder: string, depth: number): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isFile() && entry.name.endsWith(".lock")) found.push(path);
    else if (entry.isDirectory() && depth > 0) found.push(...(await locksIn(path, depth - 1)));
  }
  return found;
}

async function removeOlder(path: string, before: number): Promise<void> {
  const stats = await lstat(path).catch(() => null);
  if (stats !== null && stats.mtimeMs < before) await rm(path, { force: true }).catch(() => undefined);
}

async function names(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
