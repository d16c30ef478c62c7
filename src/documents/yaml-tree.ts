import { Decimal } from "../domain/metric/decimal.ts";

/** What a document holds, before a schema has looked at it: every number is a Decimal with its source text. */
export type Tree = null | boolean | string | Decimal | readonly Tree[] | TreeMap;

export interface TreeMap {
  readonly [key: string]: Tree;
}

/** A step into a tree: the key of a map or the index of a list. */
export type TreePath = readonly (string | number)[];

/** 1-based. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export function isTreeMap(tree: unknown): tree is TreeMap {
  return typeof tree === "object" && tree !== null && !Array.isArray(tree) && !(tree instanceof Decimal);
}

/** What a tree is, in words: `the text "0.9"`, `a list`, `nothing`. */
export function describeTree(tree: unknown): string {
  if (tree === null || tree === undefined) return "nothing";
  if (typeof tree === "string") return `the text ${JSON.stringify(clipped(tree))}`;
  if (typeof tree === "boolean") return String(tree);
  if (tree instanceof Decimal) return `the number ${tree.text}`;
  return Array.isArray(tree) ? "a list" : "a map";
}

function clipped(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
