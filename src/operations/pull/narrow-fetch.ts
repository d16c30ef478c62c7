import { readManifest } from "../../documents/manifest.ts";
import { MANIFEST_LIMIT } from "../../domain/model/manifest.ts";
import type { Reference } from "../../domain/model/reference.ts";
import { formatVersionId, formatVersionTag, type VersionId } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import { formatStageBranch, parseStageName, type StageName } from "../../domain/policy/stage.ts";
import { RegistryError } from "../../errors.ts";
import type { RefName, Refspec } from "../../ports/git-store.ts";
import type { RegistryContext, RegistryRemote } from "../context.ts";
import { checkVersionTree } from "../judge/check-version-tree.ts";
import { latestOf, readCatalog, type VersionEntry } from "../load/catalog.ts";
import { stageRef, TAGS, tagRef } from "../load/ref-names.ts";
import { highestIn } from "../load/resolve-reference.ts";
import { entryAt, readCommit } from "../load/trees.ts";
import { CARD_FILE, CARD_LIMIT, MANIFEST_FILE, readDetails, readFile } from "../load/version-details.ts";

/** What a reference came to in the narrow mirror. */
export interface NarrowAnswer {
  readonly version: VersionId;
  /** The stage that the reference named, or null. */
  readonly stage: StageName | null;
}

/** Whether the narrow mirror can answer such a reference: not what a stage held before, and not the best. */
export function isNarrow({ selector }: Reference): boolean {
  if (selector.kind === "stage") return !selector.previous && parseStageName(selector.stage).ok;
  return selector.kind !== "best";
}

/**
 * Brings what the answer needs and no more, however many versions there are: a stage's tip, the model's tree on it and
 * the tag of the version that its manifest names, each at depth 1; one version's tag and tree; or, for a range and the
 * latest, the model's tags and the tree of one. Throws as `GitStore.fetch` does; what is not there is no error here.
 */
export async function fetchNarrowly(context: RegistryContext, reference: Reference): Promise<void> {
  const remote = remoteOf(context);
  const { model, selector } = reference;
  if (selector.kind === "stage") return fetchStage(context, reference, selector.stage as StageName);
  if (selector.kind === "version") await fetchVersion(context, { model, version: selector.version });
  else await context.git.fetch(remote.name, [same(`${TAGS}${model}@*`)], { depth: 1, filter: "tree:0" });
  const entry = await chooseVersion(context, reference);
  if (entry !== null) await fetchTree(context, entry);
}

/**
 * The answer from what is in the mirror; null where that is not as it should be, and the whole registry has to be asked.
 * Throws `git-failed` for an object that is missing or damaged: never after a fetch into a sound mirror.
 */
export async function answerNarrowly(context: RegistryContext, reference: Reference): Promise<NarrowAnswer | null> {
  const { model, selector } = reference;
  if (selector.kind !== "stage") {
    const entry = await chooseVersion(context, reference);
    return entry !== null && (await isComplete(context, entry)) ? { version: entry, stage: null } : null;
  }
  const stage = selector.stage as StageName;
  const held = await heldTree(context, reference, stage);
  const version = held === null ? null : await versionNamedIn(context, held);
  if (version === null || version.model !== model) return null;
  const entry = (await versionsHere(context, version)).find((one) => one.version === version.version);
  return entry !== undefined && (await isComplete(context, entry, held)) ? { version: entry, stage } : null;
}

async function fetchStage(context: RegistryContext, reference: Reference, stage: StageName): Promise<void> {
  const { git } = context;
  const remote = remoteOf(context);
  const source: RefName = `refs/heads/${formatStageBranch(stage)}`;
  const branch: Refspec = { source, target: stageRef(context, stage), force: true };
  // Most often the stage holds what it held: then its tag comes, or is known, by the same fetch.
  const before = await here(() => namedOnStage(context, reference, stage));
  const expected = before === null ? [] : [same(`${tagRef(formatVersionTag(before))}*`)];
  try {
    await git.fetch(remote.name, [branch, ...expected], { depth: 1, filter: "blob:none" });
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "not-found") throw error;
    await forget(context, branch.target);
    return;
  }
  if ((await here(() => answerNarrowly(context, reference))) !== null) return;
  const held = await heldTree(context, reference, stage);
  if (held === null) return;
  await git.fetchObjects(remote.name, [held]);
  const version = await here(() => versionNamedIn(context, held));
  if (version === null || (before !== null && formatVersionId(version) === formatVersionId(before))) return;
  await fetchVersion(context, version);
}

/** A version's tag, and the one that takes it out of use. */
async function fetchVersion(context: RegistryContext, version: VersionId): Promise<void> {
  const refspec = same(`${tagRef(formatVersionTag(version))}*`);
  await context.git.fetch(remoteOf(context).name, [refspec], { depth: 1, filter: "blob:none" });
}

/** The version that the stage holds as far as is known here. */
async function namedOnStage(
  context: RegistryContext,
  reference: Reference,
  stage: StageName,
): Promise<VersionId | null> {
  const held = await heldTree(context, reference, stage);
  return held === null ? null : versionNamedIn(context, held);
}

/** The model's tree on a stage; null where stage or model are not here. */
async function heldTree(context: RegistryContext, { model }: Reference, stage: StageName): Promise<ObjectId | null> {
  const tip = await context.git.readRef(stageRef(context, stage));
  if (tip === null) return null;
  const entry = await entryAt(context.git, (await readCommit(context.git, tip)).tree, `models/${model}`);
  return entry?.mode === "40000" ? entry.id : null;
}

async function versionNamedIn({ git }: RegistryContext, tree: ObjectId): Promise<VersionId | null> {
  const bytes = await readFile(git, { tree, tag: tree }, { name: MANIFEST_FILE, limit: MANIFEST_LIMIT });
  const read = bytes === null ? null : readManifest(bytes);
  return read?.ok ? { model: read.manifest.model, version: read.manifest.version } : null;
}

async function chooseVersion(context: RegistryContext, { model, selector }: Reference): Promise<VersionEntry | null> {
  const versions = await versionsHere(context, { model });
  if (selector.kind === "version") return versions.find(({ version }) => version === selector.version) ?? null;
  return selector.kind === "range" ? highestIn(versions, selector.range) : latestOf(versions);
}

async function versionsHere(
  { git }: RegistryContext,
  { model }: Pick<VersionId, "model">,
): Promise<readonly VersionEntry[]> {
  return readCatalog(await git.listRefs([`${TAGS}${model}@`])).models.get(model) ?? [];
}

async function fetchTree(context: RegistryContext, { commit }: VersionEntry): Promise<void> {
  const object = commit === null ? null : await here(() => readCommit(context.git, commit));
  if (object !== null) await context.git.fetchObjects(remoteOf(context).name, [object.tree]);
}

/** True iff all that a pull reads of the version is here and sound, and its tree is the one expected. */
async function isComplete({ git }: RegistryContext, entry: VersionEntry, tree?: ObjectId | null): Promise<boolean> {
  try {
    const details = await readDetails(git, entry);
    await readFile(git, details, { name: CARD_FILE, limit: CARD_LIMIT });
    return details.tree === (tree ?? details.tree) && (await checkVersionTree(git, details)).length === 0;
  } catch (error) {
    if (error instanceof RegistryError && error.code === "manifest-invalid") return false;
    throw error;
  }
}

/** A read in a mirror that may lack what is to be fetched: null then. */
export async function here<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RegistryError && ["git-failed", "manifest-invalid"].includes(error.code)) return null;
    throw error;
  }
}

/** The remote has the branch no longer. */
async function forget({ git }: RegistryContext, ref: RefName): Promise<void> {
  const from = await git.readRef(ref);
  if (from !== null) await git.updateRefs([{ ref, from, to: null }]);
}

function same(pattern: RefName): Refspec {
  return { source: pattern, target: pattern, force: false };
}

function remoteOf({ remote }: RegistryContext): RegistryRemote {
  if (remote !== null) return remote;
  throw new RegistryError("usage", "the mirror of a registry has no remote");
}
