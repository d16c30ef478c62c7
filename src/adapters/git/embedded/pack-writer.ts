import { createHash } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import type { ObjectId } from "../../../domain/object-id.ts";
import { writeDurably } from "../../system/atomic-file.ts";
import { diskError } from "../../system/disk-error.ts";
import { makeDirectory, syncDirectory, temporaryName } from "../../system/durable-directory.ts";
import type { ObjectKind } from "../object-format.ts";

export interface PackedObject {
  readonly id: ObjectId;
  readonly kind: ObjectKind;
  readonly bytes: Uint8Array;
}

/** Where an object stands in a pack, and the CRC-32 of its entry. */
export interface IndexEntry {
  readonly id: ObjectId;
  readonly offset: number;
  readonly checksum: number;
}

/** Bytes gathered for one write. */
const BATCH = 1024 * 1024;

const TYPES: Readonly<Record<ObjectKind, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 };

/**
 * Writes many objects as one pack with its index: two synced files instead of one for each object. The pack is in place
 * before its index, so a reader finds both or neither. Every object is there once. Throws `disk`.
 */
export async function writePack(
  objects: string,
  ids: readonly ObjectId[],
  read: (id: ObjectId) => PackedObject,
): Promise<void> {
  const folder = join(objects, "pack");
  await makeDirectory(folder, true);
  const temporary = join(folder, temporaryPack());
  try {
    await placePack(temporary, await writePackFile(temporary, ids, read));
  } catch (error) {
    throw diskError("write", folder, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** git's own name for a pack that is not finished: its gc removes what a killed process leaves. */
export function temporaryPack(): string {
  return `tmp_pack_${temporaryName()}`;
}

export interface PackContent {
  readonly entries: readonly IndexEntry[];
  /** What stands at its end. */
  readonly digest: Buffer;
}

/** Gives a finished and synced pack its index and its name, beside where it is. Throws `disk`. */
export async function placePack(temporary: string, { entries, digest }: PackContent): Promise<void> {
  const folder = dirname(temporary);
  const temporaryIndex = join(folder, `tmp_idx_${temporaryName()}`);
  try {
    await writeDurably(temporaryIndex, formatPackIndex(entries, digest), 0o444);
    const stem = join(folder, `pack-${digest.toString("hex")}`);
    await rename(temporary, `${stem}.pack`);
    await syncDirectory(folder);
    await rename(temporaryIndex, `${stem}.idx`);
    await syncDirectory(folder);
  } catch (error) {
    throw diskError("write", folder, error);
  } finally {
    await rm(temporaryIndex, { force: true }).catch(() => undefined);
  }
}

/** Writes a new file that is a pack of whole objects, synced. Raw system errors. */
export async function writePackFile(
  path: string,
  ids: readonly ObjectId[],
  read: (id: ObjectId) => PackedObject,
): Promise<PackContent> {
  const handle = await open(path, "wx", 0o444);
  const hash = createHash("sha1");
  const entries: IndexEntry[] = [];
  const flush = async (chunks: readonly Buffer[]): Promise<void> => {
    const bytes = Buffer.concat(chunks);
    hash.update(bytes);
    await handle.writeFile(bytes);
  };
  try {
    let pending = [packHeader(ids.length)];
    let offset = pending[0]?.length ?? 0;
    let flushed = 0;
    for (const id of ids) {
      const { kind, bytes } = read(id);
      const entry = Buffer.concat([entryHeader(TYPES[kind], bytes.length), deflateSync(bytes)]);
      entries.push({ id, offset, checksum: crc32(entry) });
      pending.push(entry);
      offset += entry.length;
      if (offset - flushed < BATCH) continue;
      await flush(pending);
      pending = [];
      flushed = offset;
    }
    await flush(pending);
    const digest = hash.digest();
    await handle.writeFile(digest);
    await handle.sync();
    return { entries, digest };
  } finally {
    await handle.close();
  }
}

function packHeader(count: number): Buffer {
  const header = Buffer.from("PACK\0\0\0\u0002\0\0\0\0", "latin1");
  header.writeUInt32BE(count, 8);
  return header;
}

/** Type and size: 4 bits of the size in the first byte, then 7 a byte. */
function entryHeader(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 0x0f)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push((bytes.pop() ?? 0) | 0x80);
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}

function formatPackIndex(entries: readonly IndexEntry[], packDigest: Buffer): Buffer {
  const rows = entries.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const fanout = Buffer.alloc(256 * 4);
  for (const { id } of rows) {
    const byte = Number.parseInt(id.slice(0, 2), 16);
    fanout.writeUInt32BE(fanout.readUInt32BE(byte * 4) + 1, byte * 4);
  }
  for (let byte = 1; byte < 256; byte++) {
    fanout.writeUInt32BE(fanout.readUInt32BE(byte * 4) + fanout.readUInt32BE(byte * 4 - 4), byte * 4);
  }
  const large = rows.filter(({ offset }) => offset >= 0x80000000);
  let wider = 0;
  const offsets = rows.map(({ offset }) => (offset < 0x80000000 ? offset : 0x80000000 + wider++));
  const body = Buffer.concat([
    Buffer.from([0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 2]),
    fanout,
    ...rows.map(({ id }) => Buffer.from(id, "hex")),
    numbers(rows.map(({ checksum }) => checksum)),
    numbers(offsets),
    ...large.map(({ offset }) => wide(offset)),
    packDigest,
  ]);
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

function numbers(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
}

function wide(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
