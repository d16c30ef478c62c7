import { ROLE_PATTERN } from "../domain/artifact/artifact.ts";
import { type ArtifactPath, parseArtifactPath } from "../domain/artifact/artifact-path.ts";
import { Decimal } from "../domain/metric/decimal.ts";
import { FORBIDDEN_KEYS, type MetricKey, parseMetricKey } from "../domain/metric/metric.ts";
import { type Manifest, ManifestSchema, type ParamValue } from "../domain/model/manifest.ts";
import { accepted, type Parsed, refused } from "../domain/parsed.ts";
import { nearestWord } from "./nearest-word.ts";
import { checkTree, numberHint } from "./schema-findings.ts";
import type { Tree, TreeMap } from "./yaml-tree.ts";

/** Readers of flag texts of `register` and `evaluate` (CLI.md, DETAILS 35 and 51). */

/** `--metric f1=0.88` */
export function parseMetricFlag(text: string): Parsed<readonly [MetricKey, Decimal]> {
  const pair = splitPair(text, "f1=0.88");
  if (!pair.ok) return pair;
  const [name, written] = pair.value;
  const key = parseMetricKey(name);
  if (!key.ok) return refused(`${JSON.stringify(name)}: ${key.message}`, key.hint);
  const value = Decimal.parse(written);
  if (value.ok) return accepted([key.value, value.value]);
  const message = written === "" ? `the metric ${name} has no value` : `the metric ${name}: ${value.message}`;
  return refused(message, numberHint(written));
}

/** `--param max_depth=8`: a JSON number, true or false is typed, all else is text (DETAILS 51). */
export function parseParamFlag(text: string): Parsed<readonly [MetricKey, ParamValue]> {
  const pair = splitPair(text, "max_depth=8");
  if (!pair.ok) return pair;
  const [name, written] = pair.value;
  const key = parseMetricKey(name, "parameter");
  if (!key.ok) return refused(`${JSON.stringify(name)}: ${key.message}`, key.hint);
  return checkedParts({ params: { [key.value]: typedScalar(written) } }, ({ params }) => {
    const value = params?.[key.value];
    return value === undefined ? null : ([key.value, value] as const);
  });
}

const DATA_KEYS = ["name", "uri", "sha256", "rows"];

/** `--data name=…,uri=…,sha256=…,rows=…`; a uri may hold commas. */
export function parseDataFlag(text: string): Parsed<Manifest["data"][number]> {
  const entry: Record<string, Tree> = {};
  for (const part of text.split(/,(?=(?:name|uri|sha256|rows)=)/)) {
    const pair = splitPair(part, "name=transactions-2026q3,uri=s3://…");
    if (!pair.ok) return pair;
    const [key, written] = pair.value;
    if (!DATA_KEYS.includes(key)) return refused(`data has no ${JSON.stringify(key)}`, knownHint(key, DATA_KEYS));
    if (Object.hasOwn(entry, key)) return refused(`${key} is given twice in ${JSON.stringify(text)}`);
    entry[key] = key === "rows" ? typedScalar(written) : written;
  }
  return checkedParts({ data: [entry] }, ({ data }) => data?.[0] ?? null);
}

export type SourceEntry = readonly [keyof NonNullable<Manifest["source"]>, string | boolean];
const SOURCE_KEYS = ["repository", "commit", "run", "dirty", "trainedAt"];

/** `--source commit=…`: one key of the manifest's `source`. */
export function parseSourceFlag(text: string): Parsed<SourceEntry> {
  const pair = splitPair(text, "commit=<40 hex digits>");
  if (!pair.ok) return pair;
  const [key, written] = pair.value;
  if (!SOURCE_KEYS.includes(key)) return refused(`source has no ${JSON.stringify(key)}`, knownHint(key, SOURCE_KEYS));
  const value = key === "dirty" ? typedScalar(written) : written;
  return checkedParts({ source: { [key]: value } }, ({ source }) => {
    const entry = Object.entries(source ?? {}).find(([name]) => name === key);
    return entry === undefined ? null : (entry as unknown as SourceEntry);
  });
}

/** `--label team=risk` */
export function parseLabelFlag(text: string): Parsed<readonly [string, string]> {
  const pair = splitPair(text, "team=risk");
  if (!pair.ok) return pair;
  const [key, value] = pair.value;
  if (FORBIDDEN_KEYS.has(key)) return refused(`${key} cannot be the name of a label`);
  return checkedParts({ labels: { [key]: value } }, () => [key, value] as const);
}

/** `--framework lightgbm@4.5.0`; the version may be left out. */
export function parseFrameworkFlag(text: string): Parsed<NonNullable<Manifest["framework"]>> {
  const at = text.lastIndexOf("@");
  const name = at < 0 ? text : text.slice(0, at);
  if (name === "" || at === text.length - 1) {
    return refused(`${JSON.stringify(text)} is not a framework`, "write it like lightgbm@4.5.0");
  }
  const framework = at < 0 ? { name } : { name, version: text.slice(at + 1) };
  return checkedParts({ framework }, (defaults) => defaults.framework ?? null);
}

/** `--role scaler.pkl=preprocessor`: the artifact's path and what it is for. */
export function parseRoleFlag(text: string): Parsed<readonly [ArtifactPath, string]> {
  const equals = text.lastIndexOf("=");
  if (equals <= 0) return refused(`${JSON.stringify(text)} is not file=role`, "write it like scaler.pkl=preprocessor");
  const path = parseArtifactPath(text.slice(0, equals));
  if (!path.ok) return refused(`${JSON.stringify(text.slice(0, equals))}: ${path.message}`, path.hint);
  const role = text.slice(equals + 1);
  if (!ROLE_PATTERN.test(role)) {
    return refused(`${JSON.stringify(role)} is not a role: lower-case letters, digits and -, beginning with a letter`);
  }
  return accepted([path.value, role]);
}

const PartsSchema = ManifestSchema.pick({
  params: true,
  data: true,
  source: true,
  labels: true,
  framework: true,
}).partial();
type Parts = Partial<Pick<Manifest, "params" | "data" | "source" | "labels" | "framework">>;

/** Checks a part of a manifest as the manifest's own schema does; the first complaint is the answer. */
function checkedParts<T>(tree: TreeMap, select: (parts: Parts) => T | null): Parsed<T> {
  const checked = checkTree(tree, PartsSchema, { file: null, locate: () => ({ line: 1, column: 1 }) });
  if (!checked.ok) {
    const [first] = checked.findings;
    return refused(first?.message ?? "this is not valid", first?.hint ?? null);
  }
  const selected = select(checked.value as Parts);
  return selected === null ? refused("this is empty") : accepted(selected);
}

function splitPair(text: string, example: string): Parsed<readonly [string, string]> {
  const equals = text.indexOf("=");
  if (equals <= 0) return refused(`${JSON.stringify(text)} is not key=value`, `write it like ${example}`);
  return accepted([text.slice(0, equals), text.slice(equals + 1)]);
}

function typedScalar(written: string): string | boolean | Decimal {
  if (written === "true" || written === "false") return written === "true";
  const number = Decimal.parse(written);
  return number.ok ? number.value : written;
}

function knownHint(key: string, known: readonly string[]): string {
  const nearest = nearestWord(key, known);
  return nearest === null ? `known keys: ${known.join(", ")}` : `did you mean ${nearest}?`;
}
