import type { ObjectId } from "../../domain/object-id.ts";
import { RegistryError } from "../../errors.ts";
import type { RefEdit, RefName } from "../../ports/git-store.ts";
import type { RegistryContext } from "../context.ts";
import { branchRef } from "../load/ref-names.ts";

/**
 * A change of a ref of the registry, named as the registry's own (`refs/heads/stage/production`, `refs/tags/…`):
 * with a remote it is pushed and then followed here, without one it is made here.
 */
export interface RegistryEdit {
  readonly ref: RefName;
  readonly from: ObjectId | null;
  readonly to: ObjectId | null;
}

export type PublishOutcome =
  /** `adopted`: refs that were there already with exactly this value. */
  | { readonly kind: "done"; readonly adopted: readonly RefName[] }
  /** Some ref no longer had the expected value; nothing was changed. */
  | { readonly kind: "lost"; readonly refs: readonly RefName[] };

/** Makes all changes or none; what the remote refuses for another reason than a lost race is thrown. */
export async function publishRefs(context: RegistryContext, edits: readonly RegistryEdit[]): Promise<PublishOutcome> {
  if (context.remote === null) return publishHere(context, edits);
  const outcomes = await context.git.push(context.remote.name, edits, { atomic: true });
  const lost = outcomes.filter(({ status }) => status === "stale").map(({ ref }) => ref);
  if (lost.length > 0) return { kind: "lost", refs: lost };
  const refusal = outcomes.find((one) => one.status === "refused");
  if (refusal?.status === "refused") throw refusedByRemote(context, refusal);
  await followHere(context, edits);
  return { kind: "done", adopted: outcomes.filter(({ status }) => status === "up-to-date").map(({ ref }) => ref) };
}

/** Where an edit is visible in this clone: a branch in refs/remotes/<r>, a tag as itself. */
function localName(context: RegistryContext, ref: RefName): RefName {
  return ref.startsWith("refs/heads/") ? branchRef(context, ref.slice("refs/heads/".length)) : ref;
}

async function publishHere(context: RegistryContext, edits: readonly RefEdit[]): Promise<PublishOutcome> {
  const open: RefEdit[] = [];
  const adopted: RefName[] = [];
  for (const edit of edits) {
    const now = edit.from === null && edit.to !== null ? await context.git.readRef(edit.ref) : null;
    if (now !== null && now === edit.to) adopted.push(edit.ref);
    else open.push(edit);
  }
  if (open.length === 0) return { kind: "done", adopted };
  await requireNotCheckedOut(context, open);
  const outcome = await context.git.updateRefs(open);
  return outcome.ok ? { kind: "done", adopted } : { kind: "lost", refs: outcome.lost };
}

/** Files of a checked out branch would stay as they were and undo the change with the next commit (DETAILS 26). */
async function requireNotCheckedOut({ git }: RegistryContext, edits: readonly RefEdit[]): Promise<void> {
  const { workTree } = git.location;
  if (workTree === null || edits.every(({ ref, from }) => from === null || !ref.startsWith("refs/heads/"))) return;
  const head = await git.readSymbolicRef("HEAD");
  if (edits.every(({ ref }) => ref !== head)) return;
  const branch = head?.slice("refs/heads/".length);
  throw new RegistryError("push-rejected", `${branch} is checked out in ${workTree}, so it cannot be moved`, {
    hint: "git switch main, then run the command again",
  });
}

/** After a push the refs here follow; one that another process moved meanwhile is left to the next fetch. */
async function followHere(context: RegistryContext, edits: readonly RegistryEdit[]): Promise<void> {
  for (const edit of edits) {
    const ref = localName(context, edit.ref);
    const now = await context.git.readRef(ref);
    if (now !== edit.to) await context.git.updateRefs([{ ref, from: now, to: edit.to }]);
  }
}

function refusedByRemote(
  { remote }: RegistryContext,
  refusal: { readonly ref: RefName; readonly reason: string },
): RegistryError {
  const isStage = refusal.ref.startsWith("refs/heads/stage/");
  const isProtected = isStage && /protected|GH006|GH013|rule violations|hook declined/i.test(refusal.reason);
  return new RegistryError(
    isProtected ? "branch-protected" : "push-rejected",
    `${remote?.name ?? "the remote"} refuses ${refusal.ref}: ${refusal.reason}`,
    isProtected ? { hint: "the same command without --direct opens a request" } : {},
  );
}
