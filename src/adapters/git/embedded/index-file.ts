import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import type { ObjectId } from "../../../domain/object-id.ts";
import { decodeName, encodeName } from "../git-text.ts";

/** One entry of Git's index. */
export interface IndexEntry {
  readonly path: string;
  /** File mode bits: 0o100644, 0o100755, 0o120000, 0o160000. */
  readonly mode: number;
  readonly id: ObjectId;
  /** Not 0 in the middle of a merge. */
  readonly stage: number;
  /** Marked as not to be compared with the working tree. */
  readonly unwatched: boolean;
  readonly size: number;
  readonly mtime: { readonly seconds: number; readonly nanoseconds: number };
  readonly ino: number;
  /** The entry's bytes as they stand in a file of version 2 or 3. */
  readonly raw: Buffer;
}

export interface IndexFile {
  readonly version: number;
  readonly entries: readonly IndexEntry[];
  /** False: split or sparse, its entries are not all. */
  readonly isWhole: boolean;
}

const HEADER = 12;
const DIGEST = 20;
const FIXED = 62;

/** Reads an index of version 2, 3 or 4; null when it is damaged or of another version. */
export function parseIndex(bytes: Buffer): IndexFile | null {
  if (bytes.length < HEADER + DIGEST || bytes.toString("latin1", 0, 4) !== "DIRC") return null;
  const version = bytes.readUInt32BE(4);
  const count = bytes.readUInt32BE(8);
  const end = bytes.length - DIGEST;
  const digest = bytes.subarray(end);
  // index.skipHash writes zeros.
  const sound = createHash("sha1").update(bytes.subarray(0, end)).digest().equals(digest);
  if (version < 2 || version > 4 || !(sound || digest.every((byte) => byte === 0))) return null;
  const entries: IndexEntry[] = [];
  let at = HEADER;
  let previous: Buffer = Buffer.alloc(0);
  for (let n = 0; n < count; n++) {
    const read = at + FIXED < end ? readEntry(bytes.subarray(0, end), { at, version, previous }) : null;
    if (read === null) return null;
    entries.push(read.entry);
    previous = read.name;
    at = read.next;
  }
  const extensions = extensionNames(bytes.subarray(at, end));
  return { version, entries, isWhole: extensions.every((name) => /^[A-Z]/.test(name)) };
}

/** An index of version 2 or 3 with these entries, without optional extensions. */
export function formatIndex(version: number, entries: readonly IndexEntry[]): Buffer {
  const rows = entries
    .map((entry) => ({ entry, name: encodeName(entry.path) }))
    .sort((a, b) => Buffer.compare(a.name, b.name) || a.entry.stage - b.entry.stage);
  const header = Buffer.alloc(HEADER);
  header.write("DIRC", "latin1");
  header.writeUInt32BE(version, 4);
  header.writeUInt32BE(rows.length, 8);
  const body = Buffer.concat([header, ...rows.map(({ entry }) => entry.raw)]);
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

/** The entry of a regular file just written, with what `stat` says of it. */
export function entryOf(path: string, id: ObjectId, stats: BigIntStats): IndexEntry {
  const name = encodeName(path);
  const raw = Buffer.alloc(Math.ceil((FIXED + name.length + 1) / 8) * 8);
  const mode = (stats.mode & 0o100n) === 0n ? 0o100644 : 0o100755;
  const numbers = [...timeOf(stats.ctimeNs), ...timeOf(stats.mtimeNs), low(stats.dev), low(stats.ino), mode];
  const all = [...numbers, low(stats.uid), low(stats.gid), low(stats.size)];
  for (const [index, number] of all.entries()) raw.writeUInt32BE(number, index * 4);
  raw.write(id, 40, "hex");
  raw.writeUInt16BE(Math.min(name.length, 0xfff), 60);
  name.copy(raw, FIXED);
  const [seconds, nanoseconds] = timeOf(stats.mtimeNs);
  const ino = low(stats.ino);
  return {
    path,
    mode,
    id,
    stage: 0,
    unwatched: false,
    size: low(stats.size),
    mtime: { seconds, nanoseconds },
    ino,
    raw,
  };
}

/** Seconds and nanoseconds as the index keeps them. */
export function timeOf(nanoseconds: bigint): readonly [number, number] {
  return [low(nanoseconds / 1_000_000_000n), Number(nanoseconds % 1_000_000_000n)];
}

/** The index keeps 32 bits of everything. */
export function low(value: bigint): number {
  return Number(BigInt.asUintN(32, value));
}

function readEntry(bytes: Buffer, { at, version, previous }: { at: number; version: number; previous: Buffer }) {
  const flags = bytes.readUInt16BE(at + 60);
  const isExtended = (flags & 0x4000) !== 0;
  const more = isExtended ? bytes.readUInt16BE(at + FIXED) : 0;
  const nameAt = at + FIXED + (isExtended ? 2 : 0);
  const strip = version === 4 ? readStrip(bytes, nameAt) : { length: previous.length, at: nameAt };
  const end = bytes.indexOf(0, strip.at);
  if (end < 0 || strip.length > previous.length) return null;
  const name = Buffer.concat([previous.subarray(0, previous.length - strip.length), bytes.subarray(strip.at, end)]);
  const next = version === 4 ? end + 1 : at + Math.ceil((end + 1 - at) / 8) * 8;
  const entry: IndexEntry = {
    path: decodeName(name),
    mode: bytes.readUInt32BE(at + 24),
    id: bytes.toString("hex", at + 40, at + 60) as ObjectId,
    stage: (flags >> 12) & 3,
    // Assume-valid, skip-worktree, intent-to-add.
    unwatched: (flags & 0x8000) !== 0 || (more & 0x4000) !== 0,
    size: bytes.readUInt32BE(at + 36),
    mtime: { seconds: bytes.readUInt32BE(at + 8), nanoseconds: bytes.readUInt32BE(at + 12) },
    ino: bytes.readUInt32BE(at + 20),
    raw: Buffer.from(bytes.subarray(at, next)),
  };
  return next <= bytes.length ? { entry, name, next } : null;
}

/** How many characters of the previous name go, in version 4. */
function readStrip(bytes: Buffer, start: number): { readonly length: number; readonly at: number } {
  let at = start;
  let byte = bytes[at++] ?? 0;
  let length = byte & 0x7f;
  while ((byte & 0x80) !== 0 && at < bytes.length) {
    byte = bytes[at++] ?? 0;
    length = (length + 1) * 128 + (byte & 0x7f);
  }
  return { length, at };
}

function extensionNames(bytes: Buffer): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 8 + bytes.readUInt32BE(at + 4))
    names.push(bytes.toString("latin1", at, at + 4));
  return names;
}
