import type { ModelName } from "../domain/model/model-name.ts";
import { isObjectId, type ObjectId } from "../domain/object-id.ts";
import { parseStageBranch, parseStageName, type StageName } from "../domain/policy/stage.ts";
import { RegistryError } from "../errors.ts";
import type { ReviewAnswer } from "./answers.ts";
import type { RegistryContext } from "./context.ts";
import { requirePolicy, requireStage } from "./load/load-policy.ts";
import { branchRef, stageRef } from "./load/ref-names.ts";
import { loadStages } from "./load/stages.ts";
import { readCommit } from "./load/trees.ts";
import { findRequest } from "./promote/find-request.ts";
import { loadOpenRequests } from "./promote/request-branches.ts";
import type { ReviewQuestion } from "./questions.ts";
import type { ChangeAtHand } from "./review/change-at-hand.ts";
import { reviewChange } from "./review/review-change.ts";

/**
 * Judges a change of a stage: an open request, or any base and head. Local and read-only; the policy is the default
 * branch's, never the change's own.
 */
export async function reviewPromotion(context: RegistryContext, question: ReviewQuestion): Promise<ReviewAnswer> {
  await requirePolicy(context);
  return (await reviewChange(context, await changeAtHand(context, question))).answer;
}

async function changeAtHand(context: RegistryContext, question: ReviewQuestion): Promise<ChangeAtHand> {
  const { model, stage, base, head } = question;
  if (base !== undefined || head !== undefined) {
    if (base === undefined || head === undefined || model !== undefined) {
      throw new RegistryError("usage", "review takes --base and --head together, or a model and --stage");
    }
    return changeBetween(context, { base, head, stage: stage ?? null });
  }
  if (model !== undefined || stage !== undefined) {
    if (model === undefined || stage === undefined) {
      throw new RegistryError("usage", "review takes a model and --stage together", {
        hint: "git model review fraud --stage production",
      });
    }
    return requestChange(context, await findRequest(context, { model, stage }));
  }
  const open = await loadOpenRequests(context);
  const [only] = open;
  if (only !== undefined && open.length === 1) return requestChange(context, only);
  throw new RegistryError("usage", open.length === 0 ? "no request is open" : `${open.length} requests are open`, {
    hint:
      open.length === 0
        ? "git model review --base stage/production --head BRANCH"
        : "git model review MODEL --stage STAGE",
  });
}

/** The change of an open request, against the stage as it is now. */
export async function requestChange(
  context: RegistryContext,
  request: { readonly stage: StageName; readonly model: ModelName; readonly head: ObjectId },
): Promise<ChangeAtHand> {
  const base = await context.git.readRef(stageRef(context, request.stage));
  if (base === null)
    throw new RegistryError("not-found", `there is no branch stage/${request.stage}`, { hint: "git model init" });
  return { stage: request.stage, model: request.model, base, head: request.head };
}

async function changeBetween(
  context: RegistryContext,
  named: { readonly base: string; readonly head: string; readonly stage: string | null },
): Promise<ChangeAtHand> {
  const { policy } = await requirePolicy(context);
  const [base, head] = [await commitNamed(context, named.base), await commitNamed(context, named.head)];
  if (named.stage !== null) return { stage: requireStage(policy, named.stage).stage, base, head };
  const byName = parseStageBranch(named.base.replace(/^refs\/(?:heads|remotes\/[^/]+)\//, ""));
  const byTip = (await loadStages(context, policy)).filter(({ tip }) => tip === base);
  const stage = byName ?? (byTip.length === 1 ? byTip[0]?.stage : null) ?? null;
  if (stage === null || !parseStageName(stage).ok) {
    throw new RegistryError("usage", `${named.base} is not the branch of a stage`, {
      hint: "name it as --base stage/production, or add --stage",
    });
  }
  return { stage, base, head };
}

/** A full commit id, a full ref name, or a branch or tag of the registry; always looked up by full name. */
async function commitNamed(context: RegistryContext, name: string): Promise<ObjectId> {
  const id = isObjectId(name) ? name : await refNamed(context, name);
  const [object] = id === null ? [null] : await context.git.readObjects([id]);
  if (object?.kind === "commit") return object.id;
  if (object?.kind === "tag" && object.targetKind === "commit")
    return (await readCommit(context.git, object.target)).id;
  throw new RegistryError("not-found", `there is no commit ${JSON.stringify(name.slice(0, 100))} here`, {
    hint: "git model fetch",
  });
}

async function refNamed({ git, remote }: RegistryContext, name: string): Promise<ObjectId | null> {
  if (/[\s~^:?*[\\]|\.\.|@\{|^-/.test(name)) {
    throw new RegistryError(
      "reference-invalid",
      `${JSON.stringify(name.slice(0, 100))} is not the name of a branch, a tag or a commit`,
    );
  }
  const candidates = name.startsWith("refs/")
    ? [name as `refs/${string}`]
    : ([branchRef({ remote }, name), `refs/heads/${name}`, `refs/tags/${name}`, `refs/remotes/${name}`] as const);
  for (const candidate of candidates) {
    const id = await git.readRef(candidate);
    if (id !== null) return id;
  }
  return null;
}
