import { lstat, mkdir, readdir, realpath, rename, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { RegistryError } from "../../errors.ts";
import { diskError, errnoOf } from "../system/disk-error.ts";
import { makeDirectory, temporaryName } from "../system/durable-directory.ts";
import { removeTree, sweep } from "../system/remove-tree.ts";
import { refuseInsideCache } from "./cache-layout.ts";
import { lookAt } from "./object-cache.ts";

/** Where the files of a model go, outside the cache. */
export interface Destination {
  /** Absolute. */
  readonly directory: string;
  /** Replace a directory that has something in it. */
  readonly force: boolean;
  /** Where the part of the path that the user named ends; no symlink is crossed below it. */
  readonly within: string;
  /** The cache's own directory, which is never replaced. */
  readonly cache: string;
}

/**
 * Lets `fill` write a new directory beside the destination and puts it in its place at once. Not fsynced: after a power
 * failure the files may be incomplete, and the command is to be run again. Throws `usage` for a destination that is
 * occupied or reached through a symlink, `disk`.
 */
export async function placeDirectory<T>(destination: Destination, fill: (root: string) => Promise<T>): Promise<T> {
  const { directory, force } = destination;
  await refuseOccupied(destination);
  await refuseInsideCache(destination.cache, directory);
  const parent = dirname(directory);
  await makeDirectory(parent, false);
  const prefix = `.${basename(directory).slice(0, 100)}.git-model-`;
  const temporary = join(parent, `${prefix}${temporaryName()}`);
  try {
    await mkdir(temporary);
    await sweep(parent, prefix, (await stat(temporary)).mtimeMs);
    const result = await fill(temporary);
    await swap({ temporary, directory, old: join(parent, `${prefix}${temporaryName()}`) }, force);
    return result;
  } catch (error) {
    throw diskError("write", directory, error);
  } finally {
    await removeTree(temporary).catch(() => undefined);
  }
}

/** The old directory is out of the way before the new one comes, and comes back if that fails. */
async function swap(
  { temporary, directory, old }: { readonly temporary: string; readonly directory: string; readonly old: string },
  force: boolean,
): Promise<void> {
  const existing = lookAt(directory);
  if (existing?.isSymbolicLink()) throw throughSymlink(directory);
  if (existing === null || !force) return renameUnlessOccupied(temporary, directory);
  await rename(directory, old);
  try {
    await rename(temporary, directory);
  } catch (error) {
    await rename(old, directory);
    throw error;
  }
  await removeTree(old).catch(() => undefined);
}

/** Renaming a directory replaces an empty one only. */
async function renameUnlessOccupied(temporary: string, directory: string): Promise<void> {
  try {
    await rename(temporary, directory);
  } catch (error) {
    if (["ENOTEMPTY", "EEXIST"].includes(errnoOf(error) ?? "")) throw occupied(directory);
    throw error;
  }
}

async function refuseOccupied({ directory, within, force, cache }: Destination): Promise<void> {
  for (const part of partsBetween(within, directory)) {
    const found = lookAt(part);
    if (found?.isSymbolicLink()) throw throughSymlink(part);
    if (found !== null && !found.isDirectory()) throw new RegistryError("usage", `${part} is a file, not a directory`);
  }
  if (lookAt(directory) === null) return;
  const entries = await readdir(directory).catch((error: unknown) => {
    throw diskError("read", directory, error);
  });
  if (entries.length === 0) return;
  if (!force) throw occupied(directory);
  await refusePrecious({ directory, entries, cache });
}

/** `--force` removes what is there: never a repository, the cache, or a whole disk. */
async function refusePrecious({
  directory,
  entries,
  cache,
}: {
  readonly directory: string;
  readonly entries: readonly string[];
  readonly cache: string;
}): Promise<void> {
  const real = await realpath(directory);
  const realCache = await realpath(cache).catch(() => cache);
  const reasons = [
    entries.includes(".git") || ["HEAD", "objects", "refs"].every((name) => entries.includes(name))
      ? "a Git repository"
      : null,
    `${realCache}${sep}`.startsWith(real.endsWith(sep) ? real : `${real}${sep}`) ? "a directory above the cache" : null,
    (await lstat(real)).dev !== (await lstat(dirname(real))).dev ? "a mount point" : null,
  ];
  const what = reasons.find((reason) => reason !== null);
  if (what === undefined) return;
  throw new RegistryError("usage", `${directory} is ${what} and is not replaced, even with --force`, {
    hint: `choose a directory of its own: -o ${join(directory, "model")}`,
  });
}

/** `within`, what lies between, and `directory`; only `directory` if it is not below `within`. */
function partsBetween(within: string, directory: string): readonly string[] {
  const path = relative(within, directory);
  if (path === "" || path.startsWith("..")) return [directory];
  const segments = path.split(sep);
  return [within, ...segments.map((_, index) => join(within, ...segments.slice(0, index + 1)))];
}

function throughSymlink(path: string): RegistryError {
  return new RegistryError("usage", `${path} is a symbolic link; files are not written through it`, {
    hint: "name the directory itself, or use --link to make a link to the cache",
  });
}

function occupied(directory: string): RegistryError {
  return new RegistryError("usage", `${directory} is not empty`, {
    hint: "choose another directory, or replace this one with --force",
  });
}
