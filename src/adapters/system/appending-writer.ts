import type { FileHandle } from "node:fs/promises";
import { diskError } from "./disk-error.ts";

/** Writes a stream behind what a file holds, in order, so that a kill at any moment leaves a beginning of it. */
export interface AppendingWriter {
  /** Bytes of the file, those that are still on their way included. */
  readonly length: number;
  /** Takes a chunk, which must not be used again; answers when there is room for the next one. */
  push(chunk: Uint8Array): Promise<void>;
  /** Waits until all that was taken is written. */
  flush(): Promise<void>;
  /** Forgets the whole content. */
  clear(): Promise<void>;
}

const MIB = 1024 * 1024;
/** Chunks of a network are small; they are gathered to few large writes. */
const WRITE_FROM = MIB;
const PENDING_LIMIT = 8 * MIB;
/** A long file is flushed while the rest arrives, so that the fsync at its end is short. */
const SYNC_EVERY = 64 * MIB;

/**
 * After the first failure every call throws it, `disk` with the path `named`; the file is then cut to what was written
 * without a gap.
 */
export function appendTo(
  handle: FileHandle,
  { length, named, durable }: { readonly length: number; readonly named: string; readonly durable: boolean },
): AppendingWriter {
  return new Appender(handle, length, { named, durable });
}

class Appender implements AppendingWriter {
  readonly #handle: FileHandle;
  readonly #options: { readonly named: string; readonly durable: boolean };
  #length: number;
  #written: number;
  #synced: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #running: Promise<void> | null = null;
  #syncing: Promise<void> | null = null;
  #failure: Error | null = null;

  constructor(handle: FileHandle, length: number, options: { readonly named: string; readonly durable: boolean }) {
    this.#handle = handle;
    this.#options = options;
    this.#length = length;
    this.#written = length;
    this.#synced = length;
  }

  get length(): number {
    return this.#length;
  }

  async push(chunk: Uint8Array): Promise<void> {
    this.#refuseAfterFailure();
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.byteLength;
    this.#length += chunk.byteLength;
    if (this.#pendingBytes >= WRITE_FROM) this.#start();
    if (this.#pendingBytes >= PENDING_LIMIT) await this.#running;
    this.#refuseAfterFailure();
  }

  async flush(): Promise<void> {
    while (this.#running !== null || (this.#pendingBytes > 0 && this.#failure === null)) {
      this.#start();
      await this.#running;
    }
    await this.#syncing;
    this.#refuseAfterFailure();
  }

  async clear(): Promise<void> {
    await this.flush();
    await this.#handle.truncate(0).catch((error: unknown) => this.#fail(error));
    this.#refuseAfterFailure();
    this.#length = 0;
    this.#written = 0;
    this.#synced = 0;
  }

  #refuseAfterFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** One write at a time, each of all that has come since the one before. */
  #start(): void {
    if (this.#running !== null || this.#pendingBytes === 0 || this.#failure !== null) return;
    const chunks = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#running = this.#write(chunks)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#running = null;
      });
  }

  async #write(chunks: readonly Uint8Array[]): Promise<void> {
    let rest: readonly Uint8Array[] = chunks;
    while (rest.length > 0) {
      const { bytesWritten } = await this.#handle.writev([...rest], this.#written);
      this.#written += bytesWritten;
      rest = without(rest, bytesWritten);
    }
    if (this.#options.durable && this.#syncing === null && this.#written - this.#synced >= SYNC_EVERY) this.#sync();
  }

  #sync(): void {
    this.#synced = this.#written;
    this.#syncing = this.#handle
      .datasync()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#syncing = null;
      });
  }

  async #fail(error: unknown): Promise<void> {
    this.#failure ??= diskError("write", this.#options.named, error);
    this.#length = this.#written;
    await this.#handle.truncate(this.#written).catch(() => undefined);
  }
}

/** The chunks without their first bytes. */
function without(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  const kept: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (left < chunk.byteLength) kept.push(chunk.subarray(left));
    left = Math.max(0, left - chunk.byteLength);
  }
  return kept;
}
