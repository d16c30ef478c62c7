import { visibleText } from "../../documents/visible-text.ts";
import { RegistryError } from "../../errors.ts";

export interface Token {
  readonly kind: "name" | "operator" | "open" | "close" | "text";
  readonly text: string;
  /** 0-based position in the condition. */
  readonly at: number;
}

const PATTERNS: readonly (readonly [Token["kind"], RegExp])[] = [
  ["operator", />=|<=|!=|==|=|>|</y],
  ["open", /\(/y],
  ["close", /\)/y],
  ["text", /"[^"]*"|'[^']*'/y],
  ["name", /[^\s()<>=!"']+/y],
];

/** Cuts a condition into words; `usage` points at the first character that fits nowhere. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] ?? "")) {
      at += 1;
      continue;
    }
    const token = tokenAt(text, at);
    if (token === null) throw conditionError(text, at, "this fits nowhere");
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

/** A mistake in a condition, with an arrow at its place. */
export function conditionError(text: string, at: number, what: string): RegistryError {
  const place = [...text.slice(0, at)].length + 1;
  const shown = visibleText(`${text.slice(0, at)}→${text.slice(at)}`, SHOWN);
  return new RegistryError(
    "usage",
    `--where, character ${place}: ${visibleText(what, SHOWN)}, at the arrow in ${shown}`,
    {
      hint: "--where 'f1 >= 0.9 and labels.team = risk'",
    },
  );
}

/** Of a longer condition the beginning is shown. */
const SHOWN = 500;

function tokenAt(text: string, at: number): Token | null {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) return { kind, text: match[0], at };
  }
  return null;
}
