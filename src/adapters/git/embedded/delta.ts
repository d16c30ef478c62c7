/** Sizes that a delta's first bytes announce; null when they are cut off or absurd. */
export function readDeltaHeader(
  delta: Uint8Array,
): { readonly baseSize: number; readonly resultSize: number; readonly at: number } | null {
  const base = readSize(delta, 0);
  const result = base && readSize(delta, base.at);
  return result && { baseSize: base.value, resultSize: result.value, at: result.at };
}

/** The object that a delta makes of its base; null unless sizes and instructions agree to the byte. */
export function applyDelta(base: Buffer, delta: Buffer): Buffer | null {
  const header = readDeltaHeader(delta);
  if (header === null || header.baseSize !== base.length) return null;
  const result = Buffer.allocUnsafe(header.resultSize);
  let at = header.at;
  let done = 0;
  while (at < delta.length) {
    const opcode = delta[at++] ?? 0;
    if (opcode === 0) return null;
    const copied = (opcode & 0x80) !== 0;
    const copy = copied ? readCopy(delta, at, opcode) : { from: at, length: opcode, at };
    const source = copied ? base : delta;
    if (copy.from + copy.length > source.length || done + copy.length > result.length) return null;
    source.copy(result, done, copy.from, copy.from + copy.length);
    done += copy.length;
    at = copied ? copy.at : at + opcode;
  }
  return done === result.length ? result : null;
}

/** Offset (up to 4 bytes) and length (up to 3) of a copy; the opcode's bits say which bytes follow. */
function readCopy(delta: Buffer, start: number, opcode: number) {
  let at = start;
  let from = 0;
  let length = 0;
  for (let bit = 0; bit < 4; bit++) if (opcode & (1 << bit)) from += (delta[at++] ?? 0) * 256 ** bit;
  for (let bit = 0; bit < 3; bit++) if (opcode & (0x10 << bit)) length += (delta[at++] ?? 0) * 256 ** bit;
  return { from, length: length === 0 ? 0x10000 : length, at };
}

/** A little-endian number of 7 bits a byte. */
function readSize(bytes: Uint8Array, start: number): { readonly value: number; readonly at: number } | null {
  let value = 0;
  for (let at = start; at < bytes.length && at - start < 7; at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if ((byte & 0x80) === 0) return { value, at: at + 1 };
  }
  return null;
}
