import type { ObjectId } from "../../domain/object-id.ts";
import { formatRequestBranch } from "../../domain/promotion/request-branch.ts";
import { publishRefs } from "../apply/publish-refs.ts";
import type { RegistryContext } from "../context.ts";
import { branchRef } from "../load/ref-names.ts";
import { writeStageCommit } from "./move-stage.ts";
import { requestEdits, treeAt } from "./request-branches.ts";
import type { StageChangeWanted, StageSituation } from "./stage-change.ts";

export type Opened =
  | {
      readonly kind: "opened";
      readonly branch: string;
      readonly head: ObjectId;
      readonly base: ObjectId | null;
      readonly created: boolean;
    }
  | { readonly kind: "lost" };

/**
 * Opens the request of a change, or adopts the open one: a branch that holds the planned tree and rests on what the
 * stage holds now is left untouched (DETAILS 25). Other requests of the model and stage are closed.
 */
export async function openRequest(
  context: RegistryContext,
  situation: StageSituation,
  { wanted, message }: { readonly wanted: StageChangeWanted; readonly message: string | null },
): Promise<Opened> {
  const { model, stage, view } = situation;
  const branch = formatRequestBranch({ change: wanted.change, stage, model });
  const present = await context.git.readRef(branchRef(context, branch));
  const others = await requestEdits(context, situation, wanted.change);
  const fits = present !== null && (await isCurrent(context, situation, { wanted, head: present }));
  const head = fits ? present : await writeStageCommit(context, situation, { ...wanted, message });
  const edits = fits ? others : [{ ref: `refs/heads/${branch}` as const, from: present, to: head }, ...others];
  if (edits.length > 0 && (await publishRefs(context, edits)).kind === "lost") return { kind: "lost" };
  const wasOpen =
    present !== null && (await treeAt(context, present, model)) !== (situation.ledger.holds?.tree ?? null);
  return { kind: "opened", branch, head, base: view.tip, created: !wasOpen };
}

async function isCurrent(
  context: RegistryContext,
  { model, view, ledger }: StageSituation,
  request: { readonly wanted: StageChangeWanted; readonly head: ObjectId },
): Promise<boolean> {
  if (view.tip === null || (await treeAt(context, request.head, model)) !== request.wanted.tree) return false;
  const base = await context.git.mergeBase(view.tip, request.head);
  return base !== null && (await treeAt(context, base, model)) === (ledger.holds?.tree ?? null);
}
