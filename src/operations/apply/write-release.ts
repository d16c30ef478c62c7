import type { ModelName } from "../../domain/model/model-name.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { StageName } from "../../domain/policy/stage.ts";
import type { StageEvent } from "../../domain/stage/ledger.ts";
import { formatReleaseMessage } from "../../domain/stage/release-message.ts";
import { formatReleaseTag } from "../../domain/stage/release-tag.ts";
import type { GitStore } from "../../ports/git-store.ts";

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

/**
 * Writes the tag object of a stage event: a pure function of the event, so that any number of writers make the same
 * object (DESIGN section 1, "Release tags are derived"). Null for an event without a version, which has no tag.
 * `stageCommit` null: a tag stage.
 */
export async function writeRelease(
  git: GitStore,
  event: StageEvent,
  about: {
    readonly model: ModelName;
    readonly stage: StageName;
    readonly version: ReleasedVersion;
    readonly stageCommit: ObjectId | null;
  },
): Promise<WrittenRelease | null> {
  if (event.version === null || event.kind === "unregistered") return null;
  const { model, stage, version, stageCommit } = about;
  const tag = formatReleaseTag({ model, stage, number: event.number, demote: event.kind === "demote" });
  const message = formatReleaseMessage({
    kind: event.kind,
    model,
    stage,
    version: event.version,
    previous: event.previous,
    stageCommit,
    versionTag: version.tagId,
  });
  const tagger = { ...event.committer, seconds: event.seconds };
  return { tag, tagId: await git.writeTag({ target: version.commit, name: tag, tagger, message }) };
}
