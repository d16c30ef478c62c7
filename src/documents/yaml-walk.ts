import { isAlias, isMap, isScalar, isSeq, type Pair, type YAMLMap } from "yaml";
import { FORBIDDEN_KEYS } from "../domain/metric/metric.ts";
import { readPlainScalar } from "./plain-scalar.ts";
import { UNPRINTABLE } from "./source-text.ts";
import type { YamlProblems } from "./yaml-problems.ts";
import type { Tree } from "./yaml-tree.ts";

/** Our own walk from the library's nodes to a tree; every node that the subset lacks becomes a problem. */
export class YamlWalk {
  readonly #problems: YamlProblems;

  constructor(problems: YamlProblems) {
    this.#problems = problems;
  }

  read(node: unknown): Tree {
    if (node === null || node === undefined) return null;
    const offset = startOf(node);
    this.#refuseProperties(node, offset);
    if (isScalar(node)) return this.#scalar(node, offset);
    if (isSeq(node)) return node.items.map((item) => this.read(item));
    if (isMap(node)) return this.#map(node);
    return null;
  }

  #refuseProperties(node: unknown, offset: number): void {
    if (isAlias(node)) this.#problems.add(offset, "aliases (*name) are not allowed", { hint: "write the value out" });
    const { anchor, tag } = node as { readonly anchor?: unknown; readonly tag?: unknown };
    if (anchor !== undefined) this.#problems.add(offset, "anchors (&name) are not allowed");
    if (tag !== undefined) this.#problems.add(offset, "tags (!name) are not allowed");
  }

  #scalar(node: { readonly value: unknown; readonly type?: unknown }, offset: number): Tree {
    const text = typeof node.value === "string" ? node.value : "";
    if (UNPRINTABLE.test(text) || text.includes("\r")) {
      this.#problems.add(offset, "control characters are not allowed in text, written as \\u… neither", {
        code: "invalid-value",
      });
      return text;
    }
    if (node.type !== "PLAIN") return text;
    const plain = readPlainScalar(text);
    if (plain.ok) return plain.value;
    this.#problems.add(offset, plain.message, { code: "invalid-value", hint: plain.hint });
    return text;
  }

  #map(node: YAMLMap): Tree {
    const entries = new Map<string, Tree>();
    const seen = new Set<string>();
    for (const pair of node.items) {
      const key = this.#key(pair, seen);
      const value = this.read(pair.value);
      if (key !== null) entries.set(key, value);
      if (this.#problems.full) break;
    }
    return Object.fromEntries(entries);
  }

  #key(pair: Pair, seen: Set<string>): string | null {
    const node = pair.key;
    const offset = node === null ? startOf(pair.value) : startOf(node);
    if (!isScalar(node) || typeof node.value !== "string") {
      this.#problems.add(offset, "a key is text, not a list or a map");
      if (isAlias(node)) this.#refuseProperties(node, offset);
      return null;
    }
    this.#refuseProperties(node, offset);
    const key = node.value;
    const reason = node.type === "PLAIN" ? reasonAgainstPlainKey(key) : reasonAgainstKey(key);
    if (reason !== null) {
      this.#problems.add(offset, reason.message, { hint: reason.hint });
    }
    const normal = key.normalize("NFC");
    if (seen.has(normal)) {
      this.#problems.add(offset, `the key ${JSON.stringify(key)} stands here a second time`, {
        code: "duplicate-key",
      });
    }
    seen.add(normal);
    return reason === null ? key : null;
  }
}

function reasonAgainstPlainKey(key: string): { readonly message: string; readonly hint: string | null } | null {
  if (key === "<<") return { message: "merge keys (<<) are not allowed", hint: "write the keys out" };
  if (key === "") return { message: "a key is missing before the colon", hint: null };
  const plain = readPlainScalar(key);
  if (plain.ok && typeof plain.value === "string") return reasonAgainstKey(key);
  return { message: `a key is text, ${key} is not`, hint: `write it as ${JSON.stringify(key)}` };
}

function reasonAgainstKey(key: string): { readonly message: string; readonly hint: string | null } | null {
  if (FORBIDDEN_KEYS.has(key)) return { message: `${key} cannot be a key`, hint: null };
  if (UNPRINTABLE.test(key) || key.includes("\r")) {
    return { message: "control characters are not allowed in a key", hint: null };
  }
  return null;
}

/** Offset of a node's first character. */
export function startOf(node: unknown): number {
  const range = (node as { readonly range?: readonly number[] | null } | null | undefined)?.range;
  return range?.[0] ?? 0;
}
