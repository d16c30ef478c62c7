import { compareContexts } from "../metric/comparable.ts";
import type { Decimal } from "../metric/decimal.ts";
import { type Direction, directionOf } from "../metric/direction.ts";
import { compareBytes, metricIn, SCORE_KEY } from "../metric/metric.ts";
import type { Manifest } from "../model/manifest.ts";
import { compareVersions, isPrerelease, type Version } from "../model/version.ts";
import type { Policy } from "./policy.ts";
import { missingForScore, scoreOf, scorePolicyFor } from "./score.ts";

/** A version that may be the best one. */
export interface BestCandidate {
  readonly model: string;
  readonly version: Version;
  readonly yanked: boolean;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  readonly manifest: Pick<Manifest, "metrics" | "labels" | "evaluation">;
}

export interface SkippedCandidate<C> {
  readonly candidate: C;
  readonly reason: string;
}

/** `nothing`: no version qualifies. `no-score`: the policy has none. `no-direction`: which way is better is not known. */
export type BestPick<C> =
  | {
      readonly kind: "best";
      readonly best: C;
      readonly value: Decimal;
      /** How many were compared, the best included. */
      readonly considered: number;
      readonly skipped: readonly SkippedCandidate<C>[];
    }
  | { readonly kind: "nothing"; readonly skipped: readonly SkippedCandidate<C>[] }
  | { readonly kind: "no-score" }
  | { readonly kind: "no-direction"; readonly metric: string };

/**
 * The best version of a pool by a metric or, with `score`, by the composite score (DESIGN "best", DETAILS 46): not
 * yanked; a pre-release only where no release has the number; comparable with the newest of those; ties go to the
 * higher version. Every candidate left out is in `skipped` with its reason, in the order given.
 */
export function pickBest<C extends BestCandidate>(
  candidates: readonly C[],
  { by, policy }: { readonly by: string; readonly policy: Policy | null },
): BestPick<C> {
  const better = directionOf(by, policy?.metrics ?? {});
  if (by === SCORE_KEY && !hasScore(policy)) return { kind: "no-score" };
  if (better === null) return { kind: "no-direction", metric: by };
  const required = policy?.evaluation.required ?? false;
  const entrants = candidates.map((candidate) => entrant(candidate, { by, policy }));
  const pool = comparableOnes(preferReleases(required ? saidOnes(entrants) : entrants));
  const skipped = pool.flatMap(({ candidate, out }) => (out === null ? [] : [{ candidate, reason: out }]));
  const [best] = pool.filter(isIn).sort((a, b) => rank(a, b, better));
  if (best === undefined) return { kind: "nothing", skipped };
  return { kind: "best", best: best.candidate, value: best.value, considered: pool.filter(isIn).length, skipped };
}

/** A candidate with its number, or with the reason that puts it out. */
type Entrant<C> =
  | { readonly candidate: C; readonly value: Decimal; readonly out: null }
  | { readonly candidate: C; readonly value: Decimal | null; readonly out: string };
type Contender<C> = Extract<Entrant<C>, { readonly out: null }>;

function isIn<C>(entrant: Entrant<C>): entrant is Contender<C> {
  return entrant.out === null;
}

function hasScore(policy: Policy | null): boolean {
  if (policy === null) return false;
  return policy.score !== undefined || Object.values(policy.models).some(({ score }) => score !== undefined);
}

function entrant<C extends BestCandidate>(
  candidate: C,
  { by, policy }: { readonly by: string; readonly policy: Policy | null },
): Entrant<C> {
  if (candidate.yanked) return { candidate, value: null, out: "yanked" };
  const { labels, metrics } = candidate.manifest;
  if (by !== SCORE_KEY || policy === null) {
    const value = metricIn(metrics, by);
    return value === null ? { candidate, value, out: `has no ${by}` } : { candidate, value, out: null };
  }
  const value = scoreOf(policy, { model: candidate.model, labels, metrics });
  if (value !== null) return { candidate, value, out: null };
  const rules = scorePolicyFor(policy, candidate.model);
  const lacking = rules === null ? [] : missingForScore(rules, metrics);
  return {
    candidate,
    value,
    out: lacking.length === 0 ? "has no score" : `has no score: it lacks ${lacking.join(", ")}`,
  };
}

/** Leaves out what does not say what it was measured on, for a policy that requires it. */
function saidOnes<C extends BestCandidate>(entrants: readonly Entrant<C>[]): readonly Entrant<C>[] {
  return entrants.map((one) =>
    isIn(one) && one.candidate.manifest.evaluation?.dataset?.sha256 === undefined
      ? { ...one, out: "does not say which data set it was evaluated on, and the policy requires it" }
      : one,
  );
}

/** Leaves out the pre-releases where a release is left. */
function preferReleases<C extends BestCandidate>(entrants: readonly Entrant<C>[]): readonly Entrant<C>[] {
  const released = entrants.some((one) => isIn(one) && !isPrerelease(one.candidate.version));
  if (!released) return entrants;
  return entrants.map((one) =>
    isIn(one) && isPrerelease(one.candidate.version) ? { ...one, out: "a pre-release, and there are releases" } : one,
  );
}

/** Leaves out what cannot be compared with the newest one. */
function comparableOnes<C extends BestCandidate>(entrants: readonly Entrant<C>[]): readonly Entrant<C>[] {
  const [newest] = entrants.filter(isIn).sort(byAge);
  if (newest === undefined) return entrants;
  const { model, version, manifest } = newest.candidate;
  return entrants.map((one) => {
    if (!isIn(one)) return one;
    const { comparable } = compareContexts(one.candidate.manifest.evaluation ?? null, manifest.evaluation ?? null, {
      evaluationRequired: false,
    });
    return comparable ? one : { ...one, out: `not comparable with ${model}@${version}, the newest measured version` };
  });
}

function byAge<C extends BestCandidate>({ candidate: a }: Entrant<C>, { candidate: b }: Entrant<C>): number {
  const newer = Date.parse(b.createdAt) - Date.parse(a.createdAt);
  return newer || compareVersions(b.version, a.version) || compareBytes(a.model, b.model);
}

function rank<C extends BestCandidate>(a: Contender<C>, b: Contender<C>, better: Direction): number {
  const order = better === "higher" ? b.value.compare(a.value) : a.value.compare(b.value);
  return (
    order ||
    compareVersions(b.candidate.version, a.candidate.version) ||
    compareBytes(a.candidate.model, b.candidate.model)
  );
}
