import { accepted, type Parsed, refused } from "../parsed.ts";
import { isSha256, type Sha256 } from "./digest.ts";

/** A Git LFS pointer: what the tree holds in place of an artifact's bytes (SECURITY.md "LFS, exactly"). */
export interface Pointer {
  readonly sha256: Sha256;
  /** Bytes, 0 or more; 0 is written as an empty blob (DETAILS 59). */
  readonly size: number;
}

/** The sha256 of no bytes: the object that an empty pointer stands for. */
export const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" as Sha256;

/** A pointer blob is shorter than this many bytes; a longer one is raw content. */
export const POINTER_LIMIT = 1024;

const CANONICAL =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\noid sha256:([0-9a-f]{64})\nsize ([1-9]\d{0,15})\n$/;

/** The canonical pointer text; the exact inverse of `parsePointer`. */
export function formatPointer(pointer: Pointer): string {
  if (pointer.size === 0) return "";
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${pointer.sha256}\nsize ${pointer.size}\n`;
}

/** Reads a pointer blob. Only the one canonical encoding is accepted. */
export function parsePointer(text: string): Parsed<Pointer> {
  if (text === "") return accepted({ sha256: EMPTY_SHA256, size: 0 });
  if (text.length >= POINTER_LIMIT) return refused("raw bytes instead of a Git LFS pointer");
  const match = CANONICAL.exec(text);
  const [, oid, digits] = match ?? [];
  if (oid === undefined || digits === undefined || !isSha256(oid)) {
    return refused("not a canonical Git LFS pointer");
  }
  const size = Number(digits);
  if (!Number.isSafeInteger(size)) return refused(`a size of ${digits} bytes is out of range`);
  return accepted({ sha256: oid, size });
}
