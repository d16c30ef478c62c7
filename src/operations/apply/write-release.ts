import type { ModelName } from "../../domain/model/model-name.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { StageName } from "../../domain/policy/stage.ts";
import type { StageEvent } from "../../domain/stage/ledger.ts";
import { formatReleaseMessage } from "../../domain/stage/release-message.ts";
import { formatReleaseTag } from "../../domain/stage/release-tag.ts";
import type { GitStore, NewTag } from "../../ports/git-store.ts";

/** The version that an event is about, as its tag has it. */
export interface ReleasedVersion {
  readonly commit: ObjectId;
  readonly tagId: ObjectId;
}

export interface WrittenRelease {
  /** Name of the tag. */
  readonly tag: string;
  readonly tagId: ObjectId;
}

/** What a release tag is about, beside its event. `stageCommit` null: a tag stage. */
export interface ReleaseSubject {
  readonly model: ModelName;
  readonly stage: StageName;
  readonly version: ReleasedVersion;
  readonly stageCommit: ObjectId | null;
}

/**
 * Writes the tag object of a stage event: a pure function of the event, so that any number of writers make the same
 * object (DESIGN section 1, "Release tags are derived"). Null for an event without a version, which has no tag.
 */
export async function writeRelease(
  git: GitStore,
  event: StageEvent,
  about: ReleaseSubject,
): Promise<WrittenRelease | null> {
  const release = describeRelease(event, about);
  return release === null ? null : { tag: release.name, tagId: await git.writeTag(release) };
}

/** The tag object of a stage event before it is written; null for an event without a version. */
export function describeRelease(event: StageEvent, about: ReleaseSubject): NewTag | null {
  if (event.version === null || event.kind === "unregistered") return null;
  const { model, stage, version, stageCommit } = about;
  const name = formatReleaseTag({ model, stage, number: event.number, demote: event.kind === "demote" });
  const message = formatReleaseMessage({
    kind: event.kind,
    model,
    stage,
    version: event.version,
    previous: event.previous,
    stageCommit,
    versionTag: version.tagId,
  });
  return { target: version.commit, name, tagger: { ...event.committer, seconds: event.seconds }, message };
}
