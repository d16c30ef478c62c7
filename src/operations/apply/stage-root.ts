import type { ObjectId } from "../../domain/object-id.ts";
import { formatStageBranch, type StageName } from "../../domain/policy/stage.ts";
import type { GitStore, Signature } from "../../ports/git-store.ts";
import type { RegistryContext } from "../context.ts";
import { stageRef } from "../load/ref-names.ts";
import { publishRefs } from "./publish-refs.ts";

const FOUNDER: Signature = { name: "git-model", email: "git-model@invalid", seconds: 0, zone: "+0000" };

/** Writes a stage's root commit, the same object in every clone (DESIGN section 1, DETAILS 4). */
export async function writeStageRoot(git: GitStore, stage: StageName): Promise<ObjectId> {
  const tree = await git.writeTree([]);
  return git.writeCommit({
    tree,
    parents: [],
    author: FOUNDER,
    committer: FOUNDER,
    message: `Create stage ${stage}\n`,
  });
}

/** The stage's tip; its root is made where the branch is absent. Any number of writers converge. */
export async function ensureStage(context: RegistryContext, stage: StageName): Promise<ObjectId> {
  const tip = await context.git.readRef(stageRef(context, stage));
  if (tip !== null) return tip;
  const root = await writeStageRoot(context.git, stage);
  await publishRefs(context, [{ ref: `refs/heads/${formatStageBranch(stage)}`, from: null, to: root }]);
  return (await context.git.readRef(stageRef(context, stage))) ?? root;
}
