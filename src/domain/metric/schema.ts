import * as z from "zod";
import type { Parsed } from "../parsed.ts";
import { Decimal } from "./decimal.ts";

/**
 * Building blocks of the document schemas. A document reaches them as plain objects, lists, strings and
 * booleans, with every number as a Decimal, so that its text survives.
 */

/** A string that one of the domain's parsers checks; its hint travels in `params.hint`. */
export function checked<T>(parse: (text: string) => Parsed<T>) {
  return z.string().transform((text, context): T => {
    const parsed = parse(text);
    if (parsed.ok) return parsed.value;
    context.addIssue({ code: "custom", message: parsed.message, params: { hint: parsed.hint } });
    return z.NEVER;
  });
}

/** A number, kept exactly. */
export const decimal = z
  .custom<Decimal>((value) => value instanceof Decimal, { error: "expected a number" })
  .meta({ jsonSchema: { type: "number" } });

/** An integer within the limits, as a JavaScript number. */
export function integer(least: number, most: number = Number.MAX_SAFE_INTEGER) {
  return decimal
    .refine(({ value }) => Number.isSafeInteger(value) && value >= least && value <= most, {
      error: least === most ? `expected ${least}` : `expected a whole number of at least ${least}`,
    })
    .transform(({ value }) => value)
    .meta({ jsonSchema: least === most ? { const: least } : { type: "integer", minimum: least } });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
/** Half of a character: it has no UTF-8, so a document cannot keep it. */
const HALF = /\p{Surrogate}/u;

/** Text of one or more lines: no control characters but line feed and tab. */
export function text(limit: number) {
  return z
    .string()
    .max(limit)
    .refine((value) => !CONTROL.test(value), { error: "control characters are not allowed" })
    .refine((value) => !HALF.test(value), { error: "half characters (lone surrogates) are not allowed" });
}

/** True iff the text holds what `line` refuses: control characters, line breaks, tabs, halves of characters. */
export function hasControls(value: string): boolean {
  return CONTROL.test(value) || HALF.test(value) || /[\n\t]/.test(value);
}

/** A date or an instant of ISO 8601: `2026-11-01`, `2026-11-01T08:00:00Z`. */
export function instant() {
  return z.string().refine(isInstant, { error: "expected a date like 2026-11-01T08:00:00Z" });
}

const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;

/** `Date.parse` alone takes prose in parentheses, and reads 31 February as 3 March. */
function isInstant(value: string): boolean {
  const day = INSTANT.exec(value)?.[1];
  if (day === undefined || Number.isNaN(Date.parse(value)) || Number.isNaN(Date.parse(day))) return false;
  return new Date(day).toISOString().startsWith(day);
}

/** Text of one line. */
export function line(limit: number) {
  return text(limit).refine((value) => !/[\n\t]/.test(value), { error: "line breaks and tabs are not allowed" });
}

/** A map whose keys one of the domain's parsers checks. */
export function mapOf<V extends z.ZodType>(value: V, parseKey: (key: string) => Parsed<string>) {
  return z.record(checked(parseKey), value);
}
