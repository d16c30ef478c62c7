import type { Pointer } from "../domain/artifact/pointer.ts";
import { compareBytes } from "../domain/metric/metric.ts";
import { parseEvaluationBranch } from "../domain/model/evaluation.ts";
import { compareVersions } from "../domain/model/version.ts";
import { parseYankTag } from "../domain/model/version-tag.ts";
import type { ObjectId } from "../domain/object-id.ts";
import { parseStageBranch } from "../domain/policy/stage.ts";
import { parseReleaseTag } from "../domain/stage/release-tag.ts";
import { RegistryError } from "../errors.ts";
import type { PushOutcome, RefEdit, RefName } from "../ports/git-store.ts";
import type { PushAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import { type Attempt, retryLostRaces } from "./apply/retry-lost-races.ts";
import type { RegistryContext, RegistryRemote } from "./context.ts";
import { requireRemote } from "./fetch-registry.ts";
import { loadCatalog, type VersionEntry } from "./load/catalog.ts";
import { draftRef, TAGS, tagRef } from "./load/ref-names.ts";
import { tryReadManifests, tryReadVersions } from "./load/version-details.ts";
import { type BranchPlan, planEvaluations, planStages } from "./push/plan-branches.ts";
import { uploadArtifacts } from "./register/upload-artifacts.ts";

/**
 * Sends what the remote lacks (DETAILS 12): bytes first, then all versions in one push, oldest first, then evaluations,
 * stage branches, release and yank tags; each expected absent or a fast-forward. What loses is in `rejected`, the rest
 * goes on: a draft of which others published another content, a version whose bytes are nowhere.
 */
export async function pushRegistry(context: RegistryContext): Promise<PushAnswer> {
  const remote = requireRemote(context);
  const drafts = [...(await loadCatalog(context.git)).models.values()].flat().filter(({ draft }) => draft);
  await refresh(context, "all");
  const { refs } = await context.git.listRemote(remote.name);
  const there = new Map(refs.map((ref) => [ref.name, ref.id]));
  const push: Push = { remote, there, outcome: { pushed: [], adopted: [], rejected: [] } };
  tellDrafts(push, drafts);
  const versions = await withBytes(context, push, await missingVersions(context, there));
  await send(
    context,
    push,
    versions.map(({ tag, tagId }) => ({ ref: tagRef(tag), from: null, to: tagId })),
  );
  await forgetDrafts(context, push, versions);
  await sendEvaluations(context, push);
  await sendPlan(context, push, await planStages(context));
  await send(context, push, await missingTags(context, there));
  return { remote: remote.name, ...push.outcome };
}

interface Push {
  readonly remote: RegistryRemote;
  readonly there: ReadonlyMap<RefName, ObjectId>;
  readonly outcome: {
    readonly pushed: string[];
    readonly adopted: string[];
    readonly rejected: { readonly tag: string; readonly code: string }[];
  };
}

/** Drafts whose name the remote has: the same version by now, or another one (DETAILS 11). */
function tellDrafts({ there, outcome }: Push, drafts: readonly VersionEntry[]): void {
  for (const { tag, tagId } of drafts) {
    const theirs = there.get(tagRef(tag));
    if (theirs === tagId) outcome.adopted.push(tag);
    else if (theirs !== undefined) outcome.rejected.push({ tag, code: "version-exists" });
  }
}

async function missingVersions(context: RegistryContext, there: Push["there"]): Promise<readonly VersionEntry[]> {
  const { models } = await loadCatalog(context.git);
  return [...models.values()]
    .flat()
    .filter(({ tag, commit }) => commit !== null && !there.has(tagRef(tag)))
    .toSorted((a, b) => (a.model === b.model ? compareVersions(a.version, b.version) : compareBytes(a.model, b.model)));
}

/** Uploads the bytes of these versions, and of those that somebody pushed without them; answers the ones that may go. */
async function withBytes(
  context: RegistryContext,
  { outcome }: Push,
  going: readonly VersionEntry[],
): Promise<readonly VersionEntry[]> {
  const pointers = await pointersOf(context, going);
  const sound = going.filter(({ tag }) => pointers.has(tag));
  for (const { tag } of going) if (!pointers.has(tag)) outcome.rejected.push({ tag, code: "manifest-invalid" });
  if ((await uploadOrTell(context, [...pointers.values()].flat())) === null) return sound;
  const complete: VersionEntry[] = [];
  for (const version of sound) {
    const problem = await uploadOrTell(context, pointers.get(version.tag) ?? []);
    if (problem === null) complete.push(version);
    else outcome.rejected.push({ tag: version.tag, code: problem });
  }
  return complete;
}

/** Pointers by tag: of versions that go all, of the others those whose bytes are here. */
async function pointersOf(
  context: RegistryContext,
  going: readonly VersionEntry[],
): Promise<ReadonlyMap<string, readonly Pointer[]>> {
  const { models } = await loadCatalog(context.git);
  const read = (await tryReadVersions(context.git, [...models.values()].flat())).filter((one) => one !== null);
  const manifests = await tryReadManifests(context.git, read);
  const tags = new Set(going.map(({ tag }) => tag));
  const pointers = new Map<string, readonly Pointer[]>();
  for (const [index, { tag }] of read.entries()) {
    const manifest = manifests[index];
    if (!manifest) continue;
    const here: Pointer[] = [];
    for (const { sha256, size } of manifest.artifacts) {
      if (tags.has(tag) || (await context.store.check({ sha256, size })) === "present") here.push({ sha256, size });
    }
    pointers.set(tag, here);
  }
  return pointers;
}

/** The code of a failure that concerns these bytes alone; null when the remote has them all. */
async function uploadOrTell(context: RegistryContext, pointers: readonly Pointer[]): Promise<string | null> {
  try {
    await uploadArtifacts(context, pointers);
    return null;
  } catch (error) {
    const isTheirs = error instanceof RegistryError && ["lfs-missing", "digest-mismatch"].includes(error.code);
    if (!isTheirs) throw error;
    return error.code;
  }
}

/** One push; GitHub wants few of them. Answers what became of each edit. */
async function send(
  { git }: RegistryContext,
  { remote, outcome }: Push,
  edits: readonly RefEdit[],
): Promise<readonly PushOutcome[]> {
  if (edits.length === 0) return [];
  const results = await git.push(remote.name, edits);
  for (const { ref, status } of results) {
    const name = ref.replace(/^refs\/(?:tags|heads)\//, "");
    if (status === "pushed") outcome.pushed.push(name);
    else if (status === "up-to-date") outcome.adopted.push(name);
    else outcome.rejected.push({ tag: name, code: status === "stale" ? codeOfLoss(name) : "push-rejected" });
  }
  return results;
}

function codeOfLoss(name: string): string {
  if (parseStageBranch(name) !== null || parseEvaluationBranch(name) !== null) return "stage-moved";
  return name.includes("#") ? "tag-moved" : "version-exists";
}

/** Evaluations never collide: whoever loses the race adds the own ones on top of what came first. */
async function sendEvaluations(context: RegistryContext, push: Push): Promise<void> {
  const done = await retryLostRaces(context.clock, async (tries): Promise<Attempt<true>> => {
    if (tries > 0) await refresh(context, []);
    const attempt: Push = { ...push, outcome: { pushed: [], adopted: [], rejected: [] } };
    const hasLost = await sendPlan(context, attempt, await planEvaluations(context));
    push.outcome.pushed.push(...attempt.outcome.pushed);
    push.outcome.adopted.push(...attempt.outcome.adopted);
    if (hasLost) return { kind: "lost" };
    push.outcome.rejected.push(...attempt.outcome.rejected);
    return { kind: "done", value: true };
  });
  if (done !== null) return;
  throw new RegistryError("push-rejected", `${push.remote.name} kept getting other evaluations`, {
    retryable: true,
    hint: "git model push",
  });
}

/** Pushes branches; the local ones follow where theirs was built upon. True: some were lost to others. */
async function sendPlan(context: RegistryContext, push: Push, plan: BranchPlan): Promise<boolean> {
  const results = await send(context, push, plan.edits);
  const went = new Set(results.flatMap(({ ref, status }) => (status === "pushed" ? [ref] : [])));
  for (const { ref, local, to } of plan.edits) {
    if (went.has(ref) && local !== to) await context.git.updateRefs([{ ref, from: local, to }]);
  }
  for (const branch of plan.diverged) push.outcome.rejected.push({ tag: branch, code: "stage-moved" });
  return results.some(({ status }) => status === "stale");
}

async function missingTags({ git }: RegistryContext, there: Push["there"]): Promise<readonly RefEdit[]> {
  return (await git.listRefs([TAGS]))
    .filter(({ name }) => {
      const tag = name.slice(TAGS.length);
      return !there.has(name) && (parseReleaseTag(tag) !== null || parseYankTag(tag) !== null);
    })
    .map(({ name, id }) => ({ ref: name, from: null, to: id }));
}

async function forgetDrafts(
  context: RegistryContext,
  { outcome }: Push,
  versions: readonly VersionEntry[],
): Promise<void> {
  const gone = new Set([...outcome.pushed, ...outcome.adopted]);
  for (const { tag, tagId, draft } of versions) {
    if (draft && gone.has(tag)) await context.git.updateRefs([{ ref: draftRef(tag), from: tagId, to: null }]);
  }
}
