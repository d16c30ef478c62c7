import type { Pointer } from "../../domain/artifact/pointer.ts";
import { RegistryError } from "../../errors.ts";
import type { ArtifactRemote, ArtifactSink, ArtifactStore, TransferProgress } from "../../ports/artifact-store.ts";

import { putInPlace } from "../system/durable-directory.ts";
import { inParallel } from "../system/in-parallel.ts";
import { readRegular } from "../system/regular-file.ts";
import { copyUntouched } from "../system/untouched-copy.ts";
import { findGitDirectory, storageOf } from "./git-directory.ts";
import { checkObject, inTemporaryFile, objectPath, quarantineObject } from "./local-store.ts";

export interface DirectoryRemoteOptions {
  /** Path or `file:` URL of the remote repository, bare or not. */
  readonly url: string;
  /** Absolute path that a relative `url` is relative to: the working tree. */
  readonly base: string;
  readonly store: ArtifactStore;
  /** Absolute path that replaces what the remote's own configuration says. */
  readonly storage?: string | undefined;
}

const AT_ONCE = 4;

/**
 * The LFS side of a remote that is a plain directory, where git-lfs itself puts and looks for objects. Objects are
 * copied, never linked, hashed while they are copied, fsynced and renamed. Throws `lfs-failed` for a directory that is
 * no repository.
 */
export async function openDirectoryRemote(options: DirectoryRemoteOptions): Promise<ArtifactRemote> {
  const storage = options.storage ?? (await storageOf(await findGitDirectory(options.url, options.base)));
  const side: Sides = { storage, store: options.store };
  return {
    name: options.url,
    missing: (pointers) => missing(side, pointers),
    upload: (pointers, progress) => upload(side, pointers, progress),
    download: (pointers, sink, progress) => download({ storage, sink }, pointers, progress),
  };
}

interface Sides {
  /** The remote's directory. */
  readonly storage: string;
  readonly store: ArtifactStore;
}

async function missing({ storage }: Sides, pointers: readonly Pointer[]): Promise<readonly Pointer[]> {
  return lacking(pointers, (pointer) => checkObject(objectPath(storage, pointer.sha256), pointer, false));
}

async function upload(
  side: Sides,
  pointers: readonly Pointer[],
  progress?: TransferProgress,
): Promise<readonly Pointer[]> {
  const wanted = await missing(side, pointers);
  const absent = await lacking(wanted, (pointer) => side.store.check(pointer));
  if (absent.length > 0)
    throw lfsMissing("the local LFS store", absent, "git model fetch, or register the files again");
  if (wanted.length === 0) return [];
  await inParallel(wanted, AT_ONCE, (pointer) => send(side, pointer, progress));
  const still = await missing(side, wanted);
  if (still.length === 0) return wanted;
  throw new RegistryError("lfs-failed", `${side.storage} lacks ${listed(still)} after the upload`, { retryable: true });
}

async function send({ storage, store }: Sides, pointer: Pointer, progress?: TransferProgress): Promise<void> {
  const target = objectPath(storage, pointer.sha256);
  await inTemporaryFile(storage, async (temporary) => {
    const source = store.pathOf(pointer.sha256);
    const sent = await copyUntouched(source, temporary, { durable: true, mode: 0o644, onBytes: progress, as: target });
    if (sent.sha256 !== pointer.sha256 || sent.size !== pointer.size) {
      await store.quarantine(pointer);
      throw new RegistryError("digest-mismatch", `object ${pointer.sha256} is damaged in the local LFS store`, {
        hint: "it was moved out of the way; register the file again, or fetch the object from another clone",
      });
    }
    await putInPlace(temporary, target, true);
  });
}

interface Download {
  /** The remote's directory. */
  readonly storage: string;
  readonly sink: ArtifactSink;
}

async function download(side: Download, pointers: readonly Pointer[], progress?: TransferProgress): Promise<void> {
  const { storage, sink } = side;
  const wanted = await lacking(pointers, (pointer) => sink.check(pointer));
  const states = await inParallel(wanted, AT_ONCE, async (pointer) => ({
    pointer,
    state: await checkObject(objectPath(storage, pointer.sha256), pointer, false),
  }));
  const absent = states.filter(({ state }) => state === "missing").map(({ pointer }) => pointer);
  if (absent.length > 0) throw lfsMissing(storage, absent, "push them from a clone that has them: git model push");
  const results = await inParallel(wanted, AT_ONCE, (pointer) => bring(side, pointer, progress));
  const damaged = wanted.filter((_, index) => results[index] === "damaged");
  if (damaged.length > 0) throw await quarantined(storage, damaged);
}

/** A damaged object does not keep the others from arriving. */
async function bring(
  { storage, sink }: Download,
  pointer: Pointer,
  progress?: TransferProgress,
): Promise<"damaged" | "ok"> {
  try {
    await sink.receive(pointer, readRegular(objectPath(storage, pointer.sha256), progress));
    return "ok";
  } catch (error) {
    // `artifact-invalid`: no plain file stands there, such as a symbolic link.
    const isDamage = error instanceof RegistryError && ["digest-mismatch", "artifact-invalid"].includes(error.code);
    if (isDamage) return "damaged";
    throw error;
  }
}

/** The remote may be read-only for us: then the damaged object stays where it is. */
async function quarantined(storage: string, damaged: readonly Pointer[]): Promise<RegistryError> {
  for (const { sha256 } of damaged) await quarantineObject(storage, sha256).catch(() => null);
  return new RegistryError(
    "digest-mismatch",
    `${storage} holds other bytes than the pointer says for ${listed(damaged)}`,
    {
      hint: "push the bytes again from a clone that has them: git model push",
    },
  );
}

/** The pointers, each once, whose object is not there in full. */
async function lacking(
  pointers: readonly Pointer[],
  check: (pointer: Pointer) => Promise<string>,
): Promise<readonly Pointer[]> {
  const once = [...new Map(pointers.map((pointer) => [`${pointer.sha256} ${pointer.size}`, pointer])).values()];
  const states = await inParallel(once, AT_ONCE, check);
  return once.filter((_, index) => states[index] !== "present");
}

function lfsMissing(place: string, absent: readonly Pointer[], hint: string): RegistryError {
  return new RegistryError("lfs-missing", `${place} lacks ${listed(absent)}`, { hint });
}

function listed(pointers: readonly Pointer[]): string {
  const names = pointers.map(({ sha256, size }) => `${sha256} (${size} bytes)`).join(", ");
  return pointers.length === 1 ? `object ${names}` : `${pointers.length} objects: ${names}`;
}
