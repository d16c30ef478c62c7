import { chmod, link, mkdir, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Artifact } from "../../domain/artifact/artifact.ts";
import type { Pointer } from "../../domain/artifact/pointer.ts";
import { RegistryError } from "../../errors.ts";
import type { FileOrigin, LaidOutFile, LayOutOptions, Materialisation, ObjectSource } from "../../ports/model-cache.ts";
import { diskError, errnoOf } from "../system/disk-error.ts";
import { makeDirectory, temporaryName } from "../system/durable-directory.ts";
import { inParallel } from "../system/in-parallel.ts";
import { removeTree, sweep } from "../system/remove-tree.ts";
import type { CacheLayout } from "./cache-layout.ts";
import { AT_ONCE, gatherObjects, unique } from "./gather-objects.ts";
import { copyMatches, lookAt, type ObjectCache } from "./object-cache.ts";
import { besideArtifacts, chosenArtifacts, inspectVersion } from "./version-files.ts";

export interface MaterialiseRequest {
  readonly layout: CacheLayout;
  readonly objects: ObjectCache;
  readonly version: Materialisation;
  readonly source: ObjectSource;
  readonly options: LayOutOptions;
}

export interface Materialised {
  readonly path: string;
  readonly files: readonly LaidOutFile[];
}

/** A half-made version; no version is named like this. */
const NEW = ".new-";
const OLD = ".old-";
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
  const { layout, objects, version, options } = request;
  const path = layout.version(version);
  const artifacts = chosenArtifacts(version);
  let origins: ReadonlyMap<string, FileOrigin> = new Map();
  for (let tries = 0; tries < TRIES; tries += 1) {
    // What this call has just brought and hashed need not be hashed a second time.
    const checking = tries === 0 ? options : { verify: false };
    const state = await inspectVersion({ version, directory: path, objects }, checking);
    const files = artifacts.map((artifact) => ({ artifact, origin: origins.get(artifact.sha256) ?? "cache" }));
    if (state === "intact") return { path, files };
    origins = new Map([...(await holdObjects(request)), ...origins]);
    await buildVersion(request, path);
  }
  throw new RegistryError("disk", `${path} is damaged again each time it is made`, { retryable: true });
}

/** Sees to it that the cache holds every object of the version, and answers where each came from. */
async function holdObjects(request: MaterialiseRequest): Promise<ReadonlyMap<string, FileOrigin>> {
  const { layout, objects, version, source, options } = request;
  const pointers = unique(
    chosenArtifacts(version)
      .filter(({ size }) => size > 0)
      .map((pointer) => ({ pointer })),
  );
  const states = await inParallel(pointers, AT_ONCE, async (pointer) => {
    const state = await objects.check(layout.object(pointer.sha256), pointer, { verify: options.verify });
    if (state === "damaged") await objects.setAside(pointer);
    return state;
  });
  const wanted = pointers.filter((_, index) => states[index] !== "intact").map((pointer) => ({ pointer }));
  await gatherObjects(wanted, { source, sink: objects.sink }, ({ pointer }, from) =>
    objects.admit(pointer, from, options.onBytes),
  );
  return new Map(wanted.map(({ pointer }) => [pointer.sha256, "lfs"]));
}

/** Makes the directory beside its place and renames it. If another process was faster, its directory stays. */
async function buildVersion({ layout, objects, version }: MaterialiseRequest, path: string): Promise<void> {
  await makeDirectory(layout.versions, false);
  const temporary = join(layout.versions, `${NEW}${temporaryName()}`);
  const artifacts = chosenArtifacts(version);
  try {
    await mkdir(temporary);
    const { mtimeMs } = await stat(temporary);
    for (const prefix of [NEW, OLD]) await sweep(layout.versions, prefix, mtimeMs);
    await sweep(layout.tmp, "", mtimeMs);
    const folders = await makeFolders(temporary, artifacts);
    await inParallel(artifacts, AT_ONCE, (artifact) =>
      place({ layout, objects, artifact }, join(temporary, artifact.path)),
    );
    for (const [name, bytes] of besideArtifacts(version))
      await writeFile(join(temporary, name), bytes, { mode: 0o444 });
    for (const folder of folders) await chmod(folder, 0o555);
    await takeOver({ layout, objects, version }, temporary, path);
  } catch (error) {
    throw diskError("write", path, error);
  } finally {
    await removeTree(temporary).catch(() => undefined);
    // Links that came and went changed the ctime of the objects.
    for (const pointer of artifacts) await renewStamp({ layout, objects }, pointer);
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

async function place({ layout, objects, artifact }: Placing, path: string): Promise<void> {
  const pointer: Pointer = { sha256: artifact.sha256, size: artifact.size };
  if (pointer.size === 0) return writeFile(path, "", { mode: 0o444 });
  const object = layout.object(pointer.sha256);
  try {
    await link(object, path);
  } catch (error) {
    if (!NOT_LINKABLE.has(errnoOf(error) ?? "")) throw error;
    const options = { durable: true, mode: 0o444 };
    if (!(await copyMatches({ from: object, to: path, pointer }, options))) return;
    const stats = lookAt(path);
    if (stats !== null) await objects.stamps.record(pointer.sha256, stats);
  }
}

/**
 * Puts the new directory where the old one was, if that is absent or damaged. The old one is looked at again, so that
 * a slow process does not replace what a faster one has just repaired.
 */
async function takeOver(
  { layout, objects, version }: { layout: CacheLayout; objects: ObjectCache; version: Materialisation },
  temporary: string,
  path: string,
): Promise<void> {
  for (const { sha256 } of chosenArtifacts(version)) {
    const stats = lookAt(layout.object(sha256));
    if (stats !== null) await objects.stamps.renew(sha256, stats);
  }
  const state = await inspectVersion({ version, directory: path, objects }, { verify: false });
  if (state === "intact") return;
  const old = join(layout.versions, `${OLD}${temporaryName()}`);
  try {
    if (state === "damaged") await rename(path, old);
    await rename(temporary, path);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(errnoOf(error) ?? "")) throw error;
  } finally {
    await removeTree(old).catch(() => undefined);
  }
}

async function renewStamp(
  { layout, objects }: Pick<Placing, "layout" | "objects">,
  { sha256 }: Pointer,
): Promise<void> {
  const stats = lookAt(layout.object(sha256));
  if (stats !== null) await objects.stamps.renew(sha256, stats);
}
