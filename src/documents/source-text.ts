import type { Place } from "./yaml-tree.ts";

/** Decoded text of a document, or what is wrong with its bytes and where. */
export type SourceText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly place: Place | null; readonly hint: string | null };

/** Bytes that no text document holds: C0 controls but tab and line ends, DEL, C1, lone surrogates, non-characters. */
export const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]|\p{Surrogate}/u;

/** Decodes UTF-8 strictly (a byte order mark of UTF-8 is dropped) and refuses what is not printable text. */
export function decodeSource(source: string | Uint8Array): SourceText {
  const decoded = typeof source === "string" ? source : decodeUtf8(source);
  if (decoded === null) {
    return { ok: false, message: "the file is not UTF-8 text", place: null, hint: "save it as UTF-8" };
  }
  const text = decoded.startsWith("\ufeff") ? decoded.slice(1) : decoded;
  const unprintable = UNPRINTABLE.exec(text);
  if (unprintable !== null) return refusedAt(text, unprintable.index, visible(unprintable[0]));
  const loneReturn = /\r(?!\n)/.exec(text);
  if (loneReturn !== null) return refusedAt(text, loneReturn.index, "a carriage return without a line feed");
  return { ok: true, text };
}

/** Turns offsets into places, 1-based. */
export function placeFinder(text: string): (offset: number) => Place {
  let starts: readonly number[] | null = null;
  return (offset) => {
    starts ??= lineStarts(text);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function refusedAt(text: string, offset: number, what: string): SourceText {
  return {
    ok: false,
    message: `the file holds ${what}: it is not plain text`,
    place: placeFinder(text)(offset),
    hint: null,
  };
}

function visible(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `the control character U+${code}`;
}
