import type { Artifact } from "../../domain/artifact/artifact.ts";
import { type Finding, finding } from "../../domain/finding.ts";
import { findNameConflict, type ModelName } from "../../domain/model/model-name.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import { verdictOf } from "../../domain/promotion/judgement.ts";
import { heldVersion } from "../../domain/stage/ledger.ts";
import type { ReviewAnswer } from "../answers.ts";
import type { RegistryContext } from "../context.ts";
import { checkVersionTree } from "../judge/check-version-tree.ts";
import { type JudgedChange, judgeChange } from "../judge/judge-change.ts";
import type { VersionEntry } from "../load/catalog.ts";
import { type ChangedTree, changedModels } from "../load/changed-models.ts";
import { defaultTip } from "../load/load-policy.ts";
import { entryAt, modelTree, readCommit } from "../load/trees.ts";
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
  const changed = await changedModels(context.git, before.tree, after.tree);
  const outside = await foreignPaths(context, changed, after.tree);
  const [only] = changed.models;
  if (only === undefined || changed.models.length > 1) {
    const findings = [...outside, countFinding(changed)];
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
  const moved = await stageMoved(context, change, one);
  const version = one.tree === null ? null : (situation.byTree.get(one.tree) ?? null);
  const candidate =
    situation.catalog.models.get(one.model)?.find((entry) => entry.version === version?.version) ?? null;
  const judged =
    one.tree !== null && candidate === null
      ? null
      : await judgeChange(context, { ...situation, policy: situation.policy.policy, candidate });
  const findings = [
    ...one.outside,
    ...moved,
    ...(await versionFindings(context, { ...situation, tree: one.tree, candidate, judged })),
    ...nameFindings(situation),
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

/** Every path outside `models/` is foreign, but a CODEOWNERS equal to the default branch's. */
async function foreignPaths(
  context: RegistryContext,
  changed: ChangedTree,
  headTree: ObjectId,
): Promise<readonly Finding[]> {
  const tip = await defaultTip(context);
  const codeowners = ".github/CODEOWNERS";
  const [owners, theirs] = await Promise.all([
    entryAt(context.git, headTree, codeowners),
    tip === null ? null : entryAt(context.git, (await readCommit(context.git, tip)).tree, codeowners),
  ]);
  return changed.others
    .filter((path) => path !== codeowners || owners?.id !== theirs?.id)
    .map((path) =>
      finding("path-outside-models", `${path} is changed, but a promotion changes one model only`, {
        file: path,
        hint: "make other changes on the default branch",
      }),
    );
}

function countFinding(changed: ChangedTree): Finding {
  if (changed.models.length === 0) return finding("nothing-changed", "the change leaves every model as it is");
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

interface VersionAtHand {
  readonly model: ModelName;
  readonly catalog: StageSituation["catalog"];
  readonly tree: ObjectId | null;
  readonly candidate: VersionEntry | null;
  readonly judged: JudgedChange | null;
}

async function versionFindings(context: RegistryContext, one: VersionAtHand): Promise<readonly Finding[]> {
  if (one.tree === null) return [];
  if (one.candidate === null || one.judged?.candidate == null) return [await unregistered(context, one, one.tree)];
  const { candidate } = one;
  const ref = `refs/tags/${candidate.tag}`;
  const name = formatVersionId(candidate);
  const found: Finding[] = [];
  if (candidate.draft) {
    found.push(
      finding("version-unregistered", `${name} is a draft: nobody else has it yet`, { ref, hint: "git model push" }),
    );
  }
  if (candidate.yankId !== null)
    found.push(finding("yanked", `${name} is yanked`, { ref, hint: `git model show ${name}` }));
  found.push(...(await checkVersionTree(context.git, one.judged.candidate)));
  return [...found, ...(await missingArtifacts(context, one.judged.candidate.manifest.artifacts, name))];
}

async function unregistered(context: RegistryContext, one: VersionAtHand, tree: ObjectId): Promise<Finding> {
  const tags = [...(one.catalog.models.get(one.model) ?? [])];
  const [object] = await context.git.readObjects([tree]);
  const manifest = object?.kind === "tree" ? object.entries.find(({ name }) => name === "manifest.yaml") : undefined;
  const [blob] = manifest === undefined ? [] : await context.git.readObjects([manifest.id], { limit: 524_288 });
  const text = blob?.kind === "blob" ? new TextDecoder().decode(blob.bytes) : "";
  const said = /^version: "?([^"\n]+)"?$/m.exec(text)?.[1] ?? null;
  const entry = tags.find(({ version }) => version === said);
  if (entry === undefined) {
    return finding("version-unregistered", `no version of ${one.model} has this tree`, {
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

async function missingArtifacts(
  context: RegistryContext,
  artifacts: readonly Artifact[],
  name: string,
): Promise<readonly Finding[]> {
  const stored = artifacts.filter(({ size }) => size > 0);
  const missing =
    context.remote === null
      ? await missingHere(context, stored)
      : new Set((await context.remote.artifacts.missing(stored)).map(({ sha256 }) => sha256 as string));
  return stored
    .filter(({ sha256 }) => missing.has(sha256))
    .map(({ path }) =>
      finding("artifact-missing", `the bytes of ${path} of ${name} are not in the artifact store`, {
        file: path,
        hint: "git model push",
      }),
    );
}

async function missingHere(context: RegistryContext, artifacts: readonly Artifact[]): Promise<ReadonlySet<string>> {
  const states = await Promise.all(artifacts.map((pointer) => context.store.check(pointer)));
  return new Set(artifacts.filter((_, index) => states[index] !== "present").map(({ sha256 }) => sha256));
}

function nameFindings({ model, catalog }: StageSituation): readonly Finding[] {
  const conflict = findNameConflict(model, catalog.models.keys());
  return conflict === null ? [] : [finding("name-conflict", conflict.message)];
}
