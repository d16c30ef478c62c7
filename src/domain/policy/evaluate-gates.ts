import { compareBytes } from "../metric/metric.ts";
import type { GateRow } from "./gate.ts";
import { type AppliedGate, gatesFor } from "./gates-for.ts";
import { matchesSlice } from "./glob.ts";
import { judgeRule, type Rule } from "./judge-rule.ts";
import type { JudgedSide } from "./judged-side.ts";
import type { GateEntry, Policy } from "./policy.ts";
import type { StageName } from "./stage.ts";

export type { JudgedSide } from "./judged-side.ts";

export interface GateQuestion {
  readonly policy: Policy;
  readonly stage: StageName;
  readonly candidate: JudgedSide;
  /** What the stage holds now; null: nothing. */
  readonly champion: JudgedSide | null;
  /** Which entries are judged, on measurements of the same kind. Default `offline`. */
  readonly kind?: "offline" | "live";
}

/**
 * Judges a candidate by the gates that apply to it (DESIGN "Gates, exactly", DETAILS 17 to 19 and 48): a row for each
 * rule and slice, in the order of the policy, slices by their UTF-8 bytes. Arithmetic is exact, limits are inclusive.
 */
export function evaluateGates({
  policy,
  stage,
  candidate,
  champion,
  kind = "offline",
}: GateQuestion): readonly GateRow[] {
  const subject = { model: candidate.model, task: candidate.manifest.task ?? null, labels: candidate.manifest.labels };
  const sides = { candidate: ofKind(candidate, kind), champion: champion === null ? null : ofKind(champion, kind) };
  return gatesFor(policy, stage, subject)
    .filter(({ gate }) => gate.kind === kind)
    .flatMap((applied) => rowsOf(applied, { policy, stage, kind, ...sides }));
}

type Situation = Required<GateQuestion>;

function ofKind(side: JudgedSide, kind: "offline" | "live"): JudgedSide {
  return { ...side, measurements: side.measurements.filter((one) => one.kind === kind) };
}

function rowsOf({ gate, source }: AppliedGate, situation: Situation): readonly GateRow[] {
  const rules = rulesOf(gate);
  const frame = { metric: gate.metric, severity: gate.severity, source } as const;
  if (gate.slices === undefined) {
    return rules.map((rule) => ({ ...frame, ...judgeRule(rule, { ...situation, metric: gate.metric, slice: null }) }));
  }
  const slices = matchedSlices(gate.slices, situation);
  if (slices.length === 0) {
    return rules.map((rule) => ({ ...frame, ...nothingMatched(rule, gate.slices ?? "", situation.candidate) }));
  }
  return slices.flatMap((slice) =>
    rules.map((rule) => ({ ...frame, ...judgeRule(rule, { ...situation, metric: gate.metric, slice }) })),
  );
}

function rulesOf({ min, max, maxRegression }: GateEntry): readonly Rule[] {
  return [
    ...(min === undefined ? [] : [{ kind: "min", limit: min } as const]),
    ...(max === undefined ? [] : [{ kind: "max", limit: max } as const]),
    ...(maxRegression === undefined ? [] : [{ kind: "maxRegression", limit: maxRegression } as const]),
  ];
}

/** The slices of both sides that the glob matches, in whatever measurement. */
function matchedSlices(glob: string, { candidate, champion }: Situation): readonly string[] {
  const measurements = [...candidate.measurements, ...(champion?.measurements ?? [])];
  const slices = new Set(measurements.flatMap((one) => Object.keys(one.slices)));
  return [...slices].filter((slice) => matchesSlice(glob, slice)).sort(compareBytes);
}

function nothingMatched(
  { kind, limit }: Rule,
  glob: string,
  { model, version }: JudgedSide,
): Omit<GateRow, keyof Frame> {
  return {
    rule: kind,
    slice: glob,
    verdict: "missing",
    observed: null,
    champion: null,
    limit: limit.text,
    measured: null,
    reason: `no slice of ${model}@${version} matches ${glob}`,
    hint: `git model evaluate ${model}@${version} --metrics metrics.json --slices slices.json`,
  };
}

type Frame = Pick<GateRow, "metric" | "severity" | "source">;
