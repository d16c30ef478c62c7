import { createHash, type Hash } from "node:crypto";
import { chmodSync, closeSync, constants, copyFileSync, fstatSync, openSync, rmSync } from "node:fs";
import { chmod, copyFile, type FileHandle, open, rm } from "node:fs/promises";
import type { Sha256 } from "../../domain/artifact/digest.ts";
import type { Pointer } from "../../domain/artifact/pointer.ts";
import { RegistryError } from "../../errors.ts";
import { diskError, errnoOf } from "./disk-error.ts";
import { changing, isUnchanged, openRegular, readChunks } from "./regular-file.ts";

/** How a copy is written. */
export interface CopyOptions {
  /** On the disk (fsync) before it answers; the name is the business of `putInPlace`. */
  readonly durable: boolean;
  /** Permission bits of the new file, narrowed by the umask. */
  readonly mode: number;
  /** Told of every chunk that was hashed. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Path that error messages name instead of the temporary one. */
  readonly as?: string;
}

const MIB = 1024 * 1024;
/** Up to here, waiting for the steps of a file takes longer than the steps. */
export const SMALL_FILE = MIB;
/** Bytes of a stream that may be on their way to the disk. */
const PENDING_LIMIT = 8 * MIB;
/** A long file is flushed while the rest is read, so that the fsync at its end is short (1 GiB: 1.3 s -> 0.9 s). */
const FLUSH_EVERY = 64 * MIB;
const CLONE_FROM = 4 * MIB;

/**
 * Copies a regular file to a new file and answers the size and sha256 of what was written. Reading, hashing and writing
 * overlap; memory stays at a few MiB. Where the file system can share blocks, the copy is a clone and the clone is hashed.
 * Nothing is left at `target` after a failure. Throws `artifact-invalid` for a source that is absent, no regular file or
 * changing, `disk` for all else.
 */
export async function copyHashed(source: string, target: string, options: CopyOptions): Promise<Pointer> {
  const input = await openRegular(source);
  try {
    const before = await input.stat({ bigint: true });
    const cloned = await tryClone({ source, target, size: Number(before.size) }, options);
    const pointer = cloned ?? (await copyChunks({ source, input, size: Number(before.size), target }, options));
    if (pointer.size === Number(before.size) && isUnchanged(before, await input.stat({ bigint: true }))) return pointer;
    await rm(target, { force: true });
    throw changing(source);
  } catch (error) {
    throw diskError("read", source, error);
  } finally {
    await input.close();
  }
}

/**
 * Writes a stream to a new file and answers size and sha256. Ends with `digest-mismatch` as soon as there are more than
 * `limit` bytes. Errors of the stream pass through; the chunks must not be used again by their maker.
 */
export async function writeHashed(
  bytes: AsyncIterable<Uint8Array>,
  target: string,
  options: CopyOptions & { readonly limit: number },
): Promise<Pointer> {
  const hash = createHash("sha256");
  let size = 0;
  await intoNewFile(target, options, async (writer) => {
    for await (const chunk of bytes) {
      size += chunk.byteLength;
      if (size > options.limit) {
        const expected = `${options.as ?? target}: more than the expected ${options.limit} bytes arrived`;
        throw new RegistryError("digest-mismatch", expected);
      }
      const written = writer.write(chunk);
      hash.update(chunk);
      options.onBytes?.(chunk.byteLength);
      // Chunks of a network are small: waiting for each would cost more than writing it.
      if (writer.pending() >= PENDING_LIMIT) await written;
    }
  });
  return { sha256: digestOf(hash), size };
}

/** Hashes a regular file. Throws like `copyHashed`. */
export async function hashFile(path: string, onBytes?: (bytes: number) => void): Promise<Pointer> {
  const input = await openRegular(path);
  try {
    const before = await input.stat({ bigint: true });
    const hash = createHash("sha256");
    await readChunks({ input, size: Number(before.size) }, async (chunk) => {
      hash.update(chunk);
      onBytes?.(chunk.byteLength);
    });
    if (!isUnchanged(before, await input.stat({ bigint: true }))) throw changing(path);
    return { sha256: digestOf(hash), size: Number(before.size) };
  } catch (error) {
    throw diskError("read", path, error);
  } finally {
    await input.close();
  }
}

interface Reading {
  readonly source: string;
  readonly input: FileHandle;
  readonly size: number;
  readonly target: string;
}

async function copyChunks({ source, input, size, target }: Reading, options: CopyOptions): Promise<Pointer> {
  const hash = createHash("sha256");
  let copied = 0;
  await intoNewFile(target, options, async (writer) => {
    try {
      await readChunks({ input, size }, (chunk) => {
        const written = writer.write(chunk);
        hash.update(chunk);
        copied += chunk.byteLength;
        options.onBytes?.(chunk.byteLength);
        return written;
      });
    } catch (error) {
      throw writer.failed() ? error : diskError("read", source, error);
    }
  });
  return { sha256: digestOf(hash), size: copied };
}

interface Writer {
  /** Begins to write the bytes behind the ones before; answers when they are written. */
  write(bytes: Uint8Array): Promise<void>;
  /** Bytes whose writing has begun and not ended. */
  pending(): number;
  failed(): boolean;
  /** Waits for everything; throws the first failure. */
  finish(): Promise<void>;
}

async function intoNewFile(
  target: string,
  options: CopyOptions,
  fill: (writer: Writer) => Promise<void>,
): Promise<void> {
  const named = options.as ?? target;
  const output = await open(target, "wx", options.mode).catch((error: unknown) => {
    throw diskError("write", named, error);
  });
  const writer = overlappedWriter(output, { named, durable: options.durable });
  try {
    await fill(writer);
    await writer.finish();
  } catch (error) {
    await writer.finish().catch(() => undefined);
    await rm(target, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    await output.close();
  }
}

function overlappedWriter(output: FileHandle, { named, durable }: { named: string; durable: boolean }): Writer {
  let position = 0;
  let written = 0;
  let flushed = 0;
  let flushing: Promise<void> | null = null;
  const failures: Error[] = [];
  const running = new Set<Promise<void>>();
  const fail = (error: unknown): never => {
    const failure = diskError("write", named, error);
    failures.push(failure);
    throw failure;
  };
  const flush = (): void => {
    if (!durable || flushing !== null || written - flushed < FLUSH_EVERY) return;
    flushed = written;
    flushing = output.datasync().then(() => {
      flushing = null;
    }, fail);
    flushing.catch(() => undefined);
  };
  return {
    write(bytes) {
      const at = position;
      position += bytes.byteLength;
      const work = writeAll(output, bytes, at)
        .then(() => {
          written += bytes.byteLength;
          flush();
        })
        .catch(fail)
        .finally(() => running.delete(work));
      work.catch(() => undefined);
      running.add(work);
      return work;
    },
    pending: () => position - written,
    failed: () => failures.length > 0,
    async finish() {
      await Promise.allSettled(running);
      await flushing;
      if (failures[0] !== undefined) throw failures[0];
      if (durable) await output.sync().catch(fail);
    },
  };
}

async function writeAll(output: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await output.write(bytes, done, bytes.byteLength - done, position + done);
    done += bytesWritten;
  }
}

/** Null where blocks cannot be shared; the ordinary copy then says what is wrong, if anything is. */
async function tryClone(
  { source, target, size }: { readonly source: string; readonly target: string; readonly size: number },
  options: CopyOptions,
): Promise<Pointer | null> {
  if (size < CLONE_FROM) return null;
  try {
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") await rm(target, { force: true });
    return null;
  }
  try {
    await chmod(target, options.mode);
    const pointer = await hashFile(target, options.onBytes);
    if (options.durable) await syncFile(target);
    return pointer;
  } catch (error) {
    await rm(target, { force: true });
    throw diskError("write", options.as ?? target, error);
  }
}

/** Waits until a file's bytes are on the disk. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function digestOf(hash: Hash): Sha256 {
  return hash.digest("hex") as Sha256;
}

/**
 * Lets the kernel copy a file of about this size to a new one, sharing blocks where it can; nothing is hashed and nothing
 * fsynced. Answers false, and leaves nothing, where the source is gone. Throws `disk`.
 *
 * A small file is copied at once: of a thousand, the waiting would take longer than the copying.
 */
export async function copyByKernel(
  source: string,
  target: string,
  { mode, as, size }: Pick<CopyOptions, "mode" | "as"> & { readonly size: number },
): Promise<boolean> {
  let isOurs = false;
  try {
    const made = openSync(target, "wx", mode);
    isOurs = true;
    const { mode: narrowed } = fstatSync(made);
    closeSync(made);
    if (size <= SMALL_FILE) copyFileSync(source, target, constants.COPYFILE_FICLONE);
    else await copyFile(source, target, constants.COPYFILE_FICLONE);
    chmodSync(target, narrowed & 0o777);
    return true;
  } catch (error) {
    if (isOurs) rmSync(target, { force: true });
    if (errnoOf(error) === "ENOENT") return false;
    throw diskError("write", as ?? target, error);
  }
}
