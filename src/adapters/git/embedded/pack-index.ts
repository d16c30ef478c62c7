import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";

/** The index of a pack, version 2: where in the pack each object begins. */
export interface PackIndex {
  /** Offset of the object in the pack, or null when the pack lacks it. */
  offsetOf(id: ObjectId): number | null;
  close(): void;
}

const ID = 20;
const FANOUT_AT = 8;
const NAMES_AT = FANOUT_AT + 256 * 4;

interface Bucket {
  readonly first: number;
  readonly names: Buffer;
}

/**
 * Opens a pack's index. Names are read by their first byte when they are asked for, and kept. Throws raw system errors,
 * `repository-unsupported` for another version, `git-failed` for a damaged one.
 */
export function openPackIndex(path: string): PackIndex {
  const handle = openSync(path, "r");
  try {
    return readIndex(path, handle);
  } catch (error) {
    closeSync(handle);
    throw error;
  }
}

function readIndex(path: string, handle: number): PackIndex {
  const at = (position: number, length: number) => readAt(path, handle, { position, length });
  const head = at(0, NAMES_AT);
  if (head.readUInt32BE(0) !== 0xff744f63 || head.readUInt32BE(4) !== 2) {
    throw new RegistryError("repository-unsupported", `${path} is a pack index of a version that only git reads`, {
      hint: "install git, or pack again: git repack -ad",
    });
  }
  const fanout = Array.from({ length: 256 }, (_, byte) => head.readUInt32BE(FANOUT_AT + byte * 4));
  const count = fanout[255] ?? 0;
  // Names, checksums, offsets, and two trailing digests.
  if (fstatSync(handle).size < NAMES_AT + count * (ID + 8) + 2 * ID || fanout.some(decreases)) throw brokenIndex(path);
  const buckets = new Map<number, Bucket>();
  const bucketOf = (byte: number): Bucket => {
    const known = buckets.get(byte);
    if (known !== undefined) return known;
    const first = byte === 0 ? 0 : (fanout[byte - 1] ?? 0);
    const names = at(NAMES_AT + first * ID, ((fanout[byte] ?? 0) - first) * ID);
    buckets.set(byte, { first, names });
    return { first, names };
  };
  const offsetsAt = NAMES_AT + count * (ID + 4);
  return {
    offsetOf(id) {
      const name = Buffer.from(id, "hex");
      const { first, names } = bucketOf(name[0] ?? 0);
      const found = search(names, name);
      if (found === null) return null;
      const offset = at(offsetsAt + (first + found) * 4, 4).readUInt32BE();
      if (offset < 0x80000000) return offset;
      return Number(at(offsetsAt + count * 4 + (offset - 0x80000000) * 8, 8).readBigUInt64BE());
    },
    close: () => closeSync(handle),
  };
}

function decreases(value: number, index: number, fanout: readonly number[]): boolean {
  return index > 0 && value < (fanout[index - 1] ?? 0);
}

function search(names: Buffer, name: Buffer): number | null {
  let low = 0;
  let high = names.length / ID - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = names.compare(name, 0, ID, middle * ID, (middle + 1) * ID);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return null;
}

function readAt(path: string, handle: number, { position, length }: { position: number; length: number }): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const read = readSync(handle, bytes, done, length - done, position + done);
    if (read === 0) throw brokenIndex(path);
    done += read;
  }
  return bytes;
}

function brokenIndex(path: string): RegistryError {
  return new RegistryError("git-failed", `${path} is damaged: it is shorter than it says`, {
    hint: "git fsck says more; git index-pack makes the index anew",
  });
}
