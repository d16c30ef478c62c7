import type * as z from "zod";
import { type Finding, type FindingCode, finding } from "../domain/finding.ts";
import { nearestWord } from "./nearest-word.ts";
import { keysAt } from "./schema-keys.ts";
import { readYaml, type YamlOptions } from "./strict-yaml.ts";
import { FINDING_LIMIT } from "./yaml-problems.ts";
import { describeTree, isTreeMap, type Place, type Tree, type TreePath } from "./yaml-tree.ts";

/** A document read into a domain value, or all that is wrong with it. */
export type DocumentRead<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Where a finding stands: the file, and a place for each path in it. */
export interface Source {
  readonly file: string | null;
  locate(path: TreePath, what?: "key" | "value"): Place | null;
}

type Issue = z.core.$ZodIssue;

/** Reads text with the strict reader, then checks it against a schema. */
export function readDocument<S extends z.ZodType>(
  bytes: string | Uint8Array,
  schema: S,
  options: YamlOptions,
): DocumentRead<z.output<S>> {
  const read = readYaml(bytes, options);
  if (!read.ok) return read;
  return checkTree(read.value, schema, { file: options.file, locate: read.locate });
}

/** Runs a schema on a tree; every issue becomes a finding with a place, in plain words. */
export function checkTree<S extends z.ZodType>(tree: Tree, schema: S, source: Source): DocumentRead<z.output<S>> {
  const checked = schema.safeParse(tree);
  if (checked.success) return { ok: true, value: checked.data };
  const problems: Problem[] = [];
  for (const issue of checked.error.issues) {
    if (problems.length >= FINDING_LIMIT) break;
    problems.push(...problemsOf(issue, [], { tree, schema }).slice(0, FINDING_LIMIT - problems.length));
  }
  return { ok: false, findings: problems.map((problem) => locatedFinding(problem, source)).sort(byPlace) };
}

/** Something wrong at a path, before it has a place in a file. */
export interface Problem {
  readonly code: FindingCode;
  readonly path: TreePath;
  /** The complaint alone; the finding's message names the path before it. */
  readonly message: string;
  readonly hint: string | null;
  readonly at: "key" | "value";
}

/** A problem with its place; the message begins with the path. */
export function locatedFinding(problem: Problem, source: Source): Finding {
  const name = formatPath(problem.path);
  return finding(problem.code, name === "" ? problem.message : `${name}: ${problem.message}`, {
    hint: problem.hint,
    file: source.file,
    ...source.locate(problem.path, problem.at),
  });
}

/** `stages.production.gates[1].min` */
export function formatPath(path: TreePath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += `${text === "" ? "" : "."}${/^[A-Za-z0-9_/%-]+$/.test(step) ? step : JSON.stringify(step)}`;
  }
  return text;
}

export function byPlace(a: Finding, b: Finding): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

interface Checked {
  readonly tree: Tree;
  readonly schema: z.ZodType;
}

function problemsOf(issue: Issue, before: TreePath, checked: Checked): readonly Problem[] {
  const path = [...before, ...issue.path.map((step) => (typeof step === "number" ? step : String(step)))];
  const value = valueAt(checked.tree, path);
  const problem = (message: string, hint: string | null = null): readonly Problem[] => [
    { code: "invalid-value", path, message, hint, at: "value" },
  ];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys
        .slice(0, FINDING_LIMIT)
        .map((key) => unknownKey([...path, key], key, keysAt(checked.schema, path)));
    case "invalid_union":
      return unionProblems(issue, path, checked);
    case "invalid_key":
      return issue.issues.map((one) => ({ ...customProblem(one, path), at: "key" as const }));
    case "invalid_type":
      return value === undefined && path.length > 0
        ? [missingKey(path)]
        : problem(...typeComplaint(issue.expected, value));
    case "invalid_value":
      if (value === undefined && path.length > 0) return [missingKey(path)];
      return problem(
        `expected ${issue.values.map(String).join(" or ")}, found ${describeTree(value)}`,
        near(value, issue.values),
      );
    case "too_big":
      return problem(`too long: at most ${issue.maximum} ${unitOf(issue.origin)}`);
    case "too_small":
      return problem(`too short: at least ${issue.minimum} ${unitOf(issue.origin)}`);
    case "invalid_format":
      return problem(formatComplaint(issue.message, issue.pattern, value));
    default:
      return [value === undefined && path.length > 0 ? missingKey(path) : customProblem(issue, path, value)];
  }
}

function customProblem(issue: Issue, path: TreePath, value?: Tree): Problem {
  const params = "params" in issue ? (issue.params as Readonly<Record<string, unknown>> | undefined) : undefined;
  const hint = typeof params?.hint === "string" ? params.hint : null;
  const [message, otherHint] =
    issue.message === "expected a number" ? typeComplaint("number", value) : [withFound(issue.message, value), null];
  return {
    code: "invalid-value",
    path,
    message,
    hint: hint ?? otherHint,
    at: params?.key === true ? "key" : "value",
  };
}

/** `expected X` gets what was found; the domain's own sentences stay as they are. */
function withFound(message: string, value: Tree | undefined): string {
  return message.startsWith("expected ") ? `${message}, found ${describeTree(value)}` : message;
}

function missingKey(path: TreePath): Problem {
  return { code: "missing-key", path, message: "this key is required and absent", hint: null, at: "key" };
}

function unknownKey(path: TreePath, key: string, known: readonly string[]): Problem {
  const nearest = nearestWord(key, known);
  const list = known.length > 0 && known.length <= 12 ? `known keys: ${known.join(", ")}` : null;
  const hint = nearest === null ? list : `did you mean ${nearest}?`;
  return { code: "unknown-key", path, message: "there is no such key", hint, at: "key" };
}

/** Of a union's branches the one that got furthest into the value; else what any of them would have taken. */
function unionProblems(
  issue: Extract<Issue, { code: "invalid_union" }>,
  path: TreePath,
  checked: Checked,
): readonly Problem[] {
  const value = valueAt(checked.tree, path);
  if (value === undefined && path.length > 0) return [missingKey(path)];
  const branches = issue.errors.map((issues) => issues.flatMap((one) => problemsOf(one, path, checked)));
  const deeper = branches.find((problems) => problems.length > 0 && !problems.some((one) => isRefusalOf(one, path)));
  if (deeper !== undefined) return deeper;
  const complaints = branches.flatMap((problems) => problems.filter((one) => isRefusalOf(one, path)));
  const specific = complaints.find(({ message }) => !message.startsWith("expected "));
  if (specific !== undefined) return [specific];
  const [first] = complaints;
  if (first === undefined) return [{ code: "invalid-value", path, message: issue.message, hint: null, at: "value" }];
  const expected = expectations(complaints, value);
  const list = [expected.slice(0, -1).join(", "), ...expected.slice(-1)].filter((one) => one !== "").join(" or ");
  return [{ ...first, message: `expected ${list}, found ${describeTree(value)}` }];
}

function isRefusalOf(problem: Problem, path: TreePath): boolean {
  return problem.path.length === path.length && problem.code === "invalid-value";
}

/** What the branches expect; a scalar is not told that a map or a list would do as well. */
function expectations(complaints: readonly Problem[], value: Tree | undefined): readonly string[] {
  const all = [...new Set(complaints.flatMap(({ message }) => expectedWords(message)))];
  const scalar = typeof value !== "object" || value === null || !(Array.isArray(value) || isTreeMap(value));
  const simple = all.filter((one) => one !== "a map" && one !== "a list");
  return scalar && simple.length > 0 ? simple : all;
}

function expectedWords(message: string): readonly string[] {
  const words = /^expected (.*?)(?:, found .*)?$/.exec(message)?.[1];
  return words === undefined ? [] : words.split(" or ");
}

const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

function typeComplaint(expected: string, value: Tree | undefined): readonly [string, string | null] {
  const wanted = TYPES[expected] ?? expected;
  return [`expected ${wanted}, found ${describeTree(value)}`, typeHint(expected, value)];
}

function typeHint(expected: string, value: Tree | undefined): string | null {
  if (value === null) return "leave the key out, or give it a value";
  if (expected === "string" && typeof value !== "object" && value !== undefined) return `write "${String(value)}"`;
  if (expected === "string" && describeTree(value).startsWith("the number")) return `write "${String(value)}"`;
  return expected === "number" && typeof value === "string" ? numberHint(value) : null;
}

/** How text that was meant as a number is written as one. */
export function numberHint(text: string): string | null {
  const trimmed = text.trim();
  if (/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(trimmed)) return `write ${trimmed} without quotes`;
  if (/^-?\d+(?:\.\d+)?\s*%$/.test(trimmed)) return "write a number without the percent sign, as you want it compared";
  if (/^-?\d+,\d+$/.test(trimmed)) return `write ${trimmed.replace(",", ".")}: the decimal mark is a point`;
  if (/^-?\d+(?:_\d+)+$/.test(trimmed)) return `write ${trimmed.replaceAll("_", "")}`;
  if (/^[+-]?\.?(?:nan|inf|infinity)$/i.test(trimmed)) return "only finite numbers can be recorded: leave it out";
  return null;
}

function unitOf(origin: string): string {
  return origin === "string" ? "characters" : "entries";
}

function formatComplaint(message: string, pattern: string | undefined, value: Tree | undefined): string {
  const own = message.startsWith("Invalid ") ? `does not fit ${pattern ?? "the format"}` : message;
  return `${own}, found ${describeTree(value)}`;
}

function near(value: Tree | undefined, words: readonly unknown[]): string | null {
  if (typeof value !== "string") return null;
  const nearest = nearestWord(value, words.map(String));
  return nearest === null ? null : `did you mean ${nearest}?`;
}

function valueAt(tree: Tree, path: TreePath): Tree | undefined {
  let value: Tree | undefined = tree;
  for (const step of path) {
    if (Array.isArray(value)) value = (value as readonly Tree[])[Number(step)];
    else if (isTreeMap(value)) value = Object.hasOwn(value, String(step)) ? value[String(step)] : undefined;
    else return undefined;
  }
  return value;
}
