import { formatReviewReport } from "../../documents/report.ts";
import type { Finding } from "../../domain/finding.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { ReviewVerdict } from "../../domain/promotion/judgement.ts";
import type { HeldVersion } from "../../domain/stage/ledger.ts";
import { answerDiff } from "../answer-parts.ts";
import type { ReviewAnswer } from "../answers.ts";
import type { RegistryContext } from "../context.ts";
import type { JudgedChange } from "../judge/judge-change.ts";
import { type LoadedPolicy, requirePolicy } from "../load/load-policy.ts";
import type { ChangeAtHand } from "./change-at-hand.ts";

/** What a review found out; a change that is not of one model has findings only. */
interface Outcome {
  readonly mergeBase: ObjectId | null;
  readonly findings: readonly Finding[];
  readonly verdict?: ReviewVerdict;
  readonly judged?: JudgedChange | null;
  readonly model?: ModelName;
  readonly policy?: LoadedPolicy;
  readonly from?: HeldVersion | null;
}

/** The answer of a review with its Markdown report. */
export async function answerReview(
  context: RegistryContext,
  change: ChangeAtHand,
  outcome: Outcome,
): Promise<ReviewAnswer> {
  const policy = outcome.policy ?? (await requirePolicy(context));
  const judged = outcome.judged ?? null;
  const candidate = judged?.candidate ?? null;
  const review = {
    verdict: outcome.verdict ?? ("refuse" as const),
    change: judged?.change ?? null,
    model: outcome.model ?? null,
    from: outcome.from ?? null,
    to: candidate?.version ?? null,
    stage: change.stage,
    gates: judged?.gates ?? [],
    needs: judged?.needs ?? [],
    findings: outcome.findings,
  };
  const report = formatReviewReport({
    ...review,
    diff: judged?.diff ?? null,
    changelog: candidate?.manifest.changelog ?? [],
    runUrl: candidate?.manifest.source?.run ?? null,
    artifactsPresent: candidate === null ? null : outcome.findings.every(({ code }) => code !== "artifact-missing"),
    headId: change.head,
    baseId: change.base,
    policyId: policy.id,
    policyBranch: policy.branch,
  });
  const diff = judged?.diff && candidate ? answerDiff(judged.diff, { from: judged.champion, to: candidate }) : null;
  return {
    ...review,
    head: change.head,
    base: change.base,
    mergeBase: outcome.mergeBase,
    policy: policy.id,
    diff,
    report,
  };
}
