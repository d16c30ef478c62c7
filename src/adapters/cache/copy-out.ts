import { lstat, mkdir, readdir, realpath, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import type { Artifact } from "../../domain/artifact/artifact.ts";
import { RegistryError } from "../../errors.ts";
import type { FileOrigin, LaidOutFile } from "../../ports/model-cache.ts";
import { diskError, errnoOf } from "../system/disk-error.ts";
import { makeDirectory, temporaryName } from "../system/durable-directory.ts";
import { inParallel } from "../system/in-parallel.ts";
import { AT_ONCE, gatherObjects } from "./gather-objects.ts";
import type { MaterialiseRequest } from "./materialise-version.ts";
import { copyMatches, lookAt } from "./object-cache.ts";
import { removeTree, sweep } from "./remove-tree.ts";
import { besideArtifacts, chosenArtifacts } from "./version-files.ts";

export interface CopyOutRequest extends MaterialiseRequest {
  /** Absolute. */
  readonly directory: string;
  readonly force: boolean;
  /** Where the part of the path that the user named ends; no symlink is crossed below it. */
  readonly within: string;
}

/**
 * See `ModelCache.copyOut`. Not fsynced: after a power failure the files may be incomplete, and the command is to be
 * run again.
 */
export async function copyOut(request: CopyOutRequest): Promise<readonly LaidOutFile[]> {
  const { directory, version } = request;
  await refuseOccupied(request);
  const parent = dirname(directory);
  await makeDirectory(parent, false);
  const prefix = `.${basename(directory).slice(0, 100)}.git-model-`;
  const temporary = join(parent, `${prefix}${temporaryName()}`);
  try {
    await mkdir(temporary);
    await sweep(parent, prefix, (await stat(temporary)).mtimeMs);
    const files = await writeArtifacts(request, temporary);
    for (const [name, bytes] of besideArtifacts(version))
      await writeFile(join(temporary, name), bytes, { mode: 0o644 });
    await swap({ temporary, directory, old: join(parent, `${prefix}${temporaryName()}`) }, request.force);
    return files;
  } catch (error) {
    throw diskError("write", directory, error);
  } finally {
    await removeTree(temporary).catch(() => undefined);
  }
}

/** Every file is hashed while it is copied, so no stamp is asked and `verify` changes nothing. */
async function writeArtifacts(request: CopyOutRequest, root: string): Promise<readonly LaidOutFile[]> {
  const { layout, objects, source, options } = request;
  const artifacts = chosenArtifacts(request.version);
  const copy = (artifact: Artifact, from: string): Promise<boolean> => {
    const { path, sha256, size } = artifact;
    const as = join(request.directory, path);
    const copying = { durable: false, mode: 0o644, onBytes: options.onBytes, as };
    return copyMatches({ from, to: join(root, path), pointer: { sha256, size } }, copying);
  };
  const origins = await inParallel(artifacts, AT_ONCE, async (artifact): Promise<FileOrigin> => {
    await mkdir(dirname(join(root, artifact.path)), { recursive: true });
    if (artifact.size === 0) {
      await writeFile(join(root, artifact.path), "", { mode: 0o644 });
      return "cache";
    }
    const cached = layout.object(artifact.sha256);
    if (lookAt(cached) === null) return "lfs";
    if (await copy(artifact, cached)) return "cache";
    await objects.setAside(artifact);
    return "lfs";
  });
  const left = artifacts.filter((_, index) => origins[index] === "lfs");
  const wanted = left.map((artifact) => ({ artifact, pointer: { sha256: artifact.sha256, size: artifact.size } }));
  await gatherObjects(wanted, source, ({ artifact }, from) => copy(artifact, from));
  return artifacts.map((artifact, index) => ({ artifact, origin: origins[index] ?? "cache" }));
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

async function refuseOccupied({ directory, within, force, layout }: CopyOutRequest): Promise<void> {
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
  await refusePrecious({ directory, entries, cache: layout.directory });
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
