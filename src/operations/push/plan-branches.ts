import { parseEvaluationBranch } from "../../domain/model/evaluation.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import { parseStageBranch } from "../../domain/policy/stage.ts";
import type { RefEdit } from "../../ports/git-store.ts";
import { signatureNow } from "../apply/signature.ts";
import { replaceAt } from "../apply/stage-tree.ts";
import type { RegistryContext } from "../context.ts";
import { branchOf, branchRef } from "../load/ref-names.ts";
import { readCommit, walkTree } from "../load/trees.ts";

/** Which local branches the remote is to get. Read after a fetch. */
export interface BranchPlan {
  /** `local`: what the branch is here, which may be less than what is pushed. */
  readonly edits: readonly (RefEdit & { readonly to: ObjectId; readonly local: ObjectId })[];
  /** Branches that hold something here which is not on top of what the remote has. */
  readonly diverged: readonly string[];
}

/** Local stage branches that the remote lacks or that are ahead of it. */
export async function planStages(context: RegistryContext): Promise<BranchPlan> {
  const edits: BranchPlan["edits"][number][] = [];
  const diverged: string[] = [];
  for (const one of await localBranches(context, "refs/heads/stage/")) {
    if (parseStageBranch(one.branch) === null) continue;
    const place = await compare(context, one);
    if (place === "ahead") edits.push(editOf(one, one.local));
    if (place === "diverged") diverged.push(one.branch);
  }
  return { edits, diverged };
}

/** Evaluations that `--no-push` kept: theirs and ours have disjoint paths, so ours are added on top of theirs. */
export async function planEvaluations(context: RegistryContext): Promise<BranchPlan> {
  const edits: BranchPlan["edits"][number][] = [];
  for (const one of await localBranches(context, "refs/heads/evaluations/")) {
    if (parseEvaluationBranch(one.branch) === null) continue;
    const place = await compare(context, one);
    if (place === "ahead") edits.push(editOf(one, one.local));
    const merged = place === "diverged" && one.theirs !== null ? await addOurs(context, one.theirs, one.local) : null;
    if (merged !== null) edits.push(editOf(one, merged));
  }
  return { edits, diverged: [] };
}

interface LocalBranch {
  readonly ref: RefEdit["ref"];
  readonly branch: string;
  readonly local: ObjectId;
  readonly theirs: ObjectId | null;
}

async function localBranches(
  context: RegistryContext,
  prefix: "refs/heads/stage/" | "refs/heads/evaluations/",
): Promise<readonly LocalBranch[]> {
  const branches: LocalBranch[] = [];
  for (const { name, id } of await context.git.listRefs([prefix])) {
    const branch = branchOf({ remote: null }, name);
    if (branch === null) continue;
    branches.push({ ref: name, branch, local: id, theirs: await context.git.readRef(branchRef(context, branch)) });
  }
  return branches;
}

async function compare({ git }: RegistryContext, { local, theirs }: LocalBranch): Promise<string> {
  if (theirs === null) return "ahead";
  if (theirs === local) return "equal";
  const base = await git.mergeBase(theirs, local);
  if (base === theirs) return "ahead";
  return base === local ? "behind" : "diverged";
}

function editOf({ ref, local, theirs }: LocalBranch, to: ObjectId): BranchPlan["edits"][number] {
  return { ref, local, from: theirs, to };
}

const WHOLE = { depth: 3, entries: 1_000_000 };

/** One commit on top of theirs with the files that they lack; null when they lack none. */
async function addOurs(context: RegistryContext, theirs: ObjectId, ours: ObjectId): Promise<ObjectId | null> {
  const { git } = context;
  const [base, own] = await Promise.all([readCommit(git, theirs), readCommit(git, ours)]);
  const present = new Set((await walkTree(git, base.tree, WHOLE)).map(({ name }) => name));
  const missing = (await walkTree(git, own.tree, WHOLE)).filter(({ name }) => !present.has(name));
  if (missing.length === 0) return null;
  let tree = base.tree;
  for (const entry of missing) tree = await replaceAt(git, tree, { path: entry.name, entry });
  const by = await signatureNow(context);
  return git.writeCommit({ tree, parents: [theirs], author: by, committer: by, message: own.message });
}
