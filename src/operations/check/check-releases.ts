import { type Finding, finding } from "../../domain/finding.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import type { StageEvent } from "../../domain/stage/ledger.ts";
import type { NewTag, Tag } from "../../ports/git-store.ts";
import { describeRelease } from "../apply/write-release.ts";
import type { RegistryContext } from "../context.ts";
import { stageRef, tagRef } from "../load/ref-names.ts";
import type { StageView } from "../load/stages.ts";
import { type Survey, type SurveyedRelease, versionAt } from "./survey.ts";

/**
 * Holds the release tags against the history of the stages, from which each of them follows: `release-missing`,
 * `release-forged` (nothing explains it), `history-rewritten` (another object under the name).
 */
export function checkReleases(
  context: RegistryContext,
  survey: Survey,
  explained: ReadonlySet<string>,
): readonly Finding[] {
  const byStage = new Map<string, SurveyedRelease[]>();
  for (const release of survey.releases) {
    const list = byStage.get(release.entry.stage);
    if (list === undefined) byStage.set(release.entry.stage, [release]);
    else list.push(release);
  }
  const found: Finding[] = [];
  for (const view of survey.stages) {
    const releases = byStage.get(view.stage) ?? [];
    byStage.delete(view.stage);
    if (view.kind === "tag") found.push(...ofTagStage(survey, releases));
    else if (view.tip === null) found.push(...ofLostStage(context, view, releases));
    else found.push(...ofBranchStage(survey, view, { releases, explained }));
  }
  // Without a policy nobody knows which stages live by their tags alone.
  const unknown = survey.policy === null ? [] : [...byStage.values()].flat();
  return [...found, ...unknown.map(({ entry }) => forged(entry.tag, `there is no stage ${entry.stage}`))];
}

function ofBranchStage(
  survey: Survey,
  view: StageView,
  present: { readonly releases: readonly SurveyedRelease[]; readonly explained: ReadonlySet<string> },
): readonly Finding[] {
  const expected = expectedReleases(survey, view);
  const unsettled = modelsOf(present.releases, present.explained);
  const tags = new Map(present.releases.map((release) => [release.entry.tag, release.object]));
  const found: Finding[] = [];
  for (const release of expected.values()) {
    const object = tags.get(release.name);
    if (object === undefined) found.push(missing(release.name));
    else if (unsettled.has(release.model)) continue;
    else if (object === null || !isSame(object, release)) found.push(rewritten(release.name, view));
  }
  const strangers = present.releases.filter(
    ({ entry }) => !expected.has(entry.tag) && !present.explained.has(entry.tag),
  );
  return [...found, ...strangers.map(({ entry }) => forged(entry.tag, `nothing on stage/${view.stage} explains it`))];
}

/** Models with a moved or missing version: each later release rests on it, so only the version's tag is to blame. */
function modelsOf(releases: readonly SurveyedRelease[], tags: ReadonlySet<string>): ReadonlySet<ModelName> {
  return new Set(releases.filter(({ entry }) => tags.has(entry.tag)).map(({ entry }) => entry.model));
}

type ExpectedRelease = NewTag & { readonly model: ModelName };

/** The release tags that the history of a stage calls for, by name. */
function expectedReleases(survey: Survey, view: StageView): ReadonlyMap<string, ExpectedRelease> {
  const expected = new Map<string, ExpectedRelease>();
  for (const [model, ledger] of survey.histories.get(view)?.ledgers ?? []) {
    for (const event of ledger.events) {
      const release = releaseOf(survey, event, { view, model });
      if (release !== null) expected.set(release.name, { ...release, model });
    }
  }
  return expected;
}

function releaseOf(
  survey: Survey,
  event: StageEvent,
  { view, model }: { readonly view: StageView; readonly model: ModelName },
): NewTag | null {
  const version = event.version === null ? null : versionAt(survey, { model, version: event.version });
  if (!version?.objects) return null;
  return describeRelease(event, { model, stage: view.stage, version: version.objects, stageCommit: event.commit });
}

function isSame(tag: Tag, wanted: NewTag): boolean {
  if (tag.target !== wanted.target || tag.name !== wanted.name || tag.message !== wanted.message) return false;
  const [is, should] = [tag.tagger, wanted.tagger];
  if (is === null || is.seconds !== should.seconds || is.zone !== should.zone) return false;
  if (is.raw !== undefined && should.raw !== undefined) return is.raw === should.raw;
  return is.name === should.name && is.email === should.email;
}

/** On a tag stage the tags are the history: each names a version of its model, under its own name. */
function ofTagStage(survey: Survey, releases: readonly SurveyedRelease[]): readonly Finding[] {
  const versionOf = new Map([...survey.byTree.values()].map((one) => [one.commit, one]));
  return releases.flatMap(({ entry, object }): readonly Finding[] => {
    if (object === null) return [forged(entry.tag, "it is not annotated")];
    if (object.name !== entry.tag)
      return [forged(entry.tag, `it is the tag object of ${JSON.stringify(object.name.slice(0, 200))}`)];
    const version = versionOf.get(object.target);
    if (version === undefined) return [forged(entry.tag, "the commit that it names is no version")];
    if (version.model === entry.model) return [];
    return [forged(entry.tag, `it names ${formatVersionId(version)}, another model's version`)];
  });
}

/** Releases tell of a stage whose branch is not there: one finding says so, and where it stood. */
function ofLostStage(
  context: RegistryContext,
  { stage }: StageView,
  releases: readonly SurveyedRelease[],
): readonly Finding[] {
  const newest = releases
    .toSorted((a, b) => (a.object?.tagger?.seconds ?? 0) - (b.object?.tagger?.seconds ?? 0))
    .at(-1);
  if (newest === undefined) return [];
  const commit = /^Stage-Commit: ([0-9a-f]+)$/m.exec(newest.object?.message ?? "")?.[1] ?? null;
  const target =
    context.remote === null ? `git update-ref refs/heads/stage/${stage}` : `git push ${context.remote.name}`;
  const what = context.remote === null ? ` ${commit}` : ` ${commit}:refs/heads/stage/${stage}`;
  return [
    finding("history-rewritten", `the branch stage/${stage} is gone, but ${releases.length} releases tell of it`, {
      ref: stageRef(context, stage),
      hint: commit === null ? "restore the branch from a clone that has it" : `${target}${what}`,
    }),
  ];
}

function missing(tag: string): Finding {
  return finding("release-missing", `the release tag ${tag} is missing`, {
    severity: "warning",
    ref: tagRef(tag),
    hint: "git model reconcile",
  });
}

function rewritten(tag: string, { stage }: StageView): Finding {
  return finding(
    "history-rewritten",
    `the release tag ${tag} does not record what stage/${stage} says: one of them was rewritten`,
    {
      ref: tagRef(tag),
      hint: `git cat-file -p "refs/tags/${tag}"`,
    },
  );
}

function forged(tag: string, why: string): Finding {
  return finding("release-forged", `the release tag ${tag} is not one of ours: ${why}`, {
    ref: tagRef(tag),
    hint: `git cat-file -p "refs/tags/${tag}" shows who made it`,
  });
}
