import { createHash, type Hash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { type FileHandle, link, lstat, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Pointer } from "../../domain/artifact/pointer.ts";
import { RegistryError } from "../../errors.ts";
import type { Arrival } from "../../ports/artifact-store.ts";
import { type AppendingWriter, appendTo } from "../system/appending-writer.ts";
import { diskError, errnoOf } from "../system/disk-error.ts";
import { temporaryName } from "../system/durable-directory.ts";
import { type Lease, takeLease } from "../system/lease.ts";
import { readChunks } from "../system/regular-file.ts";
import { removeOlder } from "../system/remove-tree.ts";
import { letGo, openPart } from "./part-file.ts";

/** An object's way into a store. */
export interface ArrivalPlace {
  /** Absolute path of `incomplete/<sha256>.part`. */
  readonly part: string;
  /** Permission bits of the finished object, narrowed by the umask. */
  readonly mode: number;
  /** Whether the bytes are on the disk before the object has its name. */
  readonly durable: boolean;
  isThere(): Promise<boolean>;
  /** Renames a verified file, which nobody else writes to, to the object's name. */
  place(file: string): Promise<void>;
}

const WEEK = 7 * 24 * 60 * 60 * 1000;

/**
 * See `ArtifactSink.resume`. Every file that is written to has one writer ever, so that two holders of the lease never
 * write to one file, and what one of them has verified stays as it is.
 */
export async function openArrival(place: ArrivalPlace, pointer: Pointer): Promise<Arrival | null> {
  if (await place.isThere()) return null;
  const lease = await takeLease(`${place.part}.lock`);
  try {
    if (await place.isThere()) {
      await lease.release();
      return null;
    }
    const handle = await openPart(place.part, pointer.size);
    return await arrivalOn(handle, { place, pointer, lease });
  } catch (error) {
    await lease.release();
    throw diskError("write", place.part, error);
  }
}

interface Arriving {
  readonly place: ArrivalPlace;
  readonly pointer: Pointer;
  readonly lease: Lease;
}

async function arrivalOn(handle: FileHandle, arriving: Arriving): Promise<Arrival> {
  try {
    const { size } = await handle.stat();
    const hash = createHash("sha256");
    const writer = appendTo(handle, { length: size, named: arriving.place.part, durable: arriving.place.durable });
    if (size <= arriving.pointer.size)
      await readChunks({ input: handle, size }, async (chunk) => void hash.update(chunk));
    else await writer.clear();
    return new PartialObject(arriving, { handle, hash, writer });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

interface OpenPart {
  readonly handle: FileHandle;
  readonly hash: Hash;
  readonly writer: AppendingWriter;
}

class PartialObject implements Arrival {
  readonly #arriving: Arriving;
  readonly #handle: FileHandle;
  readonly #writer: AppendingWriter;
  #hash: Hash;
  #isOver = false;

  constructor(arriving: Arriving, { handle, hash, writer }: OpenPart) {
    this.#arriving = arriving;
    this.#handle = handle;
    this.#hash = hash;
    this.#writer = writer;
  }

  get received(): number {
    return this.#writer.length;
  }

  async append(bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const { pointer, lease } = this.#arriving;
    try {
      for await (const chunk of bytes) {
        if (lease.lost) throw takenOver(pointer);
        if (this.received + chunk.byteLength > pointer.size) throw await this.#refuseExcess();
        await this.#writer.push(chunk);
        this.#hash.update(chunk);
      }
    } finally {
      await this.#writer.flush();
    }
  }

  async restart(): Promise<void> {
    await this.#writer.clear();
    this.#hash = createHash("sha256");
  }

  async complete(): Promise<void> {
    const { pointer, place } = this.#arriving;
    await this.#writer.flush();
    if (this.received < pointer.size)
      throw mismatch(pointer, `${this.received} bytes arrived instead of ${pointer.size}`);
    const sha256 = this.#hash.copy().digest("hex");
    if (sha256 !== pointer.sha256) {
      await this.restart();
      throw mismatch(pointer, `bytes with the sha256 ${sha256} arrived`);
    }
    try {
      if (place.durable) await this.#handle.sync();
      await this.#handle.chmod((await this.#handle.stat()).mode & place.mode);
      if (!(await this.#publish()) && !(await place.isThere())) throw takenOver(pointer);
    } catch (error) {
      throw diskError("write", place.part, error);
    }
    this.#isOver = true;
    await this.#handle.close();
    await end(this.#arriving);
  }

  async release(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    const { place } = this.#arriving;
    await this.#writer.flush().catch(() => undefined);
    const own = await this.#handle.stat({ bigint: true }).catch(() => null);
    await this.#handle.close().catch(() => undefined);
    const found = await lstat(place.part, { bigint: true }).catch(() => null);
    if (own !== null && found !== null && isSameFile(own, found)) await letGo(place.part, found);
    await end(this.#arriving);
  }

  /** Bytes behind the last one: then the ones before are not to be trusted either. */
  async #refuseExcess(): Promise<RegistryError> {
    await this.restart();
    const { pointer } = this.#arriving;
    return mismatch(pointer, `more than the expected ${pointer.size} bytes arrived`);
  }

  /**
   * The part's name may stand for another holder's file by now, so it is looked at under a name of our own before it
   * becomes the object. Answers false where it is another's, which is put back.
   */
  async #publish(): Promise<boolean> {
    const { place } = this.#arriving;
    const { part } = place;
    const mine = `${part}.${temporaryName()}`;
    try {
      await rename(part, mine);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return false;
      throw error;
    }
    if (isSameFile(await this.#handle.stat({ bigint: true }), await lstat(mine, { bigint: true }))) {
      return place.place(mine).then(
        () => true,
        async (error: unknown) => {
          if (errnoOf(error) === "ENOENT") return false;
          await rename(mine, part);
          throw error;
        },
      );
    }
    await link(mine, part).catch(() => undefined);
    await rm(mine, { force: true });
    return false;
  }
}

/** What was left here a week ago is swept; that the folder has just changed makes its mtime the present time. */
async function end({ place, lease }: Arriving): Promise<void> {
  await lease.release();
  const folder = dirname(place.part);
  const changed = await stat(folder).catch(() => null);
  if (changed !== null) await removeOlder(folder, "", changed.mtimeMs - WEEK);
}

function isSameFile(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

function mismatch({ sha256 }: Pointer, what: string): RegistryError {
  return new RegistryError("digest-mismatch", `object ${sha256}: ${what}`, { retryable: true });
}

function takenOver({ sha256 }: Pointer): RegistryError {
  return new RegistryError("disk", `another process took over object ${sha256}, because this one stood still`, {
    hint: "the same command again",
    retryable: true,
  });
}
