import { RegistryError } from "../errors.ts";

/** The words and options of a parsed command. */
export class Given {
  /** Arguments in order; a variadic one is spread. */
  readonly words: readonly string[];
  readonly #options: ReadonlyMap<string, unknown>;

  constructor(words: readonly string[], options: ReadonlyMap<string, unknown>) {
    this.words = words;
    this.#options = options;
  }

  /** The first argument; the parser has made sure of required ones. */
  get word(): string {
    return this.words[0] ?? "";
  }

  flag(name: string): boolean {
    return this.#options.get(name) === true;
  }

  text(name: string): string | undefined {
    const value = this.#options.get(name);
    return typeof value === "string" ? value : undefined;
  }

  /** Values of an option that may be repeated, in order. */
  list(name: string): readonly string[] {
    const value = this.#options.get(name);
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** A whole number from 1 up. */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
    throw new RegistryError("usage", `${name} takes a whole number from 1 up, not ${JSON.stringify(text)}`);
  }
}

type Known<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** A question without the keys that nobody gave. */
export function given<const T extends object>(values: T): Known<T> {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as Known<T>;
}
