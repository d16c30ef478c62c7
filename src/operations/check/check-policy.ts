import { type Finding, finding } from "../../domain/finding.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import { evaluateGates } from "../../domain/policy/evaluate-gates.ts";
import type { GateRow } from "../../domain/policy/gate.ts";
import { gatesFor } from "../../domain/policy/gates-for.ts";
import { type Policy, stagePolicy } from "../../domain/policy/policy.ts";
import { formatStageBranch, type StageName } from "../../domain/policy/stage.ts";
import type { RegistryContext } from "../context.ts";
import { POLICY_FILE, type PolicyState } from "../load/load-policy.ts";
import { loadMeasurements, manifestMeasurement } from "../load/measurements.ts";
import { branchRef, evaluationRef } from "../load/ref-names.ts";
import type { VersionDetails } from "../load/version-details.ts";
import type { HeldModel } from "./check-stages.ts";
import { type Survey, versionAt } from "./survey.ts";

/** `policy-missing`, or `policy-invalid` with everything that is wrong in the file. */
export function checkPolicy(state: PolicyState): readonly Finding[] {
  if (state.kind === "valid") return [];
  if (state.kind === "missing") {
    return [finding("policy-missing", `there is no ${POLICY_FILE} on ${state.branch}`, { hint: "git model init" })];
  }
  const message = `${POLICY_FILE} on ${state.branch} is not valid, so nothing can be promoted`;
  return [finding("policy-invalid", message, { file: POLICY_FILE, hint: "git model validate" }), ...state.findings];
}

/**
 * `policy-drift`: a stage holds a version that could not enter today. Only `min`, `max` and `from` can tell: a
 * champion of then is not judged again. A stage of `from` may have moved on since, so it counts that it ever held it.
 */
export async function checkPolicyDrift(
  context: RegistryContext,
  survey: Survey,
  held: readonly HeldModel[],
): Promise<readonly Finding[]> {
  const { policy } = survey;
  if (policy === null) return [];
  const evaluated = new Set<string>(survey.refs.map(({ name }) => name));
  const found: Finding[] = [];
  for (const one of held) {
    const version =
      one.held.version === null ? null : versionAt(survey, { model: one.model, version: one.held.version });
    if (!version?.objects || version.manifest === null) continue;
    const details = { ...version.objects, manifest: version.manifest };
    const broken = await brokenGates(context, { policy, stage: one.view.stage, evaluated }, details);
    const reasons = [...broken.map(describeRow), ...skippedStages(survey, policy, one)];
    if (reasons.length > 0) found.push(drift(context, one, { details, reasons }));
  }
  return found;
}

async function brokenGates(
  context: RegistryContext,
  at: { readonly policy: Policy; readonly stage: StageName; readonly evaluated: ReadonlySet<string> },
  details: VersionDetails,
): Promise<readonly GateRow[]> {
  const { manifest, model, version } = details;
  const subject = { model, task: manifest.task ?? null, labels: manifest.labels };
  const limited = gatesFor(at.policy, at.stage, subject).some(
    ({ gate }) => gate.min !== undefined || gate.max !== undefined,
  );
  if (!limited) return [];
  const isMeasured = at.evaluated.has(evaluationRef(context, model));
  const measurements = isMeasured
    ? (await loadMeasurements(context, details)).measurements
    : [manifestMeasurement(details)];
  const rows = evaluateGates({
    policy: at.policy,
    stage: at.stage,
    candidate: { model, version, manifest, measurements },
    champion: null,
  });
  return rows.filter(
    ({ rule, verdict, severity }) => rule !== "maxRegression" && severity === "block" && verdict !== "pass",
  );
}

function describeRow({ rule, metric, slice, observed, limit }: GateRow): string {
  const name = slice === null ? metric : `${metric} of ${slice}`;
  const wanted = rule === "min" ? `at least ${limit}` : `at most ${limit}`;
  return observed === null
    ? `${name} is not measured, ${wanted} is asked`
    : `${name} is ${observed.text}, ${wanted} is asked`;
}

/** The stages of `from` that never held what the stage holds. */
function skippedStages(survey: Survey, policy: Policy, { view, model, held }: HeldModel): readonly string[] {
  return (stagePolicy(policy, view.stage)?.from ?? []).flatMap((before) => {
    const source = survey.stages.find(({ stage }) => stage === before);
    // A tag stage has no trees: what it held is in its tags.
    if (source === undefined || source.kind === "tag") return [];
    const events = survey.histories.get(source)?.ledgers.get(model)?.events ?? [];
    return events.some(({ tree }) => tree === held.tree) ? [] : [`${before} never held it`];
  });
}

function drift(
  context: RegistryContext,
  { view, model }: HeldModel,
  { details, reasons }: { readonly details: VersionDetails; readonly reasons: readonly string[] },
): Finding {
  const what = `${view.stage} holds ${formatVersionId(details)}, which could not enter today: ${reasons.join("; ")}`;
  return finding("policy-drift", what, {
    severity: "warning",
    ref: branchRef(context, formatStageBranch(view.stage)),
    hint: `git model promote ${model} --to ${view.stage} --dry-run`,
  });
}
