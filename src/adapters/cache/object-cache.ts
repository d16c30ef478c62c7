import { lstatSync } from "node:fs";
import { chmod, rm } from "node:fs/promises";
import type { Pointer } from "../../domain/artifact/pointer.ts";
import { RegistryError } from "../../errors.ts";
import type { ArtifactSink } from "../../ports/artifact-store.ts";
import { openLocalStore, quarantineObject } from "../lfs/local-store.ts";
import { diskError } from "../system/disk-error.ts";
import { copyHashed, hashFile, syncFile } from "../system/durable-copy.ts";
import { putInPlace } from "../system/durable-directory.ts";
import { type CacheLayout, temporaryFile } from "./cache-layout.ts";
import type { Stamps } from "./stamps.ts";

export type FileState = "intact" | "damaged" | "absent";

export interface Checking {
  /** Hash even where a stamp vouches for the file. */
  readonly verify: boolean;
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** The verified objects of the cache. */
export interface ObjectCache {
  readonly stamps: Stamps;
  /** Where fetched objects arrive, read-only; the hash that verified one is its first stamp. */
  readonly sink: ArtifactSink;
  /** Whether a file, in `objects/` or in a version, has the pointer's bytes. */
  check(path: string, pointer: Pointer, checking: Checking): Promise<FileState>;
  /** Takes a copy of a file if it has the pointer's bytes; answers whether it has. */
  admit(pointer: Pointer, from: string, onBytes?: (bytes: number) => void): Promise<boolean>;
  /** Moves a damaged object to `bad/`; one that has the digest of its name stays. */
  setAside(pointer: Pointer): Promise<void>;
}

const READ_ONLY = 0o444;
const WRITABLE = 0o222n;

export function openObjectCache(layout: CacheLayout, stamps: Stamps): ObjectCache {
  const check: ObjectCache["check"] = async (path, pointer, { verify, onBytes }) => {
    const stats = lookAt(path);
    if (stats === null) return "absent";
    if (!stats.isFile() || stats.size !== BigInt(pointer.size)) return "damaged";
    if (!verify && stamps.vouchFor(pointer.sha256, stats)) {
      onBytes?.(pointer.size);
      return "intact";
    }
    // git-lfs may have put it there, where the cache is a mirror's storage.
    const look = (stats.mode & WRITABLE) === 0n ? stats : await protect(path);
    if ((await hashFile(path, onBytes)).sha256 !== pointer.sha256) return "damaged";
    if (stamps.needSync) await syncFile(path);
    if (look !== null) stamps.record(pointer.sha256, look);
    return "intact";
  };
  return {
    stamps,
    sink: openLocalStore({
      commonDir: layout.directory,
      storage: layout.directory,
      durableDownloads: stamps.needSync,
      mode: READ_ONLY,
      onArrived: ({ sha256 }, file) => stamps.record(sha256, file),
    }),
    check,
    async admit(pointer, from, onBytes) {
      const path = layout.object(pointer.sha256);
      // The cache may itself be the LFS storage of the mirror that fetches.
      if (from === path) return (await check(path, pointer, { verify: true, onBytes })) === "intact";
      const temporary = await temporaryFile(layout);
      try {
        const options = { durable: stamps.needSync, mode: READ_ONLY, onBytes, as: path };
        if (!(await copyMatches({ from, to: temporary, pointer }, options))) return false;
        await putInPlace(temporary, path, false);
      } finally {
        await rm(temporary, { force: true }).catch(() => undefined);
      }
      const stats = lookAt(path);
      if (stats !== null) stamps.record(pointer.sha256, stats);
      return true;
    },
    async setAside({ sha256 }) {
      await quarantineObject(layout.directory, sha256);
    },
  };
}

/** Copies a file and answers whether the copy has the pointer's bytes; nothing is left if not. */
export async function copyMatches(
  { from, to, pointer }: { readonly from: string; readonly to: string; readonly pointer: Pointer },
  options: Parameters<typeof copyHashed>[2],
): Promise<boolean> {
  try {
    const copied = await copyHashed(from, to, options);
    if (copied.sha256 === pointer.sha256 && copied.size === pointer.size) return true;
    await rm(to, { force: true });
    return false;
  } catch (error) {
    // Gone, replaced or changing meanwhile: to a reader the same as damaged.
    if (error instanceof RegistryError && error.code === "artifact-invalid") return false;
    throw error;
  }
}

/** Takes the right to write away, where we may, and answers the new look. */
async function protect(path: string) {
  await chmod(path, READ_ONLY).catch(() => undefined);
  return lookAt(path);
}

/** What is at a path, symlinks not followed, with nanoseconds; null for nothing. */
export function lookAt(path: string) {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch (error) {
    throw diskError("read", path, error);
  }
}
