import type { ObjectId } from "../../../domain/object-id.ts";
import type { ObjectKind } from "../object-format.ts";

/** What stands in front of an object's deflated bytes in a pack. `size` is that of the inflated bytes. */
export type PackEntry =
  | { readonly kind: ObjectKind; readonly size: number; readonly dataAt: number }
  | {
      readonly kind: "delta";
      readonly size: number;
      readonly dataAt: number;
      /** Where in the pack the base begins, or its name. */
      readonly base: number | ObjectId;
    };

/** Enough bytes for the head of any entry. */
export const ENTRY_HEAD = 64;

/** Length of a pack's own head, and of its last digest. */
export const PACK_HEAD = 12;
export const PACK_TAIL = 20;

/** git's own limit for the depth of delta chains. */
export const DEEPEST_CHAIN = 4095;

const KINDS: Readonly<Record<number, ObjectKind>> = { 1: "commit", 2: "tree", 3: "blob", 4: "tag" };

/** The head of the entry at `offset`, from the bytes that begin there; null when it is none. */
export function parsePackEntry(bytes: Buffer, offset: number): PackEntry | null {
  const first = bytes[0];
  if (first === undefined) return null;
  let at = 1;
  let size = first & 0x0f;
  for (let shift = 4; ((bytes[at - 1] ?? 0) & 0x80) !== 0; shift += 7) {
    if (at >= bytes.length || shift > 46) return null;
    size += ((bytes[at++] ?? 0) & 0x7f) * 2 ** shift;
  }
  const type = (first >> 4) & 7;
  const kind = KINDS[type];
  if (kind !== undefined) return { kind, size, dataAt: offset + at };
  if (type === 6) {
    const back = readBackwards(bytes, at);
    if (back === null || back.distance <= 0 || back.distance >= offset) return null;
    return { kind: "delta", size, dataAt: offset + back.at, base: offset - back.distance };
  }
  if (type !== 7 || at + 20 > bytes.length) return null;
  return { kind: "delta", size, dataAt: offset + at + 20, base: bytes.toString("hex", at, at + 20) as ObjectId };
}

/** The distance to a delta's base: 7 bits a byte, big-endian, each further byte adding one. */
function readBackwards(bytes: Buffer, start: number): { readonly distance: number; readonly at: number } | null {
  let distance = 0;
  for (let at = start; at < bytes.length && at - start < 7; at++) {
    const byte = bytes[at] ?? 0;
    distance = distance * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) return { distance, at: at + 1 };
    distance += 1;
  }
  return null;
}
