import { Big } from "big.js";
import { Decimal } from "../metric/decimal.ts";
import { type Metrics, metricIn } from "../metric/metric.ts";
import { hasLabel } from "./gates-for.ts";
import { matchesModel } from "./glob.ts";
import type { Policy, ScorePolicy } from "./policy.ts";

/** What a score is computed from: one measurement of one version. */
export interface ScoredSide {
  readonly model: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly metrics: Metrics;
}

/** The score of the longest glob of `models` that matches and has one, a tie goes to the first; else the general one. */
export function scorePolicyFor(policy: Policy, model: string): ScorePolicy | null {
  const [first] = Object.entries(policy.models)
    .filter(([glob, { score }]) => score !== undefined && matchesModel(glob, model))
    .sort(([a], [b]) => b.length - a.length);
  return first?.[1].score ?? policy.score ?? null;
}

/** The exact composite score; null without a score in the policy or where a weighted metric is absent. */
export function scoreOf(policy: Policy, side: ScoredSide): Decimal | null {
  const rules = scorePolicyFor(policy, side.model);
  return rules === null ? null : scoreBy(rules, side);
}

/** The metrics that the score needs and the side lacks. */
export function missingForScore(rules: ScorePolicy, metrics: Metrics): readonly string[] {
  return Object.keys(rules.weights).filter((name) => metricIn(metrics, name) === null);
}

function scoreBy({ weights, bonus }: ScorePolicy, { labels, metrics }: ScoredSide): Decimal | null {
  const parts = Object.entries(weights).map(([name, weight]) => metricIn(metrics, name)?.big().times(weight.big()));
  if (parts.length === 0) return null;
  let score = new Big(0);
  for (const part of parts) {
    if (part === undefined) return null;
    score = score.plus(part);
  }
  for (const { label, factor } of bonus) {
    if (hasLabel(labels, label)) score = score.times(factor.big());
  }
  const exact = Decimal.fromBig(score);
  return Number.isFinite(exact.value) ? exact : null;
}
