import type { Pointer } from "../domain/artifact/pointer.ts";
import { compareBytes } from "../domain/metric/metric.ts";
import { parseEvaluationBranch } from "../domain/model/evaluation.ts";
import { compareVersions } from "../domain/model/version.ts";
import { parseYankTag } from "../domain/model/version-tag.ts";
import type { ObjectId } from "../domain/object-id.ts";
import { parseStageBranch } from "../domain/policy/stage.ts";
import { parseReleaseTag } from "../domain/stage/release-tag.ts";
import type { RefEdit, RefName } from "../ports/git-store.ts";
import type { PushAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import { signatureNow } from "./apply/signature.ts";
import { replaceAt } from "./apply/stage-tree.ts";
import type { RegistryContext, RegistryRemote } from "./context.ts";
import { requireRemote } from "./fetch-registry.ts";
import { loadCatalog, type VersionEntry } from "./load/catalog.ts";
import { branchOf, draftRef, TAGS, tagRef } from "./load/ref-names.ts";
import { readCommit, walkTree } from "./load/trees.ts";
import { tryReadManifests, tryReadVersions } from "./load/version-details.ts";
import { uploadArtifacts } from "./register/upload-artifacts.ts";

/**
 * Sends what the remote lacks (DETAILS 12): bytes first, versions oldest first, then evaluations, stage branches,
 * release and yank tags; each expected absent or a fast-forward. What loses is in `rejected`, the rest goes on.
 */
export async function pushRegistry(context: RegistryContext): Promise<PushAnswer> {
  const remote = requireRemote(context);
  await refresh(context, "all");
  const { refs } = await context.git.listRemote(remote.name);
  const there = new Map(refs.map((ref) => [ref.name, ref.id]));
  const outcome: Outcome = { pushed: [], adopted: [], rejected: [] };
  const versions = await missingVersions(context, there);
  await uploadOf(context, versions);
  for (const version of versions) {
    await send(context, { remote, outcome }, { ref: tagRef(version.tag), from: null, to: version.tagId });
  }
  for (const edit of await missingBranches(context, there)) await send(context, { remote, outcome }, edit);
  for (const edit of await missingTags(context, there)) await send(context, { remote, outcome }, edit);
  await forgetDrafts(context, versions, outcome);
  return { remote: remote.name, ...outcome };
}

const WHOLE = { depth: 3, entries: 1_000_000 };

interface Outcome {
  readonly pushed: string[];
  readonly adopted: string[];
  readonly rejected: { readonly tag: string; readonly code: string }[];
}

type There = ReadonlyMap<RefName, ObjectId>;

async function send(
  { git }: RegistryContext,
  { remote, outcome }: { readonly remote: RegistryRemote; readonly outcome: Outcome },
  edit: RefEdit,
): Promise<void> {
  const [result] = await git.push(remote.name, [edit]);
  const name = edit.ref.replace(/^refs\/(?:tags|heads)\//, "");
  if (result?.status === "pushed") outcome.pushed.push(name);
  else if (result?.status === "up-to-date") outcome.adopted.push(name);
  else outcome.rejected.push({ tag: name, code: result?.status === "stale" ? codeOfLoss(edit.ref) : "push-rejected" });
}

function codeOfLoss(ref: RefName): string {
  return ref.startsWith("refs/tags/") ? "version-exists" : "stage-moved";
}

async function missingVersions(context: RegistryContext, there: There): Promise<readonly VersionEntry[]> {
  const { models } = await loadCatalog(context.git);
  return [...models.values()]
    .flat()
    .filter(({ tag, commit }) => commit !== null && !there.has(tagRef(tag)))
    .toSorted((a, b) => (a.model === b.model ? compareVersions(a.version, b.version) : compareBytes(a.model, b.model)));
}

/** Uploads the bytes of all versions: those that go, and those that were pushed by hand without them. */
async function uploadOf(context: RegistryContext, versions: readonly VersionEntry[]): Promise<void> {
  const { models } = await loadCatalog(context.git);
  const read = (await tryReadVersions(context.git, [...models.values()].flat())).filter((one) => one !== null);
  const manifests = await tryReadManifests(context.git, read);
  const going = new Set(versions.map(({ tag }) => tag));
  const wanted: Pointer[] = [];
  for (const [index, version] of read.entries()) {
    for (const artifact of manifests[index]?.artifacts ?? []) {
      const isHere = going.has(version.tag) || (await context.store.check(artifact)) === "present";
      if (isHere) wanted.push({ sha256: artifact.sha256, size: artifact.size });
    }
  }
  await uploadArtifacts(context, wanted);
}

/** Local stage and evaluation branches that the remote lacks or that are ahead of it. */
async function missingBranches(context: RegistryContext, there: There): Promise<readonly RefEdit[]> {
  const { git } = context;
  const local = { remote: null };
  const edits: RefEdit[] = [];
  for (const ref of await git.listRefs(["refs/heads/stage/", "refs/heads/evaluations/"])) {
    const branch = branchOf(local, ref.name) ?? "";
    const isEvaluations = parseEvaluationBranch(branch) !== null;
    if (parseStageBranch(branch) === null && !isEvaluations) continue;
    const theirs = there.get(ref.name) ?? null;
    if (theirs === ref.id) continue;
    const base = theirs === null ? null : await git.mergeBase(theirs, ref.id);
    if (base === theirs) edits.push({ ref: ref.name, from: theirs, to: ref.id });
    else if (isEvaluations && theirs !== null && base !== ref.id) {
      edits.push({ ref: ref.name, from: theirs, to: await reparentEvaluations(context, theirs, ref.id) });
    }
  }
  return edits;
}

/** Their evaluations and ours: paths are disjoint, so ours are added on top. */
async function reparentEvaluations(context: RegistryContext, theirs: ObjectId, ours: ObjectId): Promise<ObjectId> {
  const { git } = context;
  const [base, own] = await Promise.all([readCommit(git, theirs), readCommit(git, ours)]);
  const present = new Set((await walkTree(git, base.tree, WHOLE)).map(({ name }) => name));
  let tree = base.tree;
  for (const entry of await walkTree(git, own.tree, WHOLE)) {
    if (!present.has(entry.name)) tree = await replaceAt(git, tree, { path: entry.name, entry });
  }
  const by = await signatureNow(context);
  return git.writeCommit({ tree, parents: [theirs], author: by, committer: by, message: own.message });
}

async function missingTags({ git }: RegistryContext, there: There): Promise<readonly RefEdit[]> {
  return (await git.listRefs([TAGS]))
    .filter(({ name }) => {
      const tag = name.slice(TAGS.length);
      return !there.has(name) && (parseReleaseTag(tag) !== null || parseYankTag(tag) !== null);
    })
    .map(({ name, id }) => ({ ref: name, from: null, to: id }));
}

async function forgetDrafts(
  context: RegistryContext,
  versions: readonly VersionEntry[],
  outcome: Outcome,
): Promise<void> {
  const gone = new Set([...outcome.pushed, ...outcome.adopted]);
  for (const { tag, tagId, draft } of versions) {
    if (draft && gone.has(tag)) await context.git.updateRefs([{ ref: draftRef(tag), from: tagId, to: null }]);
  }
}
