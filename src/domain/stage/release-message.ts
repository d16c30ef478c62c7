import type { ModelName } from "../model/model-name.ts";
import type { Version } from "../model/version.ts";
import type { ObjectId } from "../object-id.ts";
import type { StageName } from "../policy/stage.ts";
import type { HeldVersion } from "./ledger.ts";

/** What a release tag records besides its name. */
export interface Release {
  readonly kind: "release" | "rollback" | "demote";
  readonly model: ModelName;
  readonly stage: StageName;
  /** The version concerned; for a demote the one that left. */
  readonly version: Version;
  readonly previous: HeldVersion | null;
  /** Null on a tag stage, which has no branch. */
  readonly stageCommit: ObjectId | null;
  readonly versionTag: ObjectId;
}

type Line = Pick<Release, "kind" | "model" | "stage" | "version">;

/** First line of a release tag's message, which is also the message of the stage's commit. */
export function formatReleaseLine({ kind, model, stage, version }: Line): string {
  if (kind === "release") return `Release ${model} ${version} to ${stage}`;
  if (kind === "rollback") return `Roll back ${model} to ${version} on ${stage}`;
  return `Demote ${model} ${version} from ${stage}`;
}

/** The whole message of a release tag, to the byte (DESIGN section 1, "Release tags are derived"). */
export function formatReleaseMessage(release: Release): string {
  return [
    formatReleaseLine(release),
    "",
    `Kind: ${release.kind}`,
    `Version: ${release.version}`,
    `Previous: ${release.previous ?? "none"}`,
    `Stage-Commit: ${release.stageCommit ?? "none"}`,
    `Version-Tag: ${release.versionTag}`,
    "",
  ].join("\n");
}
