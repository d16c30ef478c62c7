import { Decimal } from "../domain/metric/decimal.ts";

/**
 * The order of an answer's keys (CLI.md "JSON"): named keys first and always there, null when the answer lacks them;
 * what else the answer has follows. `inner`: the shapes of what stands under a key, or of the entries of its list.
 */
export interface JsonShape {
  readonly keys: readonly string[];
  readonly inner?: Readonly<Record<string, JsonShape>>;
}

/** One document with 2 spaces and a final line feed. Decimals are numbers with their own text: 0.9300 stays 0.9300. */
export function formatJson(value: unknown, shape: JsonShape): string {
  return `${write(value, shape, "")}\n`;
}

function write(value: unknown, shape: JsonShape | undefined, indent: string): string {
  if (value instanceof Decimal) return value.text;
  if (Array.isArray(value)) return writeList(value, shape, indent);
  if (typeof value === "object" && value !== null) return writeMap(value, shape, indent);
  return quoted(value);
}

/** What a terminal would obey or not show is escaped: JSON is read there, too, and means the same. */
function quoted(value: unknown): string {
  return (JSON.stringify(value) ?? "null").replace(INVISIBLE, escaped);
}

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
    .join("");
}

function writeList(values: readonly unknown[], shape: JsonShape | undefined, indent: string): string {
  if (values.length === 0) return "[]";
  const deeper = `${indent}  `;
  const items = values.map((value) => `${deeper}${write(value, shape, deeper)}`);
  return `[\n${items.join(",\n")}\n${indent}]`;
}

function writeMap(map: object, shape: JsonShape | undefined, indent: string): string {
  const entries = orderedEntries(map, shape);
  if (entries.length === 0) return "{}";
  const deeper = `${indent}  `;
  const lines = entries.map(([key, value]) => {
    const inner = shape?.inner !== undefined && Object.hasOwn(shape.inner, key) ? shape.inner[key] : undefined;
    return `${deeper}${quoted(key)}: ${write(value, inner, deeper)}`;
  });
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

function orderedEntries(map: object, shape: JsonShape | undefined): readonly (readonly [string, unknown])[] {
  const entries = new Map(Object.entries(map).filter(([, value]) => value !== undefined));
  const first = shape?.keys ?? [];
  const named = first.map((key) => [key, entries.get(key) ?? null] as const);
  const rest = [...entries].filter(([key]) => !first.includes(key));
  return [...named, ...rest];
}
