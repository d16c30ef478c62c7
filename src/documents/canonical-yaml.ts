import { Decimal } from "../domain/metric/decimal.ts";
import { compareBytes } from "../domain/metric/metric.ts";

/** What the canonical writer writes: a value, or a map whose keys stand in the order given. */
export type Node = Scalar | readonly Node[] | NodeMap;
export type Scalar = string | boolean | null | Decimal | Raw;
export type Entry = readonly [key: string, value: Node | undefined];

/** A map in writing order; `flow`: on one line between braces (DETAILS 2). */
export class NodeMap {
  readonly entries: readonly Entry[];
  readonly flow: boolean;

  constructor(entries: readonly Entry[], flow: boolean) {
    this.entries = entries;
    this.flow = flow;
  }
}

/** Text that is written as it is, e.g. the top-level version. */
export class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A block map: a line per key. */
export function block(entries: readonly Entry[]): NodeMap {
  return new NodeMap(entries, false);
}

/** A flow map: `{ a: 1, b: 2 }`. */
export function flow(entries: readonly Entry[]): NodeMap {
  return new NodeMap(entries, true);
}

/** The entries of a map whose keys people chose, sorted by their UTF-8 bytes. */
export function sortedEntries<V>(map: Readonly<Record<string, V>>, toNode: (value: V) => Node): readonly Entry[] {
  return Object.keys(map)
    .sort(compareBytes)
    .map((key) => [key, toNode(map[key] as V)] as const);
}

/** A whole number as the writer takes it. */
export function wholeNumber(value: number | undefined): Decimal | undefined {
  return value === undefined ? undefined : Decimal.fromNumber(value);
}

/** Canonical text of a document: block style, 2 spaces, no comments, a final newline (DETAILS 2). */
export function formatDocument(root: NodeMap): string {
  return `${blockLines(root, "").join("\n")}\n`;
}

/** A string plain where every YAML reader takes it for text, else double-quoted (DETAILS 2). */
export function formatString(text: string): string {
  return isPlain(text) ? text : quote(text);
}

function isPlain(text: string): boolean {
  return (
    /^[A-Za-z_][A-Za-z0-9_./-]*$/.test(text) &&
    !/^[0-9A-Fa-f]{7,}$/.test(text) &&
    !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(text)
  );
}

/** JSON's escapes, and one for each character that a YAML reader would take for a line end or refuse. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function present(map: NodeMap): readonly (readonly [string, Node])[] {
  return map.entries.filter((entry): entry is readonly [string, Node] => entry[1] !== undefined);
}

function blockLines(map: NodeMap, indent: string): readonly string[] {
  return present(map).flatMap(([key, value]) => entryLines(`${indent}${formatString(key)}:`, value, `${indent}  `));
}

function entryLines(head: string, value: Node, indent: string): readonly string[] {
  const inline = inlineText(value);
  if (inline !== null) return [`${head} ${inline}`];
  return [head, ...(isList(value) ? listLines(value, indent) : blockLines(value as NodeMap, indent))];
}

function listLines(list: readonly Node[], indent: string): readonly string[] {
  return list.flatMap((item) => {
    const inline = inlineText(item);
    if (inline !== null) return [`${indent}- ${inline}`];
    const inner = `${indent}  `;
    const lines = isList(item) ? listLines(item, inner) : blockLines(item as NodeMap, inner);
    return lines.map((line, index) => (index === 0 ? `${indent}- ${line.slice(inner.length)}` : line));
  });
}

/** The text of what stands on one line: a scalar, an empty collection, a flow map; null for the others. */
function inlineText(node: Node): string | null {
  if (isList(node)) return node.length === 0 ? "[]" : null;
  if (!(node instanceof NodeMap)) return scalarText(node);
  if (present(node).length === 0) return "{}";
  return node.flow ? flowText(node) : null;
}

function flowText(node: Node): string {
  if (isList(node)) return `[${node.map(flowText).join(", ")}]`;
  if (!(node instanceof NodeMap)) return scalarText(node);
  const entries = present(node).map(([key, value]) => `${formatString(key)}: ${flowText(value)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

function scalarText(scalar: Scalar): string {
  if (typeof scalar === "string") return formatString(scalar);
  if (scalar instanceof Decimal || scalar instanceof Raw) return scalar.text;
  return String(scalar);
}

function isList(node: Node): node is readonly Node[] {
  return Array.isArray(node);
}
