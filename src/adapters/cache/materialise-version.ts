import { linkSync } from "node:fs";
import { chmod, mkdir, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Artifact } from "../../domain/artifact/artifact.ts";
import type { Pointer } from "../../domain/artifact/pointer.ts";
import { RegistryError } from "../../errors.ts";
import type { FileOrigin, LaidOutFile, LayOutOptions, Materialisation, ObjectSource } from "../../ports/model-cache.ts";
import { diskError, errnoOf } from "../system/disk-error.ts";
import { makeDirectory, temporaryName } from "../system/durable-directory.ts";
import { inParallel } from "../system/in-parallel.ts";
import { takeLease } from "../system/lease.ts";
import { removeTree } from "../system/remove-tree.ts";
import { type CacheLayout, HALF_MADE, PUT_AWAY } from "./cache-layout.ts";
import { AT_ONCE, fetchObjects, takeLocated, unique } from "./gather-objects.ts";
import { copyMatches, lookAt, type ObjectCache } from "./object-cache.ts";
import { sweepLeftovers } from "./sweep-leftovers.ts";
import type { Uses } from "./uses.ts";
import { besideArtifacts, chosenArtifacts, inspectVersion } from "./version-files.ts";

export interface MaterialiseRequest {
  readonly layout: CacheLayout;
  readonly objects: ObjectCache;
  readonly uses: Uses;
  readonly version: Materialisation;
  readonly source: ObjectSource;
  readonly options: LayOutOptions;
}

export interface Materialised {
  readonly path: string;
  readonly files: readonly LaidOutFile[];
  /** Whether anything was written for it. */
  readonly isNew: boolean;
}

/** Every failed try means that another process replaced the directory in the same moment. */
const TRIES = 5;
/** What `link` answers where files cannot share an inode. */
const NOT_LINKABLE: ReadonlySet<string> = new Set([
  "EXDEV",
  "EPERM",
  "EMLINK",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EACCES",
]);

/** See `ModelCache.materialise`. */
export async function materialiseVersion(request: MaterialiseRequest): Promise<Materialised> {
  const { layout, objects, uses, version, options } = request;
  const path = layout.version(version);
  const artifacts = chosenArtifacts(version);
  let brought: ReadonlySet<string> = new Set();
  await uses.keep(version);
  for (let tries = 0; tries < TRIES; tries += 1) {
    // What this call has just brought and hashed need not be hashed a second time.
    const checking = tries === 0 ? options : { verify: false };
    const state = await inspectVersion({ version, directory: path, objects }, checking);
    if (state === "intact") {
      const originOf = ({ sha256 }: Artifact): FileOrigin => (brought.has(sha256) ? "lfs" : "cache");
      const files = artifacts.map((artifact) => ({ artifact, origin: originOf(artifact) }));
      objects.stamps.settle();
      return { path, files, isNew: tries > 0 };
    }
    const more = await uses.during(version, () => bring(request, path));
    brought = new Set([...more, ...brought]);
  }
  throw new RegistryError("disk", `${path} is damaged again each time it is made`, { retryable: true });
}

/**
 * Makes the version of what the cache and the source's own store hold. What has to be fetched, one process fetches, and
 * the others wait and find it there. Answers the digests that were not in the cache.
 */
async function bring(request: MaterialiseRequest, path: string): Promise<readonly string[]> {
  const { layout, objects, version, source, options } = request;
  const { taken, left } = await holdObjects(request);
  const build = async (): Promise<void> => {
    await buildVersion(request, path);
    objects.stamps.settle();
  };
  if (left.length === 0) await build();
  const lease = left.length === 0 ? null : await takeLease(layout.fetching(version));
  try {
    if (lease === null) return taken;
    const state = await inspectVersion({ version, directory: path, objects }, { verify: false });
    if (state === "intact") return taken;
    const fetched = await fetchObjects(left, { layout, objects, source, onBytes: options.onBytes });
    await build();
    return [...taken, ...fetched.map(({ sha256 }) => sha256)];
  } finally {
    await lease?.release();
  }
}

/** Takes what is at hand: the digests that the source's own store gave, and the objects that are left to fetch. */
async function holdObjects({ layout, objects, uses, version, source, options }: MaterialiseRequest) {
  const pointers = unique(chosenArtifacts(version));
  uses.note(pointers.map(({ sha256 }) => sha256));
  const states = await inParallel(pointers, AT_ONCE, async (pointer) => {
    const state = await objects.check(layout.object(pointer.sha256), pointer, { verify: options.verify });
    if (state === "damaged") await objects.setAside(pointer);
    return state;
  });
  const wanted = pointers.filter((_, index) => states[index] !== "intact").map((pointer) => ({ pointer }));
  const left = await takeLocated(wanted, source, ({ pointer }, from) => objects.admit(pointer, from, options.onBytes));
  const taken = wanted.filter((one) => !left.includes(one)).map(({ pointer }) => pointer.sha256);
  return { taken, left: left.map(({ pointer }) => pointer) };
}

/** Makes the directory beside its place and renames it. If another process was faster, its directory stays. */
async function buildVersion({ layout, objects, version }: MaterialiseRequest, path: string): Promise<void> {
  await makeDirectory(layout.versions, false);
  const temporary = join(layout.versions, `${HALF_MADE}${temporaryName()}`);
  const artifacts = chosenArtifacts(version);
  try {
    await mkdir(temporary);
    const { mtimeMs } = await stat(temporary);
    await sweepLeftovers(layout, mtimeMs);
    const folders = await makeFolders(temporary, artifacts);
    const placed = await inParallel(artifacts, AT_ONCE, (artifact) =>
      place({ layout, objects, artifact }, join(temporary, artifact.path)),
    );
    // An object was dropped meanwhile: the next try brings it again.
    if (placed.includes(false)) return;
    for (const [name, bytes] of besideArtifacts(version))
      await writeFile(join(temporary, name), bytes, { mode: 0o444 });
    for (const folder of folders) await chmod(folder, 0o555);
    renewStamps({ layout, objects }, artifacts);
    await takeOver({ objects, version }, temporary, path);
  } catch (error) {
    throw diskError("write", path, error);
  } finally {
    await removeTree(temporary).catch(() => undefined);
    renewStamps({ layout, objects }, artifacts);
  }
}

/** Answers all folders, the deepest first, the root last. */
async function makeFolders(root: string, artifacts: readonly Artifact[]): Promise<readonly string[]> {
  const folders = new Set([root]);
  for (const { path } of artifacts) {
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) folders.add(join(root, folder));
  }
  const deepestFirst = [...folders].sort((a, b) => b.length - a.length);
  for (const folder of deepestFirst) await mkdir(folder, { recursive: true });
  return deepestFirst;
}

interface Placing {
  readonly layout: CacheLayout;
  readonly objects: ObjectCache;
  readonly artifact: Artifact;
}

/** Answers false where the object is gone. */
async function place({ layout, objects, artifact }: Placing, path: string): Promise<boolean> {
  const pointer: Pointer = { sha256: artifact.sha256, size: artifact.size };
  if (pointer.size === 0) {
    await writeFile(path, "", { mode: 0o444 });
    return true;
  }
  const object = layout.object(pointer.sha256);
  try {
    linkSync(object, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    if (!NOT_LINKABLE.has(errnoOf(error) ?? "")) throw error;
  }
  const options = { durable: objects.stamps.needSync, mode: 0o444 };
  if (!(await copyMatches({ from: object, to: path, pointer }, options))) return false;
  const stats = lookAt(path);
  if (stats !== null) objects.stamps.record(pointer.sha256, stats);
  return true;
}

/**
 * Puts the new directory where the old one was, if that is absent or damaged. The old one is looked at again, so that
 * a slow process does not replace what a faster one has just repaired.
 */
async function takeOver(
  { objects, version }: { objects: ObjectCache; version: Materialisation },
  temporary: string,
  path: string,
): Promise<void> {
  const state = await inspectVersion({ version, directory: path, objects }, { verify: false });
  if (state === "intact") return;
  const old = join(dirname(path), `${PUT_AWAY}${temporaryName()}`);
  try {
    if (state === "damaged") await rename(path, old);
    await rename(temporary, path);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(errnoOf(error) ?? "")) throw error;
  } finally {
    await removeTree(old).catch(() => undefined);
  }
}

/** Links that came and went changed the ctime of the objects. */
function renewStamps({ layout, objects }: Pick<Placing, "layout" | "objects">, pointers: readonly Pointer[]): void {
  for (const { sha256 } of pointers) {
    const stats = lookAt(layout.object(sha256));
    if (stats !== null) objects.stamps.renew(sha256, stats);
  }
}
