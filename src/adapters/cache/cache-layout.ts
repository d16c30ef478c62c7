import { realpath, writeFile } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import type { Sha256 } from "../../domain/artifact/digest.ts";
import { RegistryError } from "../../errors.ts";
import type { Materialisation } from "../../ports/model-cache.ts";
import { objectPath } from "../lfs/local-store.ts";
import { diskError, errnoOf } from "../system/disk-error.ts";
import { makeDirectory, putInPlace, temporaryName } from "../system/durable-directory.ts";

/**
 * Where things are in the reader's cache:
 *
 *     objects/aa/bb/<sha256>        read-only bytes, laid out as an LFS store is
 *     stamps/aa/<sha256>.json       files that were found to have that digest, by inode and times
 *     versions/<tree>[.<role>]/     a read-only version; its files are hard links to objects
 *     links/<hash of path>.json     which symlinks outside point at a version
 *     incomplete/<sha256>.part      large objects on their way
 *     locks/                        who fetches a version, who uses it now, who drops what is too much
 *     bad/<sha256>                  damaged objects
 *     tmp/                          files on their way
 */
export interface CacheLayout {
  readonly directory: string;
  readonly objects: string;
  readonly versions: string;
  readonly links: string;
  readonly incomplete: string;
  readonly bad: string;
  readonly locks: string;
  readonly tmp: string;
  object(sha256: Sha256): string;
  stamp(sha256: Sha256): string;
  version(version: VersionKey): string;
  /** The lease of who fetches what the version lacks. */
  fetching(version: VersionKey): string;
  /** The lease of who drops what is too much. */
  readonly dropping: string;
  link(key: string): string;
}

/** How the names of half-made versions begin, and of those on their way out; no version is named like this. */
export const HALF_MADE = ".new-";
export const PUT_AWAY = ".old-";

export type VersionKey = Pick<Materialisation, "tree" | "role">;

/** The name of a version in the cache. */
export function versionName({ tree, role }: VersionKey): string {
  return role === null ? tree : `${tree}.${role}`;
}

export function cacheLayout(directory: string): CacheLayout {
  return {
    directory,
    objects: join(directory, "objects"),
    versions: join(directory, "versions"),
    links: join(directory, "links"),
    incomplete: join(directory, "incomplete"),
    bad: join(directory, "bad"),
    locks: join(directory, "locks"),
    tmp: join(directory, "tmp"),
    object: (sha256) => objectPath(directory, sha256),
    stamp: (sha256) => join(directory, "stamps", sha256.slice(0, 2), `${sha256}.json`),
    version: (version) => join(directory, "versions", versionName(version)),
    fetching: (version) => join(directory, "locks", versionName(version)),
    dropping: join(directory, "locks", "dropping"),
    link: (key) => join(directory, "links", `${key}.json`),
  };
}

/** A link into the cache is no directory of the user's: what is written below it would change a verified version. */
export async function refuseInsideCache(cache: string, path: string): Promise<void> {
  const [parent, root] = await Promise.all([nearestReal(dirname(path)), nearestReal(cache)]);
  if (!`${parent}${sep}`.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) return;
  throw new RegistryError("usage", `${path} lies in the cache of git-model, which nobody else writes to`, {
    hint: "choose a place of its own",
  });
}

/** The real path of a directory, or of the nearest one above it that exists. */
async function nearestReal(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const above = dirname(path);
    if (!["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "") || above === path) return path;
    return join(await nearestReal(above), basename(path));
  }
}

/** Writes a small file of the cache so that readers see the old or the new one. It may be lost in a power failure. */
export async function writeNote(layout: CacheLayout, path: string, note: unknown): Promise<void> {
  const temporary = await temporaryFile(layout);
  try {
    await writeFile(temporary, `${JSON.stringify(note)}\n`, { flag: "wx" });
  } catch (error) {
    throw diskError("write", path, error);
  }
  await putInPlace(temporary, path, false);
}

/** A path in the cache's `tmp/` that nobody else uses. */
export async function temporaryFile(layout: CacheLayout): Promise<string> {
  await makeDirectory(layout.tmp, false);
  return join(layout.tmp, temporaryName());
}
