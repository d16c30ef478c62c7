import * as z from "zod";
import { type Finding, finding } from "../domain/finding.ts";
import {
  type EvaluationContext,
  EvaluationContextSchema,
  MetricsSchema,
  parseSliceKey,
} from "../domain/metric/measured.ts";
import type { Metrics, Slices } from "../domain/metric/metric.ts";
import { MANIFEST_LIMIT, type Manifest, ManifestSchema } from "../domain/model/manifest.ts";
import { checkFlattened, isCountedMetric } from "./flattened-maps.ts";
import { checkTree, type DocumentRead, formatPath, readDocument, type Source } from "./schema-findings.ts";
import { readYaml } from "./strict-yaml.ts";
import { FINDING_LIMIT } from "./yaml-problems.ts";
import { isTreeMap, type Tree } from "./yaml-tree.ts";

/**
 * Readers of the files that flags name (DETAILS 35): JSON or YAML, read equally strictly. They answer findings;
 * the caller says with which error code.
 */

export interface InputOptions {
  /** Name of the file in findings; `-` for standard input. */
  readonly file: string;
}

/** What `--manifest F` may give: a manifest without model, version and artifacts. */
export type ManifestDefaults = Partial<Omit<Manifest, "schemaVersion" | "model" | "version" | "artifacts">>;

const ParamsSchema = ManifestSchema.shape.params.unwrap();
const MetadataSchema = ManifestSchema.shape.metadata.unwrap();
const DefaultsSchema = ManifestSchema.omit({ model: true, version: true, artifacts: true }).partial();

/** `--metrics F`: a map of metric to number or `{value, n}`; nested maps are flattened with `.`. */
export function readMetricsInput(bytes: string | Uint8Array, options: InputOptions): DocumentRead<Metrics> {
  const read = readInput(bytes, options);
  if (!read.ok) return read;
  return checkFlattened(read.value, MetricsSchema, { source: read.source, keep: isCountedMetric });
}

/** `--params F`: a map of scalars and lists of scalars; nested maps are flattened, null ones are left out. */
export function readParamsInput(bytes: string | Uint8Array, options: InputOptions): DocumentRead<Manifest["params"]> {
  const read = readInput(bytes, options);
  if (!read.ok) return read;
  return checkFlattened(withoutNulls(read.value), ParamsSchema, { source: read.source, keep: () => false });
}

/** `--slices F`: slice (`k=v,…`) to metrics. */
export function readSlicesInput(bytes: string | Uint8Array, options: InputOptions): DocumentRead<Slices> {
  const read = readInput(bytes, options);
  if (!read.ok) return read;
  const outer = checkTree(read.value, z.record(z.string(), z.unknown()), read.source);
  if (!outer.ok) return outer;
  const findings: Finding[] = [];
  const slices: [string, Metrics][] = [];
  for (const [key, value] of Object.entries(outer.value)) {
    if (findings.length >= FINDING_LIMIT) break;
    findings.push(...sliceKeyFindings(key, read.source));
    const options = { source: read.source, keep: isCountedMetric, base: [key] };
    const metrics = checkFlattened(value as Tree, MetricsSchema, options);
    if (metrics.ok) slices.push([key, metrics.value]);
    else findings.push(...metrics.findings);
  }
  return findings.length > 0 ? { ok: false, findings } : { ok: true, value: Object.fromEntries(slices) };
}

/** `--evaluation F`: the manifest's `evaluation`. */
export function readEvaluationInput(
  bytes: string | Uint8Array,
  options: InputOptions,
): DocumentRead<EvaluationContext> {
  return readDocument(bytes, EvaluationContextSchema, { ...options, limit: MANIFEST_LIMIT });
}

/** `--metadata F`: a free map, at most 8 deep and 64 KiB. */
export function readMetadataInput(
  bytes: string | Uint8Array,
  options: InputOptions,
): DocumentRead<Manifest["metadata"]> {
  return readDocument(bytes, MetadataSchema, { ...options, limit: MANIFEST_LIMIT });
}

/** `--manifest F`: defaults for all of these; only the keys that the file has are in the answer. */
export function readManifestDefaults(
  bytes: string | Uint8Array,
  options: InputOptions,
): DocumentRead<ManifestDefaults> {
  const read = readInput(bytes, options);
  if (!read.ok) return read;
  const checked = checkTree(read.value, DefaultsSchema, read.source);
  if (!checked.ok) return { ok: false, findings: checked.findings.map(explainComputedKey) };
  const given = new Set(isTreeMap(read.value) ? Object.keys(read.value) : []);
  const { schemaVersion: _, ...rest } = checked.value;
  const defaults = Object.entries(rest).filter(([key, value]) => given.has(key) && value !== undefined);
  return { ok: true, value: Object.fromEntries(defaults) as ManifestDefaults };
}

function explainComputedKey(one: Finding): Finding {
  const key = /^(model|version|artifacts): there is no such key$/.exec(one.message)?.[1];
  if (key === undefined) return one;
  const message = `${key}: register says this itself, a manifest of defaults has no ${key}`;
  return { ...one, message, hint: "leave the key out" };
}

type Input =
  | { readonly ok: true; readonly value: Tree; readonly source: Source }
  | { readonly ok: false; readonly findings: readonly Finding[] };

function readInput(bytes: string | Uint8Array, { file }: InputOptions): Input {
  const read = readYaml(bytes, { file, limit: MANIFEST_LIMIT });
  return read.ok ? { ok: true, value: read.value, source: { file, locate: read.locate } } : read;
}

function sliceKeyFindings(key: string, source: Source): readonly Finding[] {
  const parsed = parseSliceKey(key);
  if (parsed.ok) return [];
  const place = source.locate([key], "key");
  return [
    finding("invalid-value", `${formatPath([key])}: ${parsed.message}`, {
      hint: parsed.hint,
      file: source.file,
      ...place,
    }),
  ];
}

/** Training frameworks report parameters that are not set as null: they are not recorded. */
function withoutNulls(tree: Tree): Tree {
  if (!isTreeMap(tree)) return tree;
  const kept = Object.entries(tree).filter(([, value]) => value !== null);
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutNulls(value)]));
}
