import { visibleText } from "../../documents/visible-text.ts";

/** What a piece of text is, for colour. Colour only repeats what the words say. */
export type Tone = "strong" | "faint" | "good" | "bad" | "warn";

/** A piece of a line. Text is untrusted until `paint` has made it visible. */
export type Span = string | { readonly text: string; readonly tone: Tone };

/** Stands between the cells of a piped table: the one control character that we write ourselves. */
export const TAB: Span = { text: " ", tone: "faint" };

/** One line of an answer for people. */
export type Line = readonly Span[];

/** Where an answer for people is shown. */
export interface View {
  readonly isTerminal: boolean;
  readonly columns: number;
  /** Milliseconds since 1970, for relative times. */
  readonly now: number;
}

const CODES: Readonly<Record<Tone, readonly [number, number]>> = {
  strong: [1, 22],
  faint: [2, 22],
  good: [32, 39],
  bad: [31, 39],
  warn: [33, 39],
};

export function strong(text: string): Span {
  return { text, tone: "strong" };
}

export function faint(text: string): Span {
  return { text, tone: "faint" };
}

export function good(text: string): Span {
  return { text, tone: "good" };
}

export function bad(text: string): Span {
  return { text, tone: "bad" };
}

export function warn(text: string): Span {
  return { text, tone: "warn" };
}

export function textOf(span: Span): string {
  return typeof span === "string" ? span : span.text;
}

/** The span with another text and the same tone. */
export function retext(span: Span, text: string): Span {
  return typeof span === "string" ? text : { text, tone: span.tone };
}

/**
 * The only way from spans to a terminal: control, bidi and invisible characters of every text are made visible
 * (SECURITY promise 9), then our own colours are added. Each line ends in a line feed.
 */
export function paint(lines: readonly Line[], colour: boolean): string {
  return lines.map((line) => `${paintLine(line, colour)}\n`).join("");
}

function paintLine(line: Line, colour: boolean): string {
  const painted = line.map((span) => paintSpan(span, colour)).join("");
  return colour ? painted : painted.trimEnd();
}

function paintSpan(span: Span, colour: boolean): string {
  if (span === TAB) return "\t";
  const text = visibleText(textOf(span));
  if (typeof span === "string" || !colour || text === "") return text;
  const [on, off] = CODES[span.tone];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}
