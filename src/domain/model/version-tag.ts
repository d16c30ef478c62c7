import { type ModelName, parseModelName } from "./model-name.ts";
import { parseVersion, type Version } from "./version.ts";

/** A version of a model: what a version tag and a yank tag name. */
export interface VersionId {
  readonly model: ModelName;
  readonly version: Version;
}

/** `fraud@v1.3.0`, the tag of a version; inverse of `parseVersionTag`. */
export function formatVersionTag(id: VersionId): string {
  return `${id.model}@v${id.version}`;
}

/** Null for any name that is not exactly a version tag's. */
export function parseVersionTag(name: string): VersionId | null {
  const at = name.indexOf("@v");
  if (at < 0) return null;
  const model = parseModelName(name.slice(0, at));
  const version = parseVersion(name.slice(at + 2));
  if (!model.ok || !version.ok || name[at + 2] === "v") return null;
  return { model: model.value, version: version.value };
}

/** `fraud@v1.3.0!#1`, the tag that takes a version out of use for good; inverse of `parseYankTag`. */
export function formatYankTag(id: VersionId): string {
  return `${formatVersionTag(id)}!#1`;
}

export function parseYankTag(name: string): VersionId | null {
  return name.endsWith("!#1") ? parseVersionTag(name.slice(0, -3)) : null;
}

/** How people and messages name a version: `fraud@1.3.0`. */
export function formatVersionId(id: VersionId): string {
  return `${id.model}@${id.version}`;
}
