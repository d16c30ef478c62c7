import type { Finding } from "../../domain/finding.ts";
import type { Manifest } from "../../domain/model/manifest.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import { formatVersionTag, type VersionId } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { Policy } from "../../domain/policy/policy.ts";
import type { Ref, RefName, Tag } from "../../ports/git-store.ts";
import type { RegistryContext } from "../context.ts";
import { type Catalog, type ReleaseEntry, readCatalog, type VersionEntry } from "../load/catalog.ts";
import { loadPolicy, type PolicyState } from "../load/load-policy.ts";
import { loadStageHistory, type StageHistory } from "../load/stage-history.ts";
import { loadStages, type StageView } from "../load/stages.ts";
import { readTags } from "../load/trees.ts";
import {
  tryReadManifests,
  tryReadVersions,
  type VersionDetails,
  type VersionObjects,
} from "../load/version-details.ts";

/** A version tag and what could be read of it. */
export interface SurveyedVersion {
  readonly entry: VersionEntry;
  /** Null: the tag is not a version's. */
  readonly objects: VersionObjects | null;
  /** Null: there is no valid manifest of this version. */
  readonly manifest: Manifest | null;
}

export interface SurveyedRelease {
  readonly entry: ReleaseEntry;
  /** Null: not annotated. */
  readonly object: Tag | null;
}

/** The whole registry as this clone has it, read in bulk once and judged piece by piece. */
export interface Survey {
  readonly refs: readonly Ref[];
  readonly catalog: Catalog;
  readonly state: PolicyState;
  readonly policy: Policy | null;
  readonly versions: readonly SurveyedVersion[];
  /** Sound versions by their tree. */
  readonly byTree: ReadonlyMap<ObjectId, VersionObjects>;
  /** By version tag. */
  readonly byTag: ReadonlyMap<string, SurveyedVersion>;
  readonly releases: readonly SurveyedRelease[];
  readonly stages: readonly StageView[];
  /** Of the stages that have a branch. */
  readonly histories: ReadonlyMap<StageView, StageHistory>;
}

/** Reads the registry without asking anybody else. */
export async function surveyRegistry(context: RegistryContext): Promise<Survey> {
  const refs = await context.git.listRefs();
  const catalog = readCatalog(refs);
  const state = await loadPolicy(context);
  const policy = state.kind === "valid" ? state.policy : null;
  const versions = await surveyVersions(context, [...catalog.models.values()].flat());
  const byTree = treesOf(versions);
  const stages = await loadStages(context, policy);
  const histories = new Map<StageView, StageHistory>();
  for (const view of stages) {
    if (view.tip !== null) histories.set(view, await loadStageHistory(context, view.tip, byTree));
  }
  return {
    refs,
    catalog,
    state,
    policy,
    versions,
    byTree,
    byTag: new Map(versions.map((one) => [one.entry.tag, one])),
    releases: await surveyReleases(context, catalog.releases),
    stages,
    histories,
  };
}

/** The version that a model and a number name, sound or not. */
export function versionAt({ byTag }: Survey, id: VersionId): SurveyedVersion | null {
  return byTag.get(formatVersionTag(id)) ?? null;
}

/** Versions with a valid manifest. */
export function detailedVersions({ versions }: Survey): readonly VersionDetails[] {
  return versions.flatMap(({ objects, manifest }) =>
    objects === null || manifest === null ? [] : [{ ...objects, manifest }],
  );
}

export function modelNames({ catalog }: Survey): readonly ModelName[] {
  return [...catalog.models.keys()];
}

/** A ref as people name it: without `refs/heads/` and the like. */
export function shortName(ref: RefName): string {
  return ref.replace(/^refs\/(?:heads|tags|remotes)\//, "");
}

/** Findings in which each sentence stands once. */
export function withoutTwins(findings: readonly Finding[]): readonly Finding[] {
  return [
    ...new Map(
      findings.map((one) => [`${one.code} ${one.message} ${one.file}:${one.line}:${one.column}`, one]),
    ).values(),
  ];
}

/** Of two tags with one tree the version is the one that the manifest names. */
function treesOf(versions: readonly SurveyedVersion[]): ReadonlyMap<ObjectId, VersionObjects> {
  const byTree = new Map<ObjectId, VersionObjects>();
  for (const { objects, manifest } of versions) {
    if (objects !== null && (manifest !== null || !byTree.has(objects.tree))) byTree.set(objects.tree, objects);
  }
  return byTree;
}

async function surveyVersions(
  { git }: RegistryContext,
  entries: readonly VersionEntry[],
): Promise<readonly SurveyedVersion[]> {
  const objects = await tryReadVersions(git, entries);
  const sound = objects.filter((one) => one !== null);
  const manifests = await tryReadManifests(git, sound);
  const byTag = new Map(sound.map((one, index) => [one.tag, manifests[index] ?? null]));
  return entries.map((entry, index) => ({
    entry,
    objects: objects[index] ?? null,
    manifest: byTag.get(entry.tag) ?? null,
  }));
}

async function surveyReleases(
  { git }: RegistryContext,
  entries: readonly ReleaseEntry[],
): Promise<readonly SurveyedRelease[]> {
  const objects = await readTags(
    git,
    entries.map(({ tagId }) => tagId),
  );
  return entries.map((entry, index) => ({ entry, object: objects[index] ?? null }));
}
