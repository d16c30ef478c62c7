import { writeEvaluation } from "../documents/evaluation.ts";
import { checkTree } from "../documents/schema-findings.ts";
import { stripUserinfo } from "../documents/strip-userinfo.ts";
import type { Tree } from "../documents/yaml-tree.ts";
import type { Measurement } from "../domain/metric/measurement.ts";
import {
  type Evaluation,
  EvaluationSchema,
  formatEvaluationBranch,
  formatEvaluationPath,
} from "../domain/model/evaluation.ts";
import type { ModelName } from "../domain/model/model-name.ts";
import { formatVersionId } from "../domain/model/version-tag.ts";
import type { ObjectId } from "../domain/object-id.ts";
import { earlierSelf } from "../domain/policy/earlier-self.ts";
import { evaluateGates, type JudgedSide } from "../domain/policy/evaluate-gates.ts";
import { blocks, type GateRow } from "../domain/policy/gate.ts";
import { isoSeconds } from "../domain/promotion/judge-needs.ts";
import { RegistryError } from "../errors.ts";
import type { GitStore } from "../ports/git-store.ts";
import { answerVersion } from "./answer-parts.ts";
import type { EvaluateAnswer } from "./answers.ts";
import { contentDigest } from "./apply/content-digest.ts";
import { publishRefs } from "./apply/publish-refs.ts";
import { refresh } from "./apply/refresh.ts";
import { type Attempt, retryLostRaces } from "./apply/retry-lost-races.ts";
import { signatureNow } from "./apply/signature.ts";
import { replaceAt } from "./apply/stage-tree.ts";
import type { RegistryContext } from "./context.ts";
import { loadCatalogOf, type VersionEntry } from "./load/catalog.ts";
import { requirePolicy, requireStage } from "./load/load-policy.ts";
import { judgedSide } from "./load/measurements.ts";
import { evaluationDraftRef, evaluationRef } from "./load/ref-names.ts";
import { requireReference, resolveReference } from "./load/resolve-reference.ts";
import { loadLedger, loadStage } from "./load/stages.ts";
import { entryAt, readCommit } from "./load/trees.ts";
import { readDetails, type VersionDetails } from "./load/version-details.ts";
import type { EvaluateQuestion } from "./questions.ts";
import { withDecimals } from "./register/plan-content.ts";

/**
 * Records a measurement made after registering, on the append-only branch of evaluations; a lost race re-parents and
 * tries again. The same measurement again is no new one. With `check` the gates of that stage judge it (DETAILS 22).
 */
export async function evaluateVersion(context: RegistryContext, question: EvaluateQuestion): Promise<EvaluateAnswer> {
  const { model } = requireReference(question.reference);
  if (question.push !== false) await refresh(context, [model]);
  const { entry } = await resolveReference(context, question.reference);
  requireKnownThere(context, question, entry);
  const version = await readDetails(context.git, entry);
  const evaluation = buildEvaluation(context, question, version);
  const text = writeEvaluation(evaluation);
  const path = formatEvaluationPath(version.version, await contentDigest(text));
  const gates =
    question.check === undefined
      ? []
      : await checkAgainst(context, { version, evaluation, path, stage: question.check });
  const answer = { ...answerVersion(version), path, gates, passed: !gates.some(blocks) };
  if (question.dryRun === true) return { ...answer, created: !(await isRecorded(context, model, path)) };
  const created = await retryLostRaces(context.clock, (tries) =>
    append(context, { question, version, text, path, tries }),
  );
  if (created !== null) return { ...answer, created };
  throw new RegistryError("git-failed", `others kept adding evaluations of ${model}`, {
    retryable: true,
    hint: "run the command again",
  });
}

/** A measurement at the remote of a version that the remote does not know would be nobody's. */
function requireKnownThere(context: RegistryContext, question: EvaluateQuestion, entry: VersionEntry): void {
  if (!entry.draft || context.remote === null || question.push === false) return;
  throw new RegistryError("usage", `${formatVersionId(entry)} is a draft, which ${context.remote.name} does not know`, {
    hint: "git model push first, or add --no-push",
  });
}

async function isRecorded(context: RegistryContext, model: ModelName, path: string): Promise<boolean> {
  const { git } = context;
  const tip = await git.readRef(evaluationRef(context, model));
  return tip !== null && (await entryAt(git, (await readCommit(git, tip)).tree, path)) !== null;
}

interface Append {
  readonly question: EvaluateQuestion;
  readonly version: VersionDetails;
  readonly text: string;
  readonly path: string;
  readonly tries: number;
}

async function append(context: RegistryContext, one: Append): Promise<Attempt<boolean>> {
  const { git } = context;
  const { model } = one.version;
  if (one.tries > 0 && one.question.push !== false) await refresh(context, [model]);
  const isDraft = one.question.push === false && context.remote !== null;
  const ref = isDraft ? evaluationDraftRef(model) : evaluationRef(context, model);
  const published = await git.readRef(evaluationRef(context, model));
  const kept = isDraft ? await git.readRef(ref) : published;
  const tip = (await isBehind(git, kept, published)) ? published : kept;
  const root = tip === null ? await git.writeTree([]) : (await readCommit(git, tip)).tree;
  if ((await entryAt(git, root, one.path)) !== null) return { kind: "done", value: false };
  const id = await git.writeBlob(new TextEncoder().encode(one.text));
  const tree = await replaceAt(git, root, { path: one.path, entry: { name: "", mode: "100644", id } });
  const by = await signatureNow(context);
  const message = `Evaluate ${model} ${one.version.version}\n`;
  const commit = await git.writeCommit({
    tree,
    parents: tip === null ? [] : [tip],
    author: by,
    committer: by,
    message,
  });
  if (isDraft) {
    const outcome = await git.updateRefs([{ ref, from: kept, to: commit }]);
    return outcome.ok ? { kind: "done", value: true } : { kind: "lost" };
  }
  const outcome = await publishRefs(context, [
    { ref: `refs/heads/${formatEvaluationBranch(model)}`, from: tip, to: commit },
  ]);
  return outcome.kind === "done" ? { kind: "done", value: outcome.adopted.length === 0 } : { kind: "lost" };
}

/** True iff all that was kept here is published by now, with more. */
async function isBehind(git: GitStore, kept: ObjectId | null, published: ObjectId | null): Promise<boolean> {
  if (kept === null || published === null) return kept === null;
  return kept !== published && (await git.mergeBase(kept, published)) === kept;
}

function buildEvaluation(context: RegistryContext, question: EvaluateQuestion, version: VersionDetails): Evaluation {
  const now = question.live === true ? isoSeconds(context.clock.now()) : undefined;
  const tree = {
    schemaVersion: 1,
    model: version.model,
    version: version.version,
    tree: version.tree,
    kind: question.live === true ? "live" : "offline",
    measuredAt: question.at ?? now,
    evaluation: question.evaluation,
    metrics: question.metrics,
    slices: question.slices,
    note: question.note,
  };
  const given = Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== undefined));
  if (isEmpty(question.metrics) && isEmpty(question.slices)) {
    throw new RegistryError("metrics-invalid", `the evaluation of ${formatVersionId(version)} measures nothing`, {
      hint: "give at least one metric",
    });
  }
  const checked = checkTree(withDecimals(given) as Tree, EvaluationSchema, { file: null, locate: () => null });
  if (checked.ok) return withoutUserinfo(checked.value);
  const [first] = checked.findings;
  const code = /^(?:metrics|slices)\b/.test(first?.message ?? "") ? "metrics-invalid" : "evaluation-invalid";
  throw new RegistryError(
    code,
    `the evaluation of ${formatVersionId(version)} cannot be recorded: ${first?.message ?? "invalid"}`,
    {
      findings: checked.findings,
      ...(first?.hint ? { hint: first.hint } : {}),
    },
  );
}

function isEmpty(map: unknown): boolean {
  return map === undefined || (typeof map === "object" && map !== null && Object.keys(map).length === 0);
}

function withoutUserinfo(evaluation: Evaluation): Evaluation {
  const dataset = evaluation.evaluation?.dataset;
  if (dataset?.uri === undefined) return evaluation;
  return {
    ...evaluation,
    evaluation: { ...evaluation.evaluation, dataset: { ...dataset, uri: stripUserinfo(dataset.uri) } },
  };
}

/** Judges this measurement alone by the stage's gates of its kind; the champion is what the stage holds. */
async function checkAgainst(
  context: RegistryContext,
  one: {
    readonly version: VersionDetails;
    readonly evaluation: Evaluation;
    readonly path: string;
    readonly stage: string;
  },
): Promise<readonly GateRow[]> {
  const { policy } = await requirePolicy(context);
  const { stage } = requireStage(policy, one.stage);
  const { version, evaluation } = one;
  const measurement: Measurement = {
    kind: evaluation.kind,
    from: one.path,
    at: evaluation.measuredAt ?? isoSeconds(context.clock.now()),
    by: (await context.identify()).name,
    evaluation: evaluation.evaluation ?? null,
    metrics: evaluation.metrics,
    slices: evaluation.slices,
  };
  const catalog = await loadCatalogOf(context.git, [version.model]);
  const { holds } = await loadLedger(context, await loadStage(context, policy, stage), {
    name: version.model,
    catalog,
  });
  const held = catalog.models.get(version.model)?.find((entry) => holds !== null && entry.version === holds.version);
  const candidate: JudgedSide = { ...version, measurements: [measurement] };
  const side = held === undefined ? null : await judgedSide(context, held);
  const isSelf = side !== null && side.version === version.version;
  const champion = isSelf ? earlierSelf(side, measurement, { evaluationRequired: policy.evaluation.required }) : side;
  return evaluateGates({ policy, stage, candidate, champion, kind: evaluation.kind });
}
