import { parseEvaluationBranch, parseEvaluationPath } from "../../domain/model/evaluation.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import { formatYankTag } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { StageName } from "../../domain/policy/stage.ts";
import type { Ledger, StageEvent } from "../../domain/stage/ledger.ts";
import { formatReleaseTag } from "../../domain/stage/release-tag.ts";
import type { Commit, GitStore, TreeEntry } from "../../ports/git-store.ts";
import { isoTime } from "../answer-parts.ts";
import type { EventAnswer } from "../answers.ts";
import type { RegistryContext } from "../context.ts";
import { byModel, type VersionEntry } from "./catalog.ts";
import { branchOf, branchRef } from "./ref-names.ts";
import { readTrees } from "./trees.ts";
import { tryReadVersions, type VersionObjects } from "./version-details.ts";
import { readYanks } from "./yanks.ts";

/** One event of a stage as an answer. `stageCommit` null: a tag stage. */
export function stageEvent(
  event: StageEvent,
  about: { readonly model: ModelName; readonly stage: StageName; readonly hasTag: (tag: string) => boolean },
): EventAnswer {
  const { model, stage } = about;
  const tag = formatReleaseTag({ model, stage, number: event.number, demote: event.kind === "demote" });
  const { name, email } = event.committer;
  return {
    at: isoTime(event),
    actor: { name, email },
    kind: event.kind,
    model,
    version: event.version,
    previous: event.previous,
    stage,
    number: event.number,
    tag: about.hasTag(tag) ? tag : null,
    commit: event.commit,
  };
}

/** Every event of a model on a stage. */
export function stageEvents(
  { model, stage, ledger }: { readonly model: ModelName; readonly stage: StageName; readonly ledger: Ledger },
  tags: ReadonlySet<string>,
): readonly EventAnswer[] {
  return ledger.events.map((event) => stageEvent(event, { model, stage, hasTag: (tag) => tags.has(tag) }));
}

/** Registrations, yanks and evaluations of versions of any models. */
export async function versionEvents(
  context: RegistryContext,
  entries: readonly VersionEntry[],
): Promise<readonly EventAnswer[]> {
  const versions = (await tryReadVersions(context.git, entries)).filter((one) => one !== null);
  const yanks = await readYanks(context.git, entries);
  const yanked = versions.flatMap((version): readonly EventAnswer[] => {
    const yank = yanks.get(version.tag);
    if (yank === undefined) return [];
    return [{ ...blank(version, "yank"), at: yank.at, actor: yank.by, tag: formatYankTag(version) }];
  });
  return [...versions.map(registered), ...yanked, ...(await evaluated(context, versions))];
}

function registered(version: VersionObjects): EventAnswer {
  const by = version.tagObject.tagger ?? version.commitObject.committer;
  return {
    ...blank(version, "register"),
    at: isoTime(by),
    actor: { name: by.name, email: by.email },
    tag: version.tag,
  };
}

async function evaluated(
  context: RegistryContext,
  versions: readonly VersionObjects[],
): Promise<readonly EventAnswer[]> {
  const models = byModel(versions);
  const tips = await context.git.listRefs([branchRef(context, "evaluations/")]);
  const events: EventAnswer[] = [];
  for (const { name, id } of tips) {
    const own = models.get(parseEvaluationBranch(branchOf(context, name) ?? "") ?? ("" as ModelName));
    if (own !== undefined) events.push(...(await evaluationsOf(context, id, own)));
  }
  return events;
}

async function evaluationsOf(
  context: RegistryContext,
  tip: ObjectId,
  versions: readonly VersionObjects[],
): Promise<readonly EventAnswer[]> {
  const byNumber = new Map(versions.map((one) => [one.version, one]));
  const commits = await context.git.firstParents(tip);
  const added = await addedPaths(context.git, commits);
  return commits.flatMap((commit, index) =>
    (added[index] ?? []).flatMap((path): readonly EventAnswer[] => {
      const number = parseEvaluationPath(path)?.version;
      const version = number === undefined ? undefined : byNumber.get(number);
      if (version === undefined) return [];
      const { name, email } = commit.committer;
      const at = isoTime(commit.committer);
      return [{ ...blank(version, "evaluate"), at, actor: { name, email }, commit: commit.id }];
    }),
  );
}

/** What each commit (newest first) adds to the folders of versions, reading only the folders that differ. */
async function addedPaths(git: GitStore, commits: readonly Commit[]): Promise<readonly (readonly string[])[]> {
  const roots = await readTrees(
    git,
    commits.map(({ tree }) => tree),
  );
  const folders = roots.map((root, index) => changedFolders(root, roots[index + 1] ?? []));
  const ids = [
    ...new Set(folders.flat().flatMap(({ before, after }) => (before === null ? [after] : [before, after]))),
  ];
  const trees = await readTrees(git, ids);
  const namesIn = new Map(ids.map((id, index) => [id, new Set((trees[index] ?? []).map(({ name }) => name))]));
  return folders.map((changed) =>
    changed.flatMap(({ name, before, after }) => {
      const known = before === null ? undefined : namesIn.get(before);
      return [...(namesIn.get(after) ?? [])]
        .filter((file) => known?.has(file) !== true)
        .map((file) => `${name}/${file}`);
    }),
  );
}

function changedFolders(
  root: readonly TreeEntry[],
  parent: readonly TreeEntry[],
): readonly { readonly name: string; readonly before: ObjectId | null; readonly after: ObjectId }[] {
  const known = new Map(parent.flatMap(({ name, mode, id }) => (mode === "40000" ? [[name, id] as const] : [])));
  return root
    .filter(({ name, mode, id }) => mode === "40000" && known.get(name) !== id)
    .map(({ name, id }) => ({ name, before: known.get(name) ?? null, after: id }));
}

function blank(
  version: Pick<VersionObjects, "model" | "version" | "commit">,
  kind: EventAnswer["kind"],
): EventAnswer & { readonly commit: ObjectId } {
  const { model, version: number, commit } = version;
  const actor = { name: "", email: "" };
  return { at: "", actor, kind, model, version: number, previous: null, stage: null, number: null, tag: null, commit };
}
