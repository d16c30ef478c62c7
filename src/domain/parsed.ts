declare const brand: unique symbol;

/** A checked string: only the parser of `Name` makes one. */
export type Checked<Name extends string> = string & { readonly [brand]: Name };

/** What a parser answers: the value, or why not and what would be allowed instead. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly hint: string | null };

export function accepted<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function refused(message: string, hint: string | null = null): Parsed<never> {
  return { ok: false, message, hint };
}
