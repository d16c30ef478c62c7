import type { Decimal } from "./decimal.ts";
import { type Direction, directionOf } from "./direction.ts";
import { compareBytes, type Metrics, metricIn, type Slices } from "./metric.ts";

/** How a metric moved between two versions, judged in its own direction. */
export type ChangeVerdict = "better" | "worse" | "same" | "changed" | "added" | "removed" | "incomparable";

export interface MetricChange {
  readonly name: string;
  /** Slice key, or null for the whole. */
  readonly slice: string | null;
  readonly from: Decimal | null;
  readonly to: Decimal | null;
  /** to - from, exactly; null when one side is absent. */
  readonly change: Decimal | null;
  /** change / |from| to 6 significant digits; null on a zero or absent base. */
  readonly relative: number | null;
  /** `changed`: moved, and which direction is better is not known. */
  readonly verdict: ChangeVerdict;
  /** Direction and unit as the policy or the usual table say, for display. */
  readonly better: Direction | null;
  readonly unit: string | null;
}

/** What the policy declares about metrics: direction and unit by name. */
export type DeclaredMetrics = Readonly<
  Record<string, { readonly better: Direction; readonly unit?: string | undefined }>
>;

/** The numbers of one side of a diff. */
export interface Numbers {
  readonly metrics: Metrics;
  readonly slices: Slices;
}

export interface MetricDiffRules {
  readonly declared: DeclaredMetrics;
  /** False: numbers that both sides have get the verdict `incomparable`. */
  readonly comparable: boolean;
}

/**
 * Every metric of either side with its exact change: the whole first, then slice by slice; slices and metrics in the
 * order of their UTF-8 bytes.
 */
export function diffMetrics(from: Numbers, to: Numbers, rules: MetricDiffRules): readonly MetricChange[] {
  const slices = keysOf(from.slices, to.slices).flatMap((slice) => {
    const before = sliceIn(from.slices, slice);
    const after = sliceIn(to.slices, slice);
    return keysOf(before, after).map((name) => changeOf({ name, slice, before, after }, rules));
  });
  const whole = keysOf(from.metrics, to.metrics).map((name) =>
    changeOf({ name, slice: null, before: from.metrics, after: to.metrics }, rules),
  );
  return [...whole, ...slices];
}

interface Pair {
  readonly name: string;
  readonly slice: string | null;
  readonly before: Metrics;
  readonly after: Metrics;
}

function changeOf({ name, slice, before, after }: Pair, { declared, comparable }: MetricDiffRules): MetricChange {
  const from = metricIn(before, name);
  const to = metricIn(after, name);
  const better = directionOf(name, declared);
  const change = from === null || to === null ? null : to.minus(from);
  return {
    name,
    slice,
    from,
    to,
    change,
    relative: from === null || change === null ? null : relativeChange(change, from),
    verdict: verdictOf({ from, to, better, comparable }),
    better,
    unit: Object.hasOwn(declared, name) ? (declared[name]?.unit ?? null) : null,
  };
}

function verdictOf(sides: {
  readonly from: Decimal | null;
  readonly to: Decimal | null;
  readonly better: Direction | null;
  readonly comparable: boolean;
}): ChangeVerdict {
  const { from, to, better, comparable } = sides;
  if (from === null) return "added";
  if (to === null) return "removed";
  if (!comparable) return "incomparable";
  const order = to.compare(from);
  if (order === 0) return "same";
  if (better === null) return "changed";
  return order > 0 === (better === "higher") ? "better" : "worse";
}

/** change / |base| to 6 significant digits; null on a zero base, or where no double can hold it. */
export function relativeChange(change: Decimal, base: Decimal): number | null {
  if (base.isZero) return null;
  if (change.isZero) return 0;
  const above = change.big();
  const below = base.big().abs();
  // Division keeps 20 places, so the quotient is brought near 1 first.
  const shift = below.e - above.e;
  const quotient = above.times(`1e${shift}`).div(below);
  const relative = Number(`${quotient.toPrecision(6)}e${-shift}`);
  return Number.isFinite(relative) ? relative : null;
}

function sliceIn(slices: Slices, slice: string): Metrics {
  return Object.hasOwn(slices, slice) ? (slices[slice] ?? {}) : {};
}

function keysOf(from: object, to: object): readonly string[] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].sort(compareBytes);
}
