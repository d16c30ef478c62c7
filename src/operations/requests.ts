import { finding } from "../domain/finding.ts";
import { heldVersion } from "../domain/stage/ledger.ts";
import { RegistryError } from "../errors.ts";
import type { PromotionAnswer, RequestAnswer, RequestListAnswer, ReviewAnswer } from "./answers.ts";
import { publishRefs } from "./apply/publish-refs.ts";
import { refresh } from "./apply/refresh.ts";
import { type Attempt, retryLostRaces } from "./apply/retry-lost-races.ts";
import type { RegistryContext } from "./context.ts";
import { requirePolicy } from "./load/load-policy.ts";
import { requireModelName } from "./load/resolve-reference.ts";
import { readCommit } from "./load/trees.ts";
import { findRequest } from "./promote/find-request.ts";
import { moveStage } from "./promote/move-stage.ts";
import { loadOpenRequests, type OpenRequest, requestEdits } from "./promote/request-branches.ts";
import { wantedChange } from "./promote/stage-change.ts";
import type { RequestQuestion } from "./questions.ts";
import { type Reviewed, reviewChange } from "./review/review-change.ts";
import { requestChange } from "./review-promotion.ts";

/** Every open request with its verdict. */
export async function listRequests(context: RegistryContext): Promise<RequestListAnswer> {
  await refresh(context, []);
  await requirePolicy(context);
  const models = new Set((await loadOpenRequests(context)).map(({ model }) => model));
  if (models.size > 0) await refresh(context, [...models]);
  const promotions: RequestListAnswer["promotions"][number][] = [];
  for (const request of await loadOpenRequests(context)) {
    const answer = await tryReview(context, request);
    const { model, stage, change, branch } = request;
    promotions.push({
      ...{ model, stage, from: answer?.from ?? null, to: answer?.to ?? null, change: answer?.change ?? change, branch },
      ...{ number: null, url: null, status: answer?.verdict ?? "error", draft: false },
    });
  }
  return { promotions };
}

/** The review of a request; null where it cannot be judged, such as a branch of broken objects, which is told. */
export async function tryReview(context: RegistryContext, request: OpenRequest): Promise<ReviewAnswer | null> {
  try {
    return (await reviewChange(context, await requestChange(context, request))).answer;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const message = `the request ${request.branch} cannot be judged: ${error.message}`;
    context.reporter.warn(finding("failed", message, { severity: "warning", hint: error.hint }));
    return null;
  }
}

/** One open request, judged now. */
export async function showRequest(context: RegistryContext, question: RequestQuestion): Promise<RequestAnswer> {
  const request = await freshRequest(context, question);
  const { answer } = await reviewChange(context, await requestChange(context, request));
  return { ...promotionOf(request, answer), status: answer.verdict, report: answer.report };
}

/** Reviews, then merges in one transaction: stage, release tag, branch deletion (DETAILS 26). Refuse or wait: `refused`. */
export async function mergeRequest(context: RegistryContext, question: RequestQuestion): Promise<PromotionAnswer> {
  const merged = await retryLostRaces(context.clock, async (): Promise<Attempt<PromotionAnswer>> => {
    const request = await freshRequest(context, question);
    const change = await requestChange(context, request);
    const reviewed = await reviewChange(context, change);
    const promotion = promotionOf(request, reviewed.answer);
    const plan = question.dryRun === true ? { planned: true as const } : {};
    if (reviewed.answer.verdict !== "accept")
      return { kind: "done", value: { ...promotion, kind: "refused", ...plan } };
    if (question.dryRun === true)
      return { kind: "done", value: { ...promotion, kind: "released", head: null, ...plan } };
    return merge(context, { request, reviewed, promotion });
  });
  if (merged !== null) return merged;
  throw new RegistryError("stage-moved", `others kept moving ${question.stage} while the request was merged`, {
    retryable: true,
    hint: "run the command again",
  });
}

/** Closes a request without merging it: its branch is deleted. */
export async function closeRequest(context: RegistryContext, question: RequestQuestion): Promise<PromotionAnswer> {
  const request = await freshRequest(context, question);
  const { answer } = await reviewChange(context, await requestChange(context, request));
  const promotion = promotionOf(request, answer);
  if (question.dryRun === true) return { ...promotion, kind: "closed", planned: true };
  const edits = await requestEdits(context, request);
  if ((await publishRefs(context, edits)).kind === "done") return { ...promotion, kind: "closed" };
  throw new RegistryError("stage-moved", `the request for ${request.model} on ${request.stage} changed meanwhile`, {
    retryable: true,
    hint: `git model pr show ${request.model} --stage ${request.stage}`,
  });
}

/** The open request after a fetch, with the tags of its model: a colleague may have registered the version. */
async function freshRequest(context: RegistryContext, question: RequestQuestion): Promise<OpenRequest> {
  await refresh(context, [requireModelName(question.model)]);
  return findRequest(context, question);
}

async function merge(
  context: RegistryContext,
  one: { readonly request: OpenRequest; readonly reviewed: Reviewed; readonly promotion: PromotionAnswer },
): Promise<Attempt<PromotionAnswer>> {
  const { situation, tree } = one.reviewed;
  const entry = situation?.catalog.models
    .get(one.request.model)
    ?.find(({ version }) => tree !== null && situation.byTree.get(tree)?.version === version);
  const wanted = situation === null ? null : wantedChange(situation, entry ?? null);
  if (tree !== null && entry === undefined) return { kind: "lost" };
  if (situation === null || wanted === null || situation.view.tip !== one.reviewed.answer.base) return { kind: "lost" };
  const { parents } = await readCommit(context.git, one.request.head);
  const isChild = parents.length === 1 && parents[0] === situation.view.tip;
  const moved = await moveStage(context, situation, { wanted, ...(isChild ? { commit: one.request.head } : {}) });
  if (moved.kind === "lost") return { kind: "lost" };
  const { head, base, tag } = moved;
  const from = heldVersion(situation.ledger.holds);
  return { kind: "done", value: { ...one.promotion, kind: "released", from, head, base, tag } };
}

function promotionOf(request: OpenRequest, review: ReviewAnswer): PromotionAnswer {
  return {
    kind: "pull-request",
    change: review.change ?? request.change,
    model: request.model,
    from: review.from,
    to: review.to,
    stage: request.stage,
    branch: request.branch,
    number: null,
    url: null,
    created: false,
    passed: review.verdict !== "refuse",
    head: request.head,
    base: review.base,
    tag: null,
    policy: review.policy,
    gates: review.gates,
    needs: review.needs,
    findings: review.findings,
  };
}
