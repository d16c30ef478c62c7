import { z } from "zod";
import { Decimal } from "./decimal.ts";
import type { Parsed } from "../parsed.ts";

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
    .meta({ jsonSchema: { type: "integer", minimum: least } });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/** Text of one or more lines: no control characters but line feed and tab. */
export function text(limit: number) {
  return z
    .string()
    .max(limit)
    .refine((value) => !CONTROL.test(value), { error: "control characters are not allowed" });
}

/** Text of one line. */
export function line(limit: number) {
  return text(limit).refine((value) => !/[\n\t]/.test(value), { error: "line breaks and tabs are not allowed" });
}

/** A map whose keys one of the domain's parsers checks. */
export function mapOf<V extends z.ZodType>(value: V, parseKey: (key: string) => Parsed<string>) {
  return z.record(checked(parseKey), value);
}
