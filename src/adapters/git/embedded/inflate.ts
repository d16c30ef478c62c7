import { constants, inflateSync } from "node:zlib";

/** Compressed bytes that are enough for the first bytes of any object: they inflate to half a megabyte at most. */
const HEAD_INPUT = 512;

/** The first bytes of a zlib stream, of which `deflated` may be just the beginning; null when it is no zlib stream. */
export function inflateHead(deflated: Uint8Array): Buffer | null {
  try {
    return inflateSync(deflated.subarray(0, HEAD_INPUT), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return null;
  }
}

/**
 * A whole zlib stream that must inflate to exactly `size` bytes; what stands behind its end is ignored. Null when it is
 * damaged, shorter or longer: never more than `size` bytes are made.
 */
export function inflateExactly(deflated: Uint8Array, size: number): Buffer | null {
  try {
    const bytes = inflateSync(deflated, { maxOutputLength: Math.max(size, 1) });
    return bytes.length === size ? bytes : null;
  } catch {
    return null;
  }
}

/** As `inflateExactly`, and how many of the deflated bytes the stream takes: where the next one begins. */
export function inflateNext(
  deflated: Uint8Array,
  size: number,
): { readonly bytes: Buffer; readonly used: number } | null {
  try {
    // With `info` it answers both; Node's types know the bytes alone.
    const answer: unknown = inflateSync(deflated, {
      info: true,
      maxOutputLength: Math.max(size, 1),
      chunkSize: Math.max(64, size + 1),
    });
    const { buffer, engine } = answer as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    return buffer.length === size ? { bytes: buffer, used: engine.bytesWritten } : null;
  } catch {
    return null;
  }
}

/** Upper bound of what zlib makes of `size` bytes, with room for the stored blocks of other writers. */
export function deflatedBound(size: number): number {
  return size + Math.ceil(size / 1000) + 64;
}
