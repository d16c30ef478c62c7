import type { Finding } from "../../domain/finding.ts";
import type { HeldVersion } from "../../operations/answers.ts";
import { bad, faint, good, type Line, type Span, strong, type View, warn } from "../text/span.ts";
import { wrap } from "../text/width.ts";

/** Pieces that several screens share. */

export const DONE = good("✓");
export const FAILED = bad("✗");
export const WARNS = warn("▲");
export const WAITS = warn("…");

/** What to type next; on a terminal only. */
export function next(view: View, ...commands: readonly string[]): readonly Line[] {
  if (!view.isTerminal) return [];
  return commands.map((command, index) => [faint(index === 0 ? "Next: " : "      "), command]);
}

/** `  pushed      origin: …`, or nothing where there is nothing to say. */
export function labelled(label: string, ...spans: readonly Span[]): Line {
  return ["  ", faint(label.padEnd(11)), " ", ...spans];
}

/** A version as people read it; nothing is `none`. */
export function versionText(version: HeldVersion | null): string {
  return version ?? "none";
}

/** Findings with their place and what mends them, errors first. */
export function findingLines(findings: readonly Finding[], indent = ""): readonly Line[] {
  const sorted = [...findings].sort((a, b) => rank(a) - rank(b));
  return sorted.flatMap((one) => {
    const isError = one.severity === "error";
    const head: Line = [
      indent,
      isError ? FAILED : WARNS,
      " ",
      ...placeOf(one),
      one.message,
      " ",
      faint(`[${one.code}]`),
    ];
    return one.hint === null ? [head] : [head, [indent, "  ", faint("hint: "), one.hint]];
  });
}

function rank({ severity }: Finding): number {
  return severity === "error" ? 0 : 1;
}

function placeOf({ file, line, column }: Finding): readonly Span[] {
  if (file === null) return [];
  const name = file === "-" ? "standard input" : file;
  const place = line === null ? name : `${name}:${line}${column === null ? "" : `:${column}`}`;
  return [strong(place), ": "];
}

/** `3 versions`, `1 version` */
export function count(number: number, noun: string): string {
  return `${groupDigits(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** `10,000` */
export function groupDigits(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** `a, b and c` */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** A text of a person, line by line, wrapped on a terminal. */
export function paragraph(text: string, view: View, indent = ""): readonly Line[] {
  const room = Math.max(20, Math.min(view.columns, 100) - indent.length);
  return text
    .replace(/\s+$/, "")
    .split(/\r\n|\n/)
    .flatMap((line) => (view.isTerminal ? wrap(line, room) : [line]))
    .map((line) => (line === "" ? [] : [indent, line]));
}

/** The first 7 digits of an object id. */
export function short(id: string): string {
  return id.slice(0, 7);
}

/** The heading of a part of a page, with an empty line before it. */
export function heading(text: string): readonly Line[] {
  return [[], [strong(text)]];
}
