const STRICT_UTF8 = { fatal: true, ignoreBOM: true } as const;

/** UTF-8 where the bytes are UTF-8, else latin1: old identities and messages stay readable, and nothing throws. */
export function decodeText(bytes: Uint8Array, encoding = "utf-8"): string {
  return decodeAs(encoding, bytes) ?? decodeAs("utf-8", bytes) ?? Buffer.from(bytes).toString("latin1");
}

/**
 * A file name of a tree. Bytes that are no UTF-8 become lone low surrogates (U+DC80 to U+DCFF), so that
 * `encodeName` gives the very same bytes back and two different names never look alike.
 */
export function decodeName(bytes: Uint8Array): string {
  const text = decodeAs("utf-8", bytes);
  if (text !== null) return text;
  let name = "";
  for (let at = 0; at < bytes.length; ) {
    const size = sequenceLength(bytes, at);
    name += size === 0 ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : decodeText(bytes.subarray(at, at + size));
    at += Math.max(size, 1);
  }
  return name;
}

/** The bytes of a name; inverse of `decodeName`. */
export function encodeName(name: string): Buffer {
  if (!ESCAPED_BYTE.test(name)) return Buffer.from(name, "utf8");
  const parts = Array.from(name, (char) => {
    const code = char.charCodeAt(0);
    return ESCAPED_BYTE.test(char) ? Buffer.from([code - 0xdc00]) : Buffer.from(char, "utf8");
  });
  return Buffer.concat(parts);
}

const ESCAPED_BYTE = /(?<![\ud800-\udbff])[\udc80-\udcff]/;

function decodeAs(encoding: string, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(encoding, STRICT_UTF8).decode(bytes);
  } catch {
    return null;
  }
}

/** Length of the valid UTF-8 sequence that begins here, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  for (const size of [1, 2, 3, 4]) {
    if (at + size <= bytes.length && decodeAs("utf-8", bytes.subarray(at, at + size)) !== null) return size;
  }
  return 0;
}
