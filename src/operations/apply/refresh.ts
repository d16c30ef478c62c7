import { type Finding, finding } from "../../domain/finding.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import type { FetchOutcome, RefEdit, RefName, Refspec } from "../../ports/git-store.ts";
import type { RegistryContext, RegistryRemote } from "../context.ts";
import { DRAFTS, draftRef, TAGS, tagRef } from "../load/ref-names.ts";

/** What a fetch brought, and tags that exist here with another object. */
export interface Refreshed {
  readonly updated: FetchOutcome["updated"];
  readonly findings: readonly Finding[];
}

export interface RefreshOptions {
  /** Ask which branch the remote calls its default, though that is known; by default where all is brought. */
  readonly askHead?: boolean;
}

/**
 * Brings this clone up to date with the remote: all branches (pruned), and the tags of the models named, or all.
 * No-op without a remote. Tags are never moved; one that differs is a finding. Into a mirror one process fetches at a
 * time; whoever had to wait for another's fetch of everything has what that brought.
 */
export async function refresh(
  context: RegistryContext,
  models: readonly ModelName[] | "all",
  { askHead = models === "all" }: RefreshOptions = {},
): Promise<Refreshed> {
  const { remote, mirror, clock } = context;
  if (remote === null) return NOTHING;
  if (mirror === null) return bring({ context, remote, models, askHead });
  const [asked, all] = [clock.now(), mirror.logOf("all")];
  return mirror.alone(async ({ waited }) => {
    context.memory.policy = null;
    if (waited && ((await all.read()) ?? 0) > asked) return NOTHING;
    const began = clock.now();
    const brought = await bring({ context, remote, models, askHead });
    if (models === "all") await all.record(began);
    return brought;
  });
}

const NOTHING: Refreshed = { updated: [], findings: [] };

interface Bringing {
  readonly context: RegistryContext;
  readonly remote: RegistryRemote;
  readonly models: readonly ModelName[] | "all";
  readonly askHead: boolean;
}

async function bring({ context, remote, models, askHead }: Bringing): Promise<Refreshed> {
  const { git } = context;
  // The branch may be gone: then the remote has another one.
  if (askHead || (await git.readRef(`refs/remotes/${remote.name}/HEAD`)) === null) await recordHead(context, remote);
  const branches: Refspec = { source: "refs/heads/*", target: `refs/remotes/${remote.name}/*`, force: true };
  const outcome = await git.fetch(remote.name, [branches, ...tagSpecs(models)], { prune: true });
  context.memory.policy = null;
  await settleDrafts(context, remote);
  await context.fetchLog.record(context.clock.now());
  if (outcome.rejected.length === 0) return { updated: outcome.updated, findings: [] };
  const drafts = new Set((await git.listRefs([DRAFTS])).map(({ name }) => name));
  return { updated: outcome.updated, findings: outcome.rejected.map((one) => clash(one.ref, remote, drafts)) };
}

/** Records which branch the remote calls its default (DETAILS 10). */
async function recordHead({ git }: RegistryContext, remote: RegistryRemote): Promise<void> {
  const { head } = await git.listRemote(remote.name, ["refs/heads/*"]);
  if (head === null) return;
  const target: RefName = `refs/remotes/${remote.name}/${head.replace(/^refs\/heads\//, "")}`;
  const name: RefName = `refs/remotes/${remote.name}/HEAD`;
  if ((await git.readSymbolicRef(name)) !== target) await git.writeSymbolicRef(name, target);
}

function tagSpecs(models: readonly ModelName[] | "all"): readonly Refspec[] {
  const patterns: readonly RefName[] =
    models === "all"
      ? ["refs/tags/*"]
      : models.flatMap((one): RefName[] => [`refs/tags/${one}@*`, `refs/tags/${one}#*`]);
  return patterns.map((pattern) => ({ source: pattern, target: pattern, force: false }));
}

/** A draft that the remote has by now, equal, is a draft no longer (DETAILS 11). */
async function settleDrafts({ git }: RegistryContext, remote: RegistryRemote): Promise<void> {
  const drafts = await git.listRefs([DRAFTS]);
  if (drafts.length === 0) return;
  const { refs } = await git.listRemote(
    remote.name,
    drafts.map(({ name }) => tagRef(name.slice(DRAFTS.length))),
  );
  const there = new Map(refs.map((ref) => [ref.name, ref.id]));
  const settled = drafts.filter(({ name, id }) => there.get(tagRef(name.slice(DRAFTS.length))) === id);
  if (settled.length === 0) return;
  await git.updateRefs(settled.map(({ name, id }): RefEdit => ({ ref: name, from: id, to: null })));
}

function clash(ref: RefName, remote: RegistryRemote, drafts: ReadonlySet<RefName>): Finding {
  const tag = ref.slice(TAGS.length);
  if (drafts.has(draftRef(tag))) {
    return finding("draft-collides", `the draft ${tag} was published by somebody else, with other content`, {
      ref,
      hint: `git model discard ${tag.replace("@v", "@")}, then register again`,
    });
  }
  return finding("tag-moved", `the tag ${tag} is another object at ${remote.name} than here`, {
    ref,
    hint: "a version never changes: ask who moved it, then delete the wrong one",
  });
}
