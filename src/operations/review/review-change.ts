import { type Finding, finding } from "../../domain/finding.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import { verdictOf } from "../../domain/promotion/judgement.ts";
import { heldVersion } from "../../domain/stage/ledger.ts";
import { RegistryError } from "../../errors.ts";
import type { ReviewAnswer } from "../answers.ts";
import { CODEOWNERS } from "../apply/stage-tree.ts";
import type { RegistryContext } from "../context.ts";
import { type JudgedChange, judgeChange } from "../judge/judge-change.ts";
import { nameFindings, versionFindings } from "../judge/version-findings.ts";
import { folderOwners, loadCatalog } from "../load/catalog.ts";
import { type ChangedTree, changedModels } from "../load/changed-models.ts";
import { defaultTip } from "../load/load-policy.ts";
import { entryAt, modelTree, readCommit } from "../load/trees.ts";
import type { VersionObjects } from "../load/version-details.ts";
import { loadSituation, type StageSituation } from "../promote/stage-change.ts";
import { answerReview } from "./answer-review.ts";
import type { ChangeAtHand } from "./change-at-hand.ts";

/** What a review came to, for the answer and for a merge. */
export interface Reviewed {
  readonly answer: ReviewAnswer;
  readonly situation: StageSituation | null;
  /** The reviewed tree of the model; null: absent. */
  readonly tree: ObjectId | null;
}

/** Judges a change as a reviewer would. Nothing is executed, nothing downloaded, nothing written. */
export async function reviewChange(context: RegistryContext, change: ChangeAtHand): Promise<Reviewed> {
  const mergeBase = await context.git.mergeBase(change.base, change.head);
  if (mergeBase === null) {
    const unrelated = finding("unrelated-history", `the change does not descend from stage/${change.stage}`, {
      hint: `start from stage/${change.stage}, or let git model promote make the branch`,
    });
    return {
      answer: await answerReview(context, change, { mergeBase, findings: [unrelated] }),
      situation: null,
      tree: null,
    };
  }
  const [before, after] = await Promise.all([readCommit(context.git, mergeBase), readCommit(context.git, change.head)]);
  const isKnown = folderOwners((await loadCatalog(context.git)).models.keys());
  const trees = { before: before.tree, after: after.tree };
  const changed = await changedModels(context.git, trees, isKnown);
  const outside = await foreignPaths(context, changed, after.tree);
  const [only] = changed.models;
  const isNamed = change.model === undefined || only?.model === change.model;
  if (only === undefined || changed.models.length > 1 || !isNamed) {
    const findings = [...outside, countFinding(changed, change.model)];
    return { answer: await answerReview(context, change, { mergeBase, findings }), situation: null, tree: null };
  }
  return reviewModel(context, change, {
    mergeBase,
    model: only.model,
    mergeBaseTree: only.before,
    tree: only.after,
    outside,
  });
}

async function reviewModel(
  context: RegistryContext,
  change: ChangeAtHand,
  one: {
    readonly mergeBase: ObjectId;
    readonly model: ModelName;
    readonly mergeBaseTree: ObjectId | null;
    readonly tree: ObjectId | null;
    readonly outside: readonly Finding[];
  },
): Promise<Reviewed> {
  const situation = await loadSituation(context, { model: one.model, stage: change.stage, dryRun: true });
  const version = one.tree === null ? null : (situation.byTree.get(one.tree) ?? null);
  const { judged, problem } =
    one.tree !== null && version === null
      ? { judged: null, problem: await unregistered(context, situation, one.tree) }
      : await judgeOrExplain(context, situation, version);
  const findings = [
    ...one.outside,
    ...(await stageMoved(context, change, one)),
    ...(problem === null ? [] : [problem]),
    ...(judged?.candidate ? await versionFindings(context, judged.candidate) : []),
    ...nameFindings(one.model, situation.catalog),
    ...(judged?.findings ?? []),
  ];
  const verdict = verdictOf(judged?.change ?? null, {
    gates: judged?.gates ?? [],
    needs: judged?.needs ?? [],
    findings,
  });
  const answer = await answerReview(context, change, {
    mergeBase: one.mergeBase,
    findings,
    verdict,
    judged,
    model: one.model,
    policy: situation.policy,
    from: heldVersion(situation.ledger.holds),
  });
  return { answer, situation, tree: one.tree };
}

/** A version that cannot be read, such as a tag made by hand, is a finding of this change and stops no other review. */
async function judgeOrExplain(
  context: RegistryContext,
  situation: StageSituation,
  candidate: VersionObjects | null,
): Promise<{ readonly judged: JudgedChange | null; readonly problem: Finding | null }> {
  try {
    const judged = await judgeChange(context, { ...situation, policy: situation.policy.policy, candidate });
    return { judged, problem: null };
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "manifest-invalid") throw error;
    return { judged: null, problem: finding("tag-invalid", error.message, { hint: "git model doctor" }) };
  }
}

/** Every path outside `models/` is foreign, but a CODEOWNERS equal to the default branch's. */
async function foreignPaths(
  context: RegistryContext,
  changed: ChangedTree,
  headTree: ObjectId,
): Promise<readonly Finding[]> {
  const tip = await defaultTip(context);
  const [owners, theirs] = await Promise.all([
    entryAt(context.git, headTree, CODEOWNERS),
    tip === null ? null : entryAt(context.git, (await readCommit(context.git, tip)).tree, CODEOWNERS),
  ]);
  return changed.others
    .filter((path) => path !== CODEOWNERS || owners?.id !== theirs?.id)
    .map((path) =>
      finding("path-outside-models", `${path} is changed, but a promotion changes one model only`, {
        file: path,
        hint: "make other changes on the default branch",
      }),
    );
}

function countFinding(changed: ChangedTree, wanted: ModelName | undefined): Finding {
  const [only] = changed.models;
  if (only === undefined) return finding("nothing-changed", "the change leaves every model as it is");
  if (changed.models.length === 1) {
    return finding(
      "nothing-changed",
      `the request is one for ${wanted}, which it leaves as it is: it changes ${only.model}`,
    );
  }
  const names = changed.models.map(({ model }) => model).join(", ");
  return finding("several-models", `the change touches ${names}: a promotion changes one model`, {
    hint: "open a request for each",
  });
}

async function stageMoved(
  context: RegistryContext,
  { base, stage }: ChangeAtHand,
  one: { readonly model: ModelName; readonly mergeBaseTree: ObjectId | null },
): Promise<readonly Finding[]> {
  const now = await modelTree(context.git, (await readCommit(context.git, base)).tree, one.model);
  if (now === one.mergeBaseTree) return [];
  return [
    finding("stage-moved", `stage/${stage} holds another version of ${one.model} than when this change was made`, {
      hint: "run git model promote again: it renews the request",
    }),
  ];
}

/** Why a tree is no version: what its manifest says of itself leads to the tag that it is not. */
async function unregistered(
  context: RegistryContext,
  { model, catalog }: Pick<StageSituation, "model" | "catalog">,
  tree: ObjectId,
): Promise<Finding> {
  const tags = catalog.models.get(model) ?? [];
  const [object] = await context.git.readObjects([tree]);
  const manifest = object?.kind === "tree" ? object.entries.find(({ name }) => name === "manifest.yaml") : undefined;
  const [blob] = manifest === undefined ? [] : await context.git.readObjects([manifest.id], { limit: 524_288 });
  const text = blob?.kind === "blob" ? new TextDecoder().decode(blob.bytes) : "";
  const said = /^version: "?([^"\n]+)"?$/m.exec(text)?.[1] ?? null;
  const entry = tags.find(({ version }) => version === said);
  if (entry === undefined) {
    return finding("version-unregistered", `no version of ${model} has this tree`, {
      hint: "git model register makes one",
    });
  }
  const ref = `refs/tags/${entry.tag}`;
  const sound = entry.commit !== null && (await readCommit(context.git, entry.commit)).tree !== tree;
  return sound
    ? finding("version-unregistered", `the tree is not the one that ${formatVersionId(entry)} was registered with`, {
        ref,
      })
    : finding("tag-invalid", `the tag ${entry.tag} is not what a version's tag is`, { ref, hint: "git model doctor" });
}
