import { compareContexts } from "../metric/comparable.ts";
import { Decimal } from "../metric/decimal.ts";
import { compareBytes } from "../metric/metric.ts";
import { type DeclaredMetrics, diffMetrics, type MetricChange } from "../metric/metric-diff.ts";
import type { Manifest, ParamValue } from "./manifest.ts";

export interface ParamChange {
  readonly name: string;
  readonly from: ParamValue | null;
  readonly to: ParamValue | null;
}

export interface ArtifactChange {
  readonly path: string;
  readonly from: { readonly sha256: string; readonly size: number } | null;
  readonly to: { readonly sha256: string; readonly size: number } | null;
}

export interface DataChange {
  readonly name: string;
  readonly change: "added" | "removed" | "changed" | "same";
}

/** What differs between two versions, as their manifests say. */
export interface VersionDiff {
  readonly comparable: boolean;
  /** Why not comparable, or a warning; null: nothing to say. */
  readonly reason: string | null;
  readonly metrics: readonly MetricChange[];
  /** Changed ones only, by name. Numbers that are equal are equal however they are written. */
  readonly params: readonly ParamChange[];
  /** All paths of both sides, by path. */
  readonly artifacts: readonly ArtifactChange[];
  /** Training data by name. */
  readonly data: readonly DataChange[];
  readonly signature: { readonly changed: boolean };
}

export interface VersionDiffRules {
  readonly declared: DeclaredMetrics;
  readonly evaluationRequired: boolean;
}

/** The differences from one version to another; from null: everything is added. */
export function diffVersions(from: Manifest | null, to: Manifest, rules: VersionDiffRules): VersionDiff {
  const { comparable, reason } =
    from === null
      ? { comparable: true, reason: null }
      : compareContexts(to.evaluation ?? null, from.evaluation ?? null, rules);
  const before = from ?? { metrics: {}, slices: {}, params: {}, artifacts: [], data: [], signature: undefined };
  return {
    comparable,
    reason,
    metrics: diffMetrics(before, to, { declared: rules.declared, comparable }),
    params: diffParams(before.params, to.params),
    artifacts: diffArtifacts(before.artifacts, to.artifacts),
    data: diffData(before.data, to.data),
    signature: { changed: !same(signatureOf(before), signatureOf(to)) },
  };
}

function diffParams(from: Manifest["params"], to: Manifest["params"]): readonly ParamChange[] {
  return namesOf(Object.keys(from), Object.keys(to))
    .map((name) => ({ name, from: paramIn(from, name), to: paramIn(to, name) }))
    .filter((change) => !same(change.from, change.to));
}

function paramIn(params: Manifest["params"], name: string): ParamValue | null {
  return Object.hasOwn(params, name) ? (params[name] ?? null) : null;
}

function diffArtifacts(from: Manifest["artifacts"], to: Manifest["artifacts"]): readonly ArtifactChange[] {
  const before = new Map<string, ArtifactChange["from"]>(
    from.map(({ path, sha256, size }) => [path, { sha256, size }]),
  );
  const after = new Map<string, ArtifactChange["to"]>(to.map(({ path, sha256, size }) => [path, { sha256, size }]));
  return namesOf([...before.keys()], [...after.keys()]).map((path) => ({
    path,
    from: before.get(path) ?? null,
    to: after.get(path) ?? null,
  }));
}

/** A name may stand several times, as for parts of one data set: its entries are compared together. */
function diffData(from: Manifest["data"], to: Manifest["data"]): readonly DataChange[] {
  const names = ({ name }: { readonly name: string }) => name;
  return namesOf(from.map(names), to.map(names)).map((name) => {
    const before = from.filter((one) => one.name === name);
    const after = to.filter((one) => one.name === name);
    if (before.length === 0) return { name, change: "added" };
    if (after.length === 0) return { name, change: "removed" };
    return { name, change: same(before, after) ? "same" : "changed" };
  });
}

function signatureOf({ signature }: Pick<Manifest, "signature">): unknown {
  return { inputs: signature?.inputs ?? [], outputs: signature?.outputs ?? [] };
}

function namesOf(from: readonly string[], to: readonly string[]): readonly string[] {
  return [...new Set([...from, ...to])].sort(compareBytes);
}

/** Deep equality of plain values; numbers by value, absent keys like undefined ones. */
function same(a: unknown, b: unknown): boolean {
  if (a instanceof Decimal || b instanceof Decimal) {
    return a instanceof Decimal && b instanceof Decimal && a.compare(b) === 0;
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = new Map(Object.entries(a));
  const right = new Map(Object.entries(b));
  return [...new Set([...left.keys(), ...right.keys()])].every((key) => same(left.get(key), right.get(key)));
}
