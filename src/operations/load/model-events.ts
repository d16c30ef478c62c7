import { parseEvaluationPath } from "../../domain/model/evaluation.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import { formatYankTag } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { StageName } from "../../domain/policy/stage.ts";
import type { StageEvent } from "../../domain/stage/ledger.ts";
import { formatReleaseTag } from "../../domain/stage/release-tag.ts";
import { isoTime } from "../answer-parts.ts";
import type { EventAnswer } from "../answers.ts";
import type { RegistryContext } from "../context.ts";
import type { VersionEntry } from "./catalog.ts";
import { evaluationRef } from "./ref-names.ts";
import type { ModelOnStage } from "./stages-of-model.ts";
import { walkTree } from "./trees.ts";
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

/** Every event of the stages of a model. */
export function stageEvents(
  model: ModelName,
  onStages: readonly ModelOnStage[],
  tags: ReadonlySet<string>,
): readonly EventAnswer[] {
  return onStages.flatMap(({ stage, ledger }) =>
    ledger.events.map((event) => stageEvent(event, { model, stage, hasTag: (tag) => tags.has(tag) })),
  );
}

/** Registrations, yanks and evaluations of a model. */
export async function versionEvents(
  context: RegistryContext,
  model: ModelName,
  entries: readonly VersionEntry[],
): Promise<readonly EventAnswer[]> {
  const versions = (await tryReadVersions(context.git, entries)).filter((one) => one !== null);
  const yanks = await readYanks(context.git, entries);
  const yanked = versions.flatMap((version): readonly EventAnswer[] => {
    const yank = yanks.get(version.tag);
    if (yank === undefined) return [];
    return [{ ...blank(version, "yank"), at: yank.at, actor: yank.by, tag: formatYankTag(version) }];
  });
  return [...versions.map(registered), ...yanked, ...(await evaluated(context, model, versions))];
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
  model: ModelName,
  versions: readonly VersionObjects[],
): Promise<readonly EventAnswer[]> {
  const tip = await context.git.readRef(evaluationRef(context, model));
  if (tip === null) return [];
  const commits = await context.git.firstParents(tip);
  const files = await Promise.all(
    commits.map(async ({ tree }) =>
      (await walkTree(context.git, tree, { depth: 3, entries: 100_000 })).map(({ name }) => name),
    ),
  );
  return commits.flatMap((commit, index) => {
    const before = new Set(files[index + 1] ?? []);
    const added = (files[index] ?? []).filter((name) => !before.has(name));
    return added.flatMap((path): readonly EventAnswer[] => {
      const version = versions.find((one) => one.version === parseEvaluationPath(path)?.version);
      if (version === undefined) return [];
      const { name, email } = commit.committer;
      return [
        { ...blank(version, "evaluate"), at: isoTime(commit.committer), actor: { name, email }, commit: commit.id },
      ];
    });
  });
}

function blank(
  version: Pick<VersionObjects, "model" | "version" | "commit">,
  kind: EventAnswer["kind"],
): EventAnswer & { readonly commit: ObjectId } {
  const { model, version: number, commit } = version;
  const actor = { name: "", email: "" };
  return { at: "", actor, kind, model, version: number, previous: null, stage: null, number: null, tag: null, commit };
}
