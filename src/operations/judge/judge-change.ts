import type { Finding } from "../../domain/finding.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import { diffVersions, type VersionDiff } from "../../domain/model/version-diff.ts";
import { evaluateGates } from "../../domain/policy/evaluate-gates.ts";
import type { GateRow } from "../../domain/policy/gate.ts";
import type { Policy, StagePolicy } from "../../domain/policy/policy.ts";
import type { StageName } from "../../domain/policy/stage.ts";
import { judgeNeeds } from "../../domain/promotion/judge-needs.ts";
import { asWarnings } from "../../domain/promotion/judgement.ts";
import type { Need } from "../../domain/promotion/need.ts";
import type { Change } from "../../domain/promotion/request-branch.ts";
import { changeOf, type Held, type Ledger } from "../../domain/stage/ledger.ts";
import type { RegistryContext } from "../context.ts";
import type { Catalog, VersionEntry } from "../load/catalog.ts";
import { judgedSide } from "../load/measurements.ts";
import { loadLedger, loadStage } from "../load/stages.ts";
import type { VersionDetails } from "../load/version-details.ts";

/** A change of a stage that is to be judged: a candidate, or null for a demote. */
export interface JudgeQuestion {
  readonly policy: Policy;
  readonly stage: StageName;
  readonly rules: StagePolicy;
  readonly model: ModelName;
  readonly catalog: Catalog;
  readonly ledger: Ledger;
  readonly candidate: VersionEntry | null;
}

/** What the rules say, with the two sides for whoever shows it. */
export interface JudgedChange {
  readonly change: Change;
  readonly gates: readonly GateRow[];
  readonly needs: readonly Need[];
  /** Warnings about measurements. */
  readonly findings: readonly Finding[];
  readonly candidate: VersionDetails | null;
  readonly champion: VersionDetails | null;
  /** Null for a demote. */
  readonly diff: VersionDiff | null;
}

/**
 * Judges a change by the policy: the same code on a laptop, in CI and in an audit. Needs and gates of a rollback
 * are shown as warnings; a demote has none.
 */
export async function judgeChange(context: RegistryContext, question: JudgeQuestion): Promise<JudgedChange> {
  const { ledger, candidate, policy, stage } = question;
  const change = changeOf(ledger, candidate?.version ?? null);
  const championEntry = entryOf(question, ledger.holds);
  const champion = championEntry === null ? null : await judgedSide(context, championEntry);
  if (candidate === null) {
    return {
      change,
      gates: [],
      needs: [],
      findings: [],
      candidate: null,
      champion: champion?.details ?? null,
      diff: null,
    };
  }
  const side = await judgedSide(context, candidate);
  const rows = evaluateGates({ policy, stage, candidate: side, champion });
  return {
    change,
    gates: change === "rollback" ? asWarnings(rows) : rows,
    needs: await needsOf(context, question, side.details),
    findings: [...side.findings, ...(champion?.findings ?? [])].map((one) => ({
      ...one,
      severity: "warning" as const,
    })),
    candidate: side.details,
    champion: champion?.details ?? null,
    diff: diffSides(policy, champion?.details ?? null, side.details),
  };
}

/** The metric diff of two sides, by the policy's directions. */
export function diffSides(
  policy: Policy | null,
  from: Pick<VersionDetails, "manifest"> | null,
  to: Pick<VersionDetails, "manifest">,
): VersionDiff {
  return diffVersions(from?.manifest ?? null, to.manifest, {
    declared: policy?.metrics ?? {},
    evaluationRequired: policy?.evaluation.required ?? false,
  });
}

async function needsOf(
  context: RegistryContext,
  question: JudgeQuestion,
  candidate: VersionDetails,
): Promise<readonly Need[]> {
  const { rules, policy, model, catalog } = question;
  const held = new Map<StageName, Held | null>();
  for (const before of rules.from) {
    const view = await loadStage(context, policy, before);
    held.set(before, (await loadLedger(context, view, { name: model, catalog })).holds);
  }
  return judgeNeeds(rules, candidate.tree, { holds: (stage) => held.get(stage) ?? null, now: context.clock.now() });
}

function entryOf({ catalog, model }: JudgeQuestion, held: Held | null): VersionEntry | null {
  if (held === null || held.version === null) return null;
  return catalog.models.get(model)?.find(({ version }) => version === held.version) ?? null;
}
