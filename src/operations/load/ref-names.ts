import { formatEvaluationBranch } from "../../domain/model/evaluation.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import { formatStageBranch, type StageName } from "../../domain/policy/stage.ts";
import type { RefName } from "../../ports/git-store.ts";
import type { RegistryContext } from "../context.ts";

type Where = Pick<RegistryContext, "remote">;

/** Where a branch of the registry is read: the remote's copy, without a remote the local one; never the newer of the two. */
export function branchRef(where: Where, branch: string): RefName {
  return `${branchPrefix(where)}${branch}` as RefName;
}

/** `refs/remotes/<r>/` or `refs/heads/`. */
export function branchPrefix({ remote }: Where): RefName {
  return remote === null ? "refs/heads/" : `refs/remotes/${remote.name}/`;
}

/** The branch that a full name stands for in this registry, or null for another kind of ref. */
export function branchOf(where: Where, ref: RefName): string | null {
  const prefix = branchPrefix(where);
  return ref.startsWith(prefix) ? ref.slice(prefix.length) : null;
}

export function stageRef(where: Where, stage: StageName): RefName {
  return branchRef(where, formatStageBranch(stage));
}

export function evaluationRef(where: Where, model: ModelName): RefName {
  return branchRef(where, formatEvaluationBranch(model));
}

/** Where `evaluate --no-push` keeps a measurement until `push`, in a clone with a remote. */
export function evaluationDraftRef(model: ModelName): RefName {
  return `refs/heads/${formatEvaluationBranch(model)}`;
}

export function tagRef(tag: string): RefName {
  return `refs/tags/${tag}`;
}

/** The marker of a version that was never published (DETAILS 11). */
export function draftRef(tag: string): RefName {
  return `${DRAFTS}${tag}`;
}

export const TAGS: RefName = "refs/tags/";
export const DRAFTS: RefName = "refs/git-model/drafts/";
