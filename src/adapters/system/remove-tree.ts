import { chmod, lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

const DAY = 24 * 60 * 60 * 1000;

/** Removes a directory and what is in it, read-only folders too. Symlinks are removed, not followed. */
export async function removeTree(path: string): Promise<void> {
  await makeWritable(path).catch(() => undefined);
  await rm(path, { recursive: true, force: true, maxRetries: 2 });
}

/**
 * Removes what a killed process left half-made: entries of a directory whose name begins with the prefix and that have
 * not been touched for a day before `now`, a time of the same file system's clock. Failing to is no failure.
 */
export async function sweep(directory: string, prefix: string, now: number): Promise<void> {
  await removeOlder(directory, prefix, now - DAY);
}

/** Removes the entries of a directory with the prefix that were last touched before a moment. Failing to is no failure. */
export async function removeOlder(directory: string, prefix: string, before: number): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((one) => one.startsWith(prefix))) {
    const path = join(directory, name);
    const stats = await lstat(path).catch(() => null);
    if (stats !== null && stats.mtimeMs < before) await removeTree(path).catch(() => undefined);
  }
}

async function makeWritable(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return;
  await chmod(path, 0o755);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(path, entry.name));
  }
}
