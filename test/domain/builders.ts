import { Decimal } from "../../src/domain/metric/decimal.ts";
import type { Measurement } from "../../src/domain/metric/measurement.ts";
import type { Metrics, Slices } from "../../src/domain/metric/metric.ts";
import { type Manifest, ManifestSchema } from "../../src/domain/model/manifest.ts";
import { parseVersion, type Version } from "../../src/domain/model/version.ts";
import type { Parsed } from "../../src/domain/parsed.ts";
import { type Policy, PolicySchema } from "../../src/domain/policy/policy.ts";
import { parseStageName, type StageName } from "../../src/domain/policy/stage.ts";

/** The value of a parse that must succeed. */
export function parsedValue<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}

export function d(text: string): Decimal {
  return parsedValue(Decimal.parse(text));
}

export function version(text: string): Version {
  return parsedValue(parseVersion(text));
}

export function stage(text: string): StageName {
  return parsedValue(parseStageName(text));
}

/** Plain data as documents hand it over: every number a Decimal. */
export function decimals(value: unknown): unknown {
  if (typeof value === "number") return Decimal.fromNumber(value);
  if (value instanceof Decimal || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(decimals);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, decimals(inner)]));
}

export function policyOf(policy: object): Policy {
  return PolicySchema.parse(decimals({ schemaVersion: 1, ...policy }));
}

/** A policy of one stage, `production`, with these gates. */
export function gated(gates: readonly object[], rest: object = {}): Policy {
  return policyOf({ stages: { production: { gates } }, ...rest });
}

export function manifestOf(manifest: object = {}): Manifest {
  return ManifestSchema.parse(decimals({ schemaVersion: 1, model: "fraud", version: "1.3.0", ...manifest }));
}

/** Metrics from decimal texts. */
export function metricsOf(texts: Readonly<Record<string, string>>): Metrics {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, d(text)]));
}

export function slicesOf(texts: Readonly<Record<string, Readonly<Record<string, string>>>>): Slices {
  return Object.fromEntries(Object.entries(texts).map(([slice, metrics]) => [slice, metricsOf(metrics)]));
}

/** A measurement, by default the manifest's; `on` is a letter that stands for a data set. */
export function measured(
  metrics: Readonly<Record<string, string>>,
  rest: Partial<Measurement> & { readonly on?: string; readonly code?: string } = {},
): Measurement {
  const { on, code, ...given } = rest;
  const dataset = on === undefined ? {} : { dataset: { sha256: on.repeat(64) } };
  return {
    kind: "offline",
    from: "manifest",
    at: null,
    by: null,
    evaluation: on === undefined && code === undefined ? null : EVALUATION({ ...dataset, ...(code ? { code } : {}) }),
    metrics: metricsOf(metrics),
    slices: {},
    ...given,
  };
}

const EVALUATION = (evaluation: object) => manifestOf({ evaluation }).evaluation ?? null;
