import { type BigIntStats, lstatSync, unlinkSync } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Sha256 } from "../../domain/artifact/digest.ts";
import { EMPTY_SHA256, type Pointer } from "../../domain/artifact/pointer.ts";
import { RegistryError } from "../../errors.ts";
import type { ArtifactStore, ObjectState } from "../../ports/artifact-store.ts";
import { diskError, errnoOf } from "../system/disk-error.ts";
import { copyHashed, hashFile, SMALL_FILE, syncFile, writeHashed } from "../system/durable-copy.ts";
import { makeDirectory, putInPlace, temporaryName } from "../system/durable-directory.ts";
import { sweep } from "../system/remove-tree.ts";
import { openArrival } from "./arrival.ts";
import { gatherHashed, writeInPlace } from "./small-object.ts";

export interface LocalStoreOptions {
  /** Absolute path of the repository's common git directory. */
  readonly commonDir: string;
  /** Absolute path that replaces `<commonDir>/lfs`: git's `lfs.storage`. */
  readonly storage?: string | undefined;
  /**
   * False: what is received is not fsynced, as git-lfs does it, because it can be had again and every reader of ours
   * hashes it. What is ingested always is. Defaults to true.
   */
  readonly durableDownloads?: boolean;
  /** Permission bits of the objects that arrive, narrowed by the umask. Defaults to git-lfs's. */
  readonly mode?: number;
  /** Told of the file that has just arrived under its name, with the bytes of the pointer. */
  readonly onArrived?: (pointer: Pointer, file: BigIntStats) => void;
}

/** An artifact store with the place where it lies. */
export interface LocalStore extends ArtifactStore {
  /** Absolute path of the directory that holds `objects/`, `tmp/` and `bad/`. */
  readonly directory: string;
}

/** As git-lfs writes them; the umask narrows it. */
const OBJECT_MODE = 0o644;

/**
 * Opens git-lfs's own store of a repository (DESIGN section 5); nothing is made before the first object arrives.
 * An empty file is stored nowhere: its pointer is an empty blob and git-lfs keeps no object for it.
 */
export function openLocalStore(options: LocalStoreOptions): LocalStore {
  const directory = options.storage ?? join(options.commonDir, "lfs");
  const { durableDownloads = true, mode = OBJECT_MODE, onArrived = () => undefined } = options;
  let swept: Promise<void> | null = null;
  const begin = (): Promise<void> => {
    swept ??= sweepTemporaryFiles(directory);
    return swept;
  };
  const layout: StoreLayout = { directory, durableDownloads, mode, onArrived, begin };
  return {
    directory,
    ingest: (file, onBytes) => ingest(layout, file, onBytes),
    measure: hashFile,
    receive: (pointer, bytes) => receive(layout, pointer, bytes),
    check: (pointer, checking = {}) =>
      checkObject(objectPath(directory, pointer.sha256), pointer, checking.hash ?? false),
    resume: (pointer) => resume(layout, pointer),
    pathOf: (sha256) => objectPath(directory, sha256),
    quarantine: async (pointer) => void (await quarantineObject(directory, pointer.sha256)),
  };
}

interface StoreLayout extends Required<Pick<LocalStoreOptions, "durableDownloads" | "mode" | "onArrived">> {
  readonly directory: string;
  /** Before an object arrives: sweeps, once for all of them. */
  begin(): Promise<void>;
}

/** Where git-lfs keeps an object: `<storage>/objects/aa/bb/<sha256>`. */
export function objectPath(storage: string, sha256: Sha256): string {
  return join(storage, "objects", sha256.slice(0, 2), sha256.slice(2, 4), sha256);
}

/** The state of one object in a store of git-lfs's layout, here or at a remote. Throws `disk`. */
export async function checkObject(path: string, pointer: Pointer, hash: boolean): Promise<ObjectState> {
  if (pointer.size === 0) return pointer.sha256 === EMPTY_SHA256 ? "present" : "corrupt";
  const stats = await lstat(path).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return null;
    throw diskError("read", path, error);
  });
  if (stats === null) return "missing";
  if (!stats.isFile() || stats.size !== pointer.size) return "corrupt";
  if (!hash) return "present";
  return (await hashFile(path)).sha256 === pointer.sha256 ? "present" : "corrupt";
}

/**
 * Moves an object whose bytes do not have the digest that its name says to `<storage>/bad/`, where git-lfs's fsck puts
 * such objects too, and answers the new path. An object that has it stays: then it is the pointer that lies. Answers
 * null when nothing was moved.
 */
export async function quarantineObject(storage: string, sha256: Sha256): Promise<string | null> {
  const path = objectPath(storage, sha256);
  const found = await lstat(path).catch(() => null);
  if (found === null) return null;
  if (found.isFile() && (await digestOrNull(path)) === sha256) return null;
  const bad = join(storage, "bad", sha256);
  await putInPlace(path, bad, false);
  return bad;
}

/** Null for bytes that the disk cannot read any more. */
async function digestOrNull(path: string): Promise<Sha256 | null> {
  try {
    return (await hashFile(path)).sha256;
  } catch (error) {
    if (errnoOf(error) === "EIO") return null;
    throw error;
  }
}

async function ingest(layout: StoreLayout, file: string, onBytes?: (bytes: number) => void): Promise<Pointer> {
  return inTemporaryFile(layout.directory, async (temporary) => {
    const pointer = await copyHashed(file, temporary, {
      durable: true,
      mode: OBJECT_MODE,
      onBytes,
      as: join(layout.directory, "objects"),
    });
    if (pointer.size === 0) return pointer;
    const path = objectPath(layout.directory, pointer.sha256);
    if ((await checkObject(path, pointer, true)) === "present") await keepExisting(path);
    else await putInPlace(temporary, path, true);
    return pointer;
  });
}

/** git-lfs may have written it, and does not fsync. */
async function keepExisting(path: string): Promise<void> {
  try {
    await syncFile(path);
  } catch (error) {
    throw diskError("write", path, error);
  }
}

async function receive(layout: StoreLayout, pointer: Pointer, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const name = `object ${pointer.sha256}`;
  await layout.begin();
  if (!layout.durableDownloads && pointer.size <= SMALL_FILE) return receiveSmall(layout, pointer, bytes);
  await withTemporaryFile(layout.directory, async (temporary) => {
    const options = { durable: layout.durableDownloads, mode: layout.mode, limit: pointer.size, as: name };
    const arrived = await writeHashed(bytes, temporary, options);
    if (arrived.sha256 !== pointer.sha256 || arrived.size !== pointer.size) throw mismatch(pointer, arrived);
    if (pointer.size > 0) await place(layout, pointer, temporary);
  });
}

/** Of a thousand small files, waiting for each step would take longer than the steps. */
async function receiveSmall(layout: StoreLayout, pointer: Pointer, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const { content, ...arrived } = await gatherHashed(bytes, pointer);
  if (arrived.sha256 !== pointer.sha256 || arrived.size !== pointer.size) throw mismatch(pointer, arrived);
  if (pointer.size === 0) return;
  const path = objectPath(layout.directory, pointer.sha256);
  const verified = writeInPlace(content, { path, folder: join(layout.directory, "tmp"), mode: layout.mode });
  tellArrived(layout, pointer, verified);
}

function resume(layout: StoreLayout, pointer: Pointer): ReturnType<ArtifactStore["resume"]> {
  const arrivalPlace = {
    part: join(layout.directory, "incomplete", `${pointer.sha256}.part`),
    mode: layout.mode,
    durable: layout.durableDownloads,
    isThere: async () =>
      (await checkObject(objectPath(layout.directory, pointer.sha256), pointer, false)) === "present",
    place: (file: string) => place(layout, pointer, file),
  };
  return openArrival(arrivalPlace, pointer);
}

/** Renames a verified file that nobody else knows, and tells of it unless it was replaced in the same moment. */
async function place(layout: StoreLayout, pointer: Pointer, file: string): Promise<void> {
  const path = objectPath(layout.directory, pointer.sha256);
  const verified = lstatSync(file, { bigint: true });
  await putInPlace(file, path, layout.durableDownloads);
  tellArrived(layout, pointer, verified);
}

function tellArrived(layout: StoreLayout, pointer: Pointer, verified: BigIntStats): void {
  const path = objectPath(layout.directory, pointer.sha256);
  const placed = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (placed === undefined) return;
  const isOurs = placed.ino === verified.ino && placed.dev === verified.dev;
  const isUntouched = placed.size === verified.size && placed.mtimeNs === verified.mtimeNs;
  if (isOurs && isUntouched) layout.onArrived(pointer, placed);
}

function mismatch(expected: Pointer, arrived: Pointer): RegistryError {
  const what =
    arrived.size === expected.size
      ? `bytes with the sha256 ${arrived.sha256} arrived`
      : `${arrived.size} bytes arrived instead of ${expected.size}`;
  return new RegistryError("digest-mismatch", `object ${expected.sha256}: ${what}`, { retryable: true });
}

/** Like `withTemporaryFile`; what a killed process left goes after a day. */
export async function inTemporaryFile<T>(directory: string, work: (temporary: string) => Promise<T>): Promise<T> {
  try {
    return await withTemporaryFile(directory, work);
  } finally {
    await sweepTemporaryFiles(directory);
  }
}

/** Gives `work` a path in a store's `tmp/`. Whatever happens, the file is gone afterwards unless it was renamed. */
async function withTemporaryFile<T>(directory: string, work: (temporary: string) => Promise<T>): Promise<T> {
  const folder = join(directory, "tmp");
  await makeDirectory(folder, false);
  const temporary = join(folder, temporaryName());
  try {
    return await work(temporary);
  } finally {
    removeIfThere(temporary);
  }
}

/** Synchronous: of a thousand files that arrived, each is gone already. */
function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Renamed, or nobody's any more.
  }
}

/** That the folder has just changed makes its mtime the present time. */
async function sweepTemporaryFiles(directory: string): Promise<void> {
  const folder = join(directory, "tmp");
  const changed = await stat(folder).catch(() => null);
  if (changed !== null) await sweep(folder, "", changed.mtimeMs);
}
