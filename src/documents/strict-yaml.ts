import { Composer, type Document, isMap, isPair, isScalar, isSeq, Parser } from "yaml";
import { type Finding, finding } from "../domain/finding.ts";
import { findTooDeep } from "./nesting.ts";
import { decodeSource, placeFinder } from "./source-text.ts";
import { sentenceOfYamlError } from "./yaml-errors.ts";
import { YamlProblems } from "./yaml-problems.ts";
import type { Place, Tree, TreePath } from "./yaml-tree.ts";
import { startOf, YamlWalk } from "./yaml-walk.ts";

/** A document read: its tree and where things stand in it, or everything that keeps it from being read. */
export type YamlRead =
  | {
      readonly ok: true;
      readonly value: Tree;
      /** Place of the value at a path, or of its key; of the nearest thing around it where it is absent. */
      locate(path: TreePath, what?: "key" | "value"): Place;
    }
  | { readonly ok: false; readonly findings: readonly Finding[] };

export interface YamlOptions {
  /** Name of the file in findings. */
  readonly file: string | null;
  /** Largest size in bytes. */
  readonly limit: number;
}

const DEPTH_LIMIT = 20;

/**
 * Reads one document of the strict subset (SECURITY.md, section 1): UTF-8, core schema, string keys; no directives,
 * tags, anchors, aliases or merge keys, no duplicate keys, at most 20 levels. JSON is read as strictly. Never throws.
 */
export function readYaml(source: string | Uint8Array, options: YamlOptions): YamlRead {
  const size = typeof source === "string" ? new TextEncoder().encode(source).length : source.length;
  if (size > options.limit) {
    const message = `the file has ${size} bytes, at most ${options.limit} are read`;
    return { ok: false, findings: [finding("too-large", message, { file: options.file })] };
  }
  const decoded = decodeSource(source);
  if (!decoded.ok) {
    const { message, hint, place } = decoded;
    return { ok: false, findings: [finding("syntax", message, { hint, file: options.file, ...place })] };
  }
  return readText(decoded.text, options.file);
}

function readText(text: string, file: string | null): YamlRead {
  const placeOf = placeFinder(text);
  const problems = new YamlProblems(file, placeOf);
  const document = compose(text, problems);
  if (problems.found.length > 0) return { ok: false, findings: problems.inOrder() };
  const root = document?.contents ?? null;
  const value = new YamlWalk(problems).read(root);
  if (problems.found.length > 0) return { ok: false, findings: problems.inOrder() };
  return { ok: true, value, locate: (path, what = "value") => placeOf(offsetOf(root, path, what)) };
}

/** Parses into at most one document. The library's own duplicate-key check is quadratic, so it is off. */
function compose(text: string, problems: YamlProblems): Document.Parsed | null {
  const composer = new Composer({
    schema: "failsafe",
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  let document: Document.Parsed | null = null;
  try {
    for (const token of new Parser().parse(text)) {
      if (token.type === "directive") {
        problems.add(token.offset, "directives (lines that begin with %) are not allowed");
      }
      const tooDeep = findTooDeep(token, DEPTH_LIMIT);
      if (tooDeep !== null) {
        problems.add(tooDeep, `the file is nested more than ${DEPTH_LIMIT} levels deep`);
        return null;
      }
      for (const next of composer.next(token)) document = keepFirst(document, next as Document.Parsed, problems);
      if (problems.full) break;
    }
    for (const next of composer.end()) document = keepFirst(document, next as Document.Parsed, problems);
  } catch {
    problems.add(0, "the file is not YAML");
  }
  return document;
}

function keepFirst(first: Document.Parsed | null, next: Document.Parsed, problems: YamlProblems): Document.Parsed {
  for (const error of [...next.errors, ...next.warnings]) {
    if (problems.full) break;
    problems.add(error.pos[0], sentenceOfYamlError(error.code));
  }
  if (first !== null) {
    problems.add(next.range[0], "the file holds more than one document", { hint: "remove the line ---" });
  }
  return first ?? next;
}

function offsetOf(root: unknown, path: TreePath, what: "key" | "value"): number {
  let node: unknown = root;
  let offset = node === null ? 0 : startOf(node);
  for (const [index, step] of path.entries()) {
    const child = childOf(node, step);
    if (child === null) return offset;
    const last = index === path.length - 1;
    const wantsKey = last && what === "key" && isPair(child);
    node = isPair(child) ? child.value : child;
    offset = isPair(child) && (wantsKey || isEmpty(node)) ? startOf(child.key) : startOf(node);
  }
  return offset;
}

function childOf(node: unknown, step: string | number): unknown {
  if (isSeq(node)) return node.items[Number(step)] ?? null;
  if (!isMap(node)) return null;
  return node.items.find((pair) => isScalar(pair.key) && pair.key.value === String(step)) ?? null;
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.source === "" && node.type === "PLAIN");
}
