import type { ModelName } from "../../domain/model/model-name.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { StageName } from "../../domain/policy/stage.ts";
import { type Change, formatRequestBranch, parseRequestBranch } from "../../domain/promotion/request-branch.ts";
import type { RegistryEdit } from "../apply/publish-refs.ts";
import type { RegistryContext } from "../context.ts";
import { branchOf, branchRef, stageRef } from "../load/ref-names.ts";
import { modelTree, readCommit } from "../load/trees.ts";

/** An open request of the local forge: nothing but its branch (DESIGN section 4). */
export interface OpenRequest {
  readonly change: Change;
  readonly stage: StageName;
  readonly model: ModelName;
  readonly branch: string;
  readonly head: ObjectId;
}

const PREFIXES = ["promote/", "rollback/", "demote/"];

/** Every request branch, open or not. */
export async function loadRequestBranches(context: RegistryContext): Promise<readonly OpenRequest[]> {
  const refs = await context.git.listRefs(PREFIXES.map((prefix) => branchRef(context, prefix)));
  return refs.flatMap((ref): readonly OpenRequest[] => {
    const branch = branchOf(context, ref.name);
    const request = branch === null ? null : parseRequestBranch(branch);
    return branch === null || request === null ? [] : [{ ...request, branch, head: ref.id }];
  });
}

/** The requests that are open: those whose subtree the stage does not hold already (DETAILS 26). */
export async function loadOpenRequests(context: RegistryContext): Promise<readonly OpenRequest[]> {
  const all = await loadRequestBranches(context);
  const open = await Promise.all(all.map((request) => isOpen(context, request)));
  return all.filter((_, index) => open[index]);
}

async function isOpen(context: RegistryContext, request: OpenRequest): Promise<boolean> {
  const tip = await context.git.readRef(stageRef(context, request.stage));
  if (tip === null) return true;
  const [head, stage] = await Promise.all([
    treeAt(context, request.head, request.model),
    treeAt(context, tip, request.model),
  ]);
  return head !== stage;
}

/** The model's tree at a commit; null where it has none. */
export async function treeAt(context: RegistryContext, commit: ObjectId, model: ModelName): Promise<ObjectId | null> {
  return modelTree(context.git, (await readCommit(context.git, commit)).tree, model);
}

/** Deletions of all request branches of a model and a stage, but for one that stays. */
export async function requestEdits(
  context: RegistryContext,
  of: { readonly model: ModelName; readonly stage: StageName },
  except?: Change,
): Promise<readonly RegistryEdit[]> {
  const edits: RegistryEdit[] = [];
  for (const change of ["release", "rollback", "demote"] as const) {
    if (change === except) continue;
    const branch = formatRequestBranch({ change, stage: of.stage, model: of.model });
    const head = await context.git.readRef(branchRef(context, branch));
    if (head !== null) edits.push({ ref: `refs/heads/${branch}`, from: head, to: null });
  }
  return edits;
}
