import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import { diskError } from "../../system/disk-error.ts";
import { makeDirectory } from "../../system/durable-directory.ts";
import { inParallel } from "../../system/in-parallel.ts";
import type { ObjectDatabase } from "./object-database.ts";
import { PackBytes } from "./pack-bytes.ts";
import { PACK_HEAD, PACK_TAIL } from "./pack-entry.ts";
import { type ArrivedObject, BadPack, indexPack } from "./pack-indexer.ts";
import { type IndexEntry, type PackContent, placePack, temporaryPack } from "./pack-writer.ts";

/** Fewer objects than this become files of their own, as git does it: thousands of small fetches leave no thousands of packs. */
const PACK_FROM = 100;
/** Bytes of objects that are kept in memory to become files. */
const LARGEST_UNPACKED = 16 * 1024 * 1024;
/** A larger pack is refused. */
const LARGEST_PACK = 4 * 1024 ** 3;
const WRITE_SIZE = 1024 * 1024;
const MOST_CHUNKS = 4096;
/** What a killed process left is removed when it is that old. */
const LEFTOVER_MS = 24 * 60 * 60 * 1000;

export interface PackArrival {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Who sends it, for messages. */
  readonly from: string;
  /** Sees every object before any of them can be found. */
  readonly inspect: (object: ArrivedObject) => void;
  /** Called when all were seen; the pack is dropped when it throws. */
  readonly approve: (has: (id: ObjectId) => boolean) => void | Promise<void>;
}

/**
 * Takes a pack from a server: to a temporary file while it arrives, its digest checked, every object named by its own
 * bytes, approved, and only then put where objects are found, durably. Throws `git-failed` for a pack that is damaged or
 * too large, `network` (retryable) for one that is cut off or broken on its way, `disk`, and whatever `approve` throws.
 */
export async function receivePack(objects: ObjectDatabase, arrival: PackArrival): Promise<void> {
  const folder = join(objects.directory, "pack");
  await makeDirectory(folder, true);
  const path = join(folder, temporaryPack());
  const handle = await open(path, "wx+", 0o444).catch((error: unknown) => {
    throw diskError("write", path, error);
  });
  try {
    await sweep(folder, (await handle.stat()).mtimeMs);
    const { size, digest } = await intoFile(handle, path, arrival);
    const { entries, small } = takeApart(new PackBytes(handle.fd, size), arrival);
    const names = new Set(entries.map(({ id }) => id));
    await arrival.approve((id) => names.has(id));
    if (small === null) await keepPack({ objects, handle, path }, { entries, digest });
    else await inParallel(small, 8, async ({ kind, bytes }) => objects.write(kind, bytes));
  } catch (error) {
    if (!(error instanceof BadPack)) throw diskError("write", path, error);
    throw new RegistryError("git-failed", `what ${arrival.from} sent cannot be used: ${error.message}`, {
      hint: "run it again; git fsck on the server says whether it is damaged there",
    });
  } finally {
    await handle.close();
    await rm(path, { force: true }).catch(() => undefined);
  }
}

interface Place {
  readonly objects: ObjectDatabase;
  readonly handle: FileHandle;
  readonly path: string;
}

async function keepPack({ objects, handle, path }: Place, content: PackContent): Promise<void> {
  await handle.sync();
  await placePack(path, content);
  objects.relist();
}

/** Writes what arrives; the last bytes, which are the digest of all others, are compared with it. */
async function intoFile(handle: FileHandle, path: string, { bytes, from }: PackArrival) {
  const hash = createHash("sha1");
  let size = 0;
  let tail: Buffer = Buffer.alloc(0);
  let pending: Uint8Array[] = [];
  let waiting = 0;
  const flush = async (): Promise<void> => {
    const all = Buffer.concat(pending);
    tail = hashed(hash, Buffer.concat([tail, all]));
    for (let done = 0; done < all.length; ) {
      const { bytesWritten } = await handle.write(all, done, all.length - done).catch((error: unknown) => {
        throw diskError("write", path, error);
      });
      done += bytesWritten;
    }
    pending = [];
    waiting = 0;
  };
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    if (size > LARGEST_PACK) throw new BadPack(`its pack has more than ${LARGEST_PACK} bytes`);
    pending.push(chunk);
    waiting += chunk.byteLength;
    if (waiting >= WRITE_SIZE || pending.length >= MOST_CHUNKS) await flush();
  }
  await flush();
  if (size >= PACK_HEAD + PACK_TAIL && hash.digest().equals(tail)) return { size, digest: tail };
  throw new RegistryError("network", `the pack of ${from} is cut off or damaged on its way`, {
    retryable: true,
    hint: "run it again",
  });
}

/** Hashes all but the last bytes, and answers those. */
function hashed(hash: Hash, bytes: Buffer): Buffer {
  const end = Math.max(0, bytes.length - PACK_TAIL);
  hash.update(bytes.subarray(0, end));
  return Buffer.from(bytes.subarray(end));
}

/** `small`: the objects themselves, where they are few. */
function takeApart(
  pack: PackBytes,
  { inspect }: PackArrival,
): { readonly entries: readonly IndexEntry[]; readonly small: readonly ArrivedObject[] | null } {
  const small: ArrivedObject[] = [];
  let kept = 0;
  let isSmall = true;
  const entries = indexPack(pack, (object) => {
    inspect(object);
    kept += object.bytes.length;
    isSmall &&= small.length + 1 < PACK_FROM && kept <= LARGEST_UNPACKED;
    if (isSmall) small.push(object);
    else small.length = 0;
  });
  return { entries, small: isSmall ? small : null };
}

/** Removes what was left here by processes that were killed long ago; nobody but git's gc would. */
async function sweep(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!/^tmp_(pack|idx)_/.test(name)) continue;
    const found = await stat(join(folder, name)).catch(() => null);
    if (found !== null && now - found.mtimeMs > LEFTOVER_MS)
      await rm(join(folder, name), { force: true }).catch(() => undefined);
  }
}
