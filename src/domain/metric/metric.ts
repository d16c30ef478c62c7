import { accepted, type Checked, type Parsed, refused } from "../parsed.ts";
import type { Decimal } from "./decimal.ts";

/** The name of a metric or a parameter (DESIGN section 1, "Names"). */
export type MetricKey = Checked<"MetricKey">;

/** A measured value; `n` is the number of samples behind it, where that was said. */
export type Metric = Decimal | { readonly value: Decimal; readonly n?: number | undefined };

export type Metrics = Readonly<Record<string, Metric>>;

/** Slice key (`k=v` joined by `,`, sorted) to the metrics measured on that slice. */
export type Slices = Readonly<Record<string, Metrics>>;

/** Keys that JavaScript gives a meaning of its own; refused wherever people choose keys (DETAILS 55). */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** The metric that stands for the composite score in gates; nobody can report it. */
export const SCORE_KEY = "score";

const KEY = /^[A-Za-z0-9_][A-Za-z0-9_.@/:%-]{0,127}$/;

/** Reads the key of a metric or, with `what: "parameter"`, of a parameter. */
export function parseMetricKey(text: string, what: "metric" | "parameter" = "metric"): Parsed<MetricKey> {
  if (FORBIDDEN_KEYS.has(text)) return refused(`${text} cannot be the name of a ${what}`);
  if (what === "metric" && text === SCORE_KEY) {
    return refused("score is the registry's composite score, it cannot be reported", "name it model_score");
  }
  if (KEY.test(text)) return accepted(text as MetricKey);
  const near = nearestKey(text, what);
  return refused(
    `a ${what} name is 1 to 128 of letters, digits and _ . @ / : % -, beginning with a letter, a digit or _`,
    near === null ? null : `name it ${near}`,
  );
}

/** A spelling that is itself allowed, or null. */
function nearestKey(text: string, what: "metric" | "parameter"): string | null {
  const mended = text
    .replace(/[^A-Za-z0-9_.@/:%-]/g, "_")
    .replace(/^[^A-Za-z0-9_]+/, "")
    .slice(0, 128);
  if (mended === "") return null;
  return [mended, `_${mended}`].find((one) => one.length <= 128 && parseMetricKey(one, what).ok) ?? null;
}

/** The number itself, whichever way it was written. */
export function metricValue(metric: Metric): Decimal {
  return "value" in metric && typeof metric.value === "object" ? metric.value : (metric as Decimal);
}

/** The number of a metric by its name; null where it is absent. Safe for names like `toString`. */
export function metricIn(metrics: Metrics, name: string): Decimal | null {
  const metric = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
  return metric === undefined ? null : metricValue(metric);
}

/** Compares strings by their UTF-8 bytes, the order of keys in documents (DETAILS 2). */
export function compareBytes(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
