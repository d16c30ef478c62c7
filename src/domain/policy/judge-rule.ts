import { compareContexts } from "../metric/comparable.ts";
import type { Decimal } from "../metric/decimal.ts";
import { type Direction, directionOf } from "../metric/direction.ts";
import type { Measurement } from "../metric/measurement.ts";
import { type Metrics, metricIn, SCORE_KEY } from "../metric/metric.ts";
import type { GateRow } from "./gate.ts";
import type { JudgedSide } from "./judged-side.ts";
import type { Policy, RegressionLimit } from "./policy.ts";
import { missingForScore, scoreOf, scorePolicyFor } from "./score.ts";
import type { StageName } from "./stage.ts";

/** One rule of a policy entry. */
export type Rule =
  | { readonly kind: "min" | "max"; readonly limit: Decimal }
  | { readonly kind: "maxRegression"; readonly limit: RegressionLimit };

/** What a rule is judged on: both sides with the measurements of the gate's kind. */
export interface RuleCase {
  readonly policy: Policy;
  readonly stage: StageName;
  readonly metric: string;
  /** Null: the whole. */
  readonly slice: string | null;
  readonly candidate: JudgedSide;
  readonly champion: JudgedSide | null;
  readonly kind: "offline" | "live";
}

/** A row without what its policy entry says of itself. */
export type JudgedRule = Omit<GateRow, "metric" | "severity" | "source">;

interface Reading {
  readonly value: Decimal;
  readonly measurement: Measurement;
}

/** Judges one rule on one slice. */
export function judgeRule(rule: Rule, on: RuleCase): JudgedRule {
  const readings = readingsOf(on.candidate, on);
  const [newest] = readings;
  if (newest === undefined) return missingOnCandidate(rule, on);
  if (rule.kind !== "maxRegression") return judgeLimit(rule, newest, on);
  if (on.champion === null) return { ...rowOf(rule, newest, on), verdict: "pass", reason: "no champion" };
  const theirs = readingsOf(on.champion, on);
  const [champion] = theirs;
  if (champion === undefined) return missingOnChampion(rule, newest, { ...on, champion: on.champion });
  const pair = newestComparable(readings, theirs, on.policy);
  if (pair === null) return incomparable(rule, { ours: newest, theirs: champion }, on);
  return judgeRegression(rule.limit, pair, on);
}

function judgeLimit(
  rule: { readonly kind: "min" | "max"; readonly limit: Decimal },
  reading: Reading,
  on: RuleCase,
): JudgedRule {
  const order = reading.value.compare(rule.limit);
  const holds = rule.kind === "min" ? order >= 0 : order <= 0;
  return { ...rowOf(rule, reading, on), verdict: holds ? "pass" : "fail" };
}

interface Pair {
  readonly ours: Reading;
  readonly theirs: Reading;
}

function judgeRegression(
  limit: RegressionLimit,
  pair: Pair & { readonly warning: string | null },
  on: RuleCase,
): JudgedRule {
  const { ours, theirs, warning } = pair;
  const rule: Rule = { kind: "maxRegression", limit };
  const row = { ...rowOf(rule, ours, on), champion: theirs.value, reason: warning };
  const better = directionOf(on.metric, on.policy.metrics);
  if (better === null) {
    return { ...row, verdict: "incomparable", reason: `which direction of ${on.metric} is better is not known` };
  }
  if (limit.percent && theirs.value.isZero) {
    return { ...row, verdict: "incomparable", reason: "a percentage of a champion's 0 says nothing" };
  }
  return { ...row, verdict: worsensWithin(limit, pair, better) ? "pass" : "fail" };
}

/** Worsening in the metric's direction <= the limit, exactly; a percentage is of |champion|. */
function worsensWithin({ amount, percent }: RegressionLimit, { ours, theirs }: Pair, better: Direction): boolean {
  const candidate = ours.value.big();
  const champion = theirs.value.big();
  const worsening = better === "higher" ? champion.minus(candidate) : candidate.minus(champion);
  // A hundredth is exact, a division by 100 would be rounded.
  const allowed = percent ? champion.abs().times(amount.big()).times("0.01") : amount.big();
  return worsening.lte(allowed);
}

/** The newest measurement of the candidate that has a comparable one of the champion, with that one's newest. */
function newestComparable(
  readings: readonly Reading[],
  theirs: readonly Reading[],
  policy: Policy,
): (Pair & { readonly warning: string | null }) | null {
  const rules = { evaluationRequired: policy.evaluation.required };
  for (const ours of readings) {
    for (const their of theirs) {
      const { comparable, reason } = compareContexts(ours.measurement.evaluation, their.measurement.evaluation, rules);
      if (comparable) return { ours, theirs: their, warning: reason };
    }
  }
  return null;
}

/** Every measurement of a side that has the number, newest first. */
function readingsOf(side: JudgedSide, on: RuleCase): readonly Reading[] {
  return side.measurements.flatMap((measurement) => {
    const value = numberIn(metricsOf(measurement, on.slice), side, on);
    return value === null || !Number.isFinite(value.value) ? [] : [{ value, measurement }];
  });
}

function numberIn(metrics: Metrics | null, side: JudgedSide, { metric, policy }: RuleCase): Decimal | null {
  if (metrics === null) return null;
  if (metric !== SCORE_KEY) return metricIn(metrics, metric);
  return scoreOf(policy, { model: side.model, labels: side.manifest.labels, metrics });
}

function metricsOf(measurement: Measurement, slice: string | null): Metrics | null {
  if (slice === null) return measurement.metrics;
  return Object.hasOwn(measurement.slices, slice) ? (measurement.slices[slice] ?? null) : null;
}

function rowOf(rule: Rule, reading: Reading | null, on: RuleCase): JudgedRule {
  const from = reading?.measurement ?? null;
  return {
    rule: rule.kind,
    slice: on.slice,
    verdict: "missing",
    observed: reading?.value ?? null,
    champion: null,
    limit: rule.limit.text,
    measured: from === null ? null : { from: from.from, at: from.at, by: from.by },
    reason: null,
    hint: null,
  };
}

function missingOnCandidate(rule: Rule, on: RuleCase): JudgedRule {
  const name = `${on.candidate.model}@${on.candidate.version}`;
  return { ...rowOf(rule, null, on), ...absence(on.candidate, { name, command: evaluateCommand(name, on) }, on) };
}

function missingOnChampion(rule: Rule, ours: Reading, on: RuleCase & { readonly champion: JudgedSide }): JudgedRule {
  const { model, version } = on.champion;
  const context = saysDataset(ours) ? WITH_EVALUATION : "";
  const command = `${evaluateCommand(`${model}@${on.stage}`, on)}${context}`;
  return {
    ...rowOf(rule, ours, on),
    ...absence(on.champion, { name: `the champion ${model}@${version}`, command }, on),
  };
}

/** Why a number is absent on a side, and the command that brings it. */
function absence(
  side: JudgedSide,
  { name, command }: { readonly name: string; readonly command: string },
  on: RuleCase,
): { readonly reason: string; readonly hint: string } {
  const rules = on.metric === SCORE_KEY ? scorePolicyFor(on.policy, side.model) : null;
  if (on.metric === SCORE_KEY && rules === null) {
    return { reason: `the policy has no score for ${side.model}`, hint: "add score to registry.yaml" };
  }
  const newest = side.measurements[0];
  const metrics = newest === undefined ? null : metricsOf(newest, on.slice);
  const lacking = rules === null ? [] : missingForScore(rules, metrics ?? {});
  const what = lacking.length === 0 ? on.metric : `${on.metric}: it lacks ${lacking.join(", ")}`;
  const where = on.slice === null ? "" : ` on the slice ${on.slice}`;
  return { reason: `${name} has no ${on.kind === "live" ? "live " : ""}${what}${where}`, hint: command };
}

function incomparable(rule: Rule, { ours, theirs }: Pair, on: RuleCase): JudgedRule {
  const rules = { evaluationRequired: on.policy.evaluation.required };
  const { reason } = compareContexts(ours.measurement.evaluation, theirs.measurement.evaluation, rules);
  const { model, version } = on.candidate;
  const measureAgain = saysDataset(ours) ? `${model}@${on.stage}` : `${model}@${version}`;
  return {
    ...rowOf(rule, ours, on),
    verdict: "incomparable",
    champion: theirs.value,
    reason,
    hint: `${evaluateCommand(measureAgain, on)}${WITH_EVALUATION}`,
  };
}

function saysDataset({ measurement }: Reading): boolean {
  return measurement.evaluation?.dataset?.sha256 !== undefined;
}

const WITH_EVALUATION = " --evaluation evaluation.json";

function evaluateCommand(name: string, { slice, kind }: RuleCase): string {
  const slices = slice === null ? "" : " --slices slices.json";
  return `git model evaluate ${name} --metrics metrics.json${slices}${kind === "live" ? " --live" : ""}`;
}
