import type { ModelName } from "../../domain/model/model-name.ts";
import type { Version } from "../../domain/model/version.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import { type Policy, stageNames, stagePolicy } from "../../domain/policy/policy.ts";
import { formatStageBranch, parseStageBranch, type StageName } from "../../domain/policy/stage.ts";
import {
  EMPTY_LEDGER,
  type HeldVersion,
  type Ledger,
  readLedger,
  type StageChange,
} from "../../domain/stage/ledger.ts";
import { RegistryError } from "../../errors.ts";
import type { GitStore, WalkedCommit } from "../../ports/git-store.ts";
import type { RegistryContext } from "../context.ts";
import type { Catalog, ReleaseEntry, VersionEntry } from "./catalog.ts";
import { branchOf, branchRef } from "./ref-names.ts";
import { modelTree, readCommit, readCommits, readTags } from "./trees.ts";
import { tryReadManifests, tryReadVersions, type VersionObjects } from "./version-details.ts";

/** A stage as policy and refs show it. */
export interface StageView {
  readonly stage: StageName;
  readonly kind: "branch" | "tag";
  /** Tip of its branch; null for a tag stage, and for a branch that is not made yet. */
  readonly tip: ObjectId | null;
  /** False: a branch without a policy entry, readable but not writable (DETAILS 12). */
  readonly declared: boolean;
}

/** The declared stages in the policy's order, then branches that the policy does not know. */
export async function loadStages(context: RegistryContext, policy: Policy | null): Promise<readonly StageView[]> {
  const refs = await context.git.listRefs([branchRef(context, "stage/")]);
  const tips = new Map<StageName, ObjectId>();
  for (const ref of refs) {
    const stage = parseStageBranch(branchOf(context, ref.name) ?? "");
    if (stage !== null) tips.set(stage, ref.id);
  }
  const declared = policy === null ? [] : stageNames(policy);
  const views = declared.map((stage): StageView => {
    const kind = (policy === null ? null : stagePolicy(policy, stage))?.kind ?? "branch";
    return { stage, kind, tip: kind === "tag" ? null : (tips.get(stage) ?? null), declared: true };
  });
  const others = [...tips].filter(([stage]) => !declared.includes(stage));
  return [...views, ...others.map(([stage, tip]): StageView => ({ stage, kind: "branch", tip, declared: false }))];
}

/** One stage that somebody named; `stage-unknown` when neither policy nor branch knows it. */
export async function loadStage(context: RegistryContext, policy: Policy | null, stage: StageName): Promise<StageView> {
  const rules = policy === null ? null : stagePolicy(policy, stage);
  const tip = await context.git.readRef(branchRef(context, formatStageBranch(stage)));
  if (rules === null && tip === null) {
    const known = policy === null ? "" : stageNames(policy).join(", ");
    throw new RegistryError("stage-unknown", `there is no stage ${stage}`, {
      ...(known === "" ? {} : { hint: `the stages are ${known}` }),
    });
  }
  const kind = rules?.kind ?? "branch";
  return { stage, kind, tip: kind === "tag" ? null : tip, declared: rules !== null };
}

/** Versions by their tree, which is what stages are compared with. */
export async function versionsByTree(
  context: RegistryContext,
  entries: readonly VersionEntry[],
): Promise<ReadonlyMap<ObjectId, VersionObjects>> {
  const versions = (await tryReadVersions(context.git, entries)).filter((one) => one !== null);
  return indexByTree(context.git, versions);
}

/** The same where the versions are read. Of several tags with one tree the version is the one that the manifest names. */
export async function indexByTree(
  git: GitStore,
  versions: readonly VersionObjects[],
): Promise<ReadonlyMap<ObjectId, VersionObjects>> {
  const byTree = new Map(versions.map((one) => [one.tree, one]));
  if (byTree.size === versions.length) return byTree;
  const seen = new Map<ObjectId, number>();
  for (const { tree } of versions) seen.set(tree, (seen.get(tree) ?? 0) + 1);
  const rivals = versions.filter(({ tree }) => (seen.get(tree) ?? 0) > 1);
  const manifests = await tryReadManifests(git, rivals);
  for (const [index, one] of rivals.entries()) if (manifests[index]) byTree.set(one.tree, one);
  return byTree;
}

/** A model with its versions by their tree. */
interface KnownModel {
  readonly name: ModelName;
  readonly catalog: Catalog;
  readonly byTree: ReadonlyMap<ObjectId, VersionObjects>;
}

/** What a stage holds of a model now, without its history. */
export async function loadHeld(
  context: RegistryContext,
  view: StageView,
  model: KnownModel,
): Promise<HeldVersion | null> {
  if (view.kind === "tag") return heldByTags(model.catalog, view.stage).get(model.name) ?? null;
  if (view.tip === null) return null;
  const tree = await modelTree(context.git, (await readCommit(context.git, view.tip)).tree, model.name);
  return tree === null ? null : (model.byTree.get(tree)?.version ?? "unregistered");
}

/** What a tag stage holds of every model: the highest number counts (DETAILS 15). */
export function heldByTags(catalog: Catalog, stage: StageName): ReadonlyMap<ModelName, HeldVersion> {
  const last = new Map<ModelName, ReleaseEntry>();
  for (const release of catalog.releases) {
    const before = last.get(release.model);
    const isOne = release.stage === stage && release.commit !== null;
    if (isOne && (before === undefined || inOrder(before, release) < 0)) last.set(release.model, release);
  }
  return new Map(
    [...last.values()].flatMap(({ model, demote, commit }) => {
      const version = catalog.models.get(model)?.find((one) => one.commit !== null && one.commit === commit)?.version;
      return demote ? [] : [[model, version ?? "unregistered"] as const];
    }),
  );
}

/** The ledger of a model on a stage, from trees or, on a tag stage, from its release tags. */
export async function loadLedger(
  context: RegistryContext,
  view: StageView,
  model: { readonly name: ModelName; readonly catalog: Catalog },
): Promise<Ledger> {
  const byTree = await versionsByTree(context, model.catalog.models.get(model.name) ?? []);
  return ledgerOf(context, view, { ...model, byTree });
}

/** As `loadLedger`, where the versions by tree are at hand. */
export async function ledgerOf(context: RegistryContext, view: StageView, model: KnownModel): Promise<Ledger> {
  if (view.kind === "tag") {
    const releases = model.catalog.releases.filter((one) => one.model === model.name && one.stage === view.stage);
    return readLedger(await changesOfTags(context, releases, model.byTree));
  }
  if (view.tip === null) return EMPTY_LEDGER;
  const walked = await context.git.firstParents(view.tip, { path: `models/${model.name}` });
  return readLedger(await changesOfCommits(context, walked, (tree) => model.byTree.get(tree)?.version ?? null));
}

/** Stage changes from walked commits (newest first), oldest first. */
export async function changesOfCommits(
  context: RegistryContext,
  walked: readonly WalkedCommit[],
  versionOf: (tree: ObjectId) => Version | null,
): Promise<readonly StageChange[]> {
  const parents = walked.flatMap(({ parents: [first] }) => (first === undefined ? [] : [first]));
  const seconds = new Map((await readCommits(context.git, parents)).map((one) => [one.id, one.committer.seconds]));
  return walked.toReversed().map((commit) => ({
    commit: commit.id,
    committer: commit.committer,
    parentSeconds: commit.parents[0] === undefined ? null : (seconds.get(commit.parents[0]) ?? null),
    tree: commit.after,
    version: commit.after === null ? null : versionOf(commit.after),
  }));
}

/**
 * The order of a tag stage's events. A release and a demote that two writers made at once can have one number: then
 * the demote is the later one, so that nobody serves what somebody withdrew.
 */
function inOrder(a: ReleaseEntry, b: ReleaseEntry): number {
  return a.number - b.number || Number(a.demote) - Number(b.demote);
}

async function changesOfTags(
  context: RegistryContext,
  releases: readonly ReleaseEntry[],
  byTree: ReadonlyMap<ObjectId, VersionObjects>,
): Promise<readonly StageChange[]> {
  const byCommit = new Map([...byTree.values()].map((one) => [one.commit, one]));
  const sorted = releases.toSorted(inOrder);
  const tags = await readTags(
    context.git,
    sorted.map(({ tagId }) => tagId),
  );
  return sorted.flatMap((release, index): readonly StageChange[] => {
    const tag = tags[index];
    if (!tag?.tagger) return [];
    const version = release.commit === null ? undefined : byCommit.get(release.commit);
    return [
      {
        number: release.number,
        commit: tag.target,
        committer: tag.tagger,
        parentSeconds: null,
        tree: release.demote ? null : (version?.tree ?? tag.target),
        version: release.demote ? null : (version?.version ?? null),
      },
    ];
  });
}
