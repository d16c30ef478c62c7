import semver from "semver";
import { RegistryError } from "../../errors.ts";
import { compareBytes } from "../metric/metric.ts";
import { accepted, type Checked, type Parsed, refused } from "../parsed.ts";

/** A checked version: semver 2.0 without build metadata and without a leading `v`. */
export type Version = Checked<"Version">;

export type Bump = "major" | "minor" | "patch";

export const FIRST_VERSION = "1.0.0" as Version;

const EXACT =
  /^(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?$/;
const LENGTH_LIMIT = 128;

/** Reads a version; a leading `v` is accepted and dropped. Nothing else is trimmed or mended. */
export function parseVersion(text: string): Parsed<Version> {
  const bare = text.startsWith("v") ? text.slice(1) : text;
  if (isVersion(bare)) return accepted(bare);
  return refused(
    bare.includes("+")
      ? "a version has no build metadata (the part after +)"
      : "a version is MAJOR.MINOR.PATCH, with an optional -pre.release",
    nearest(bare),
  );
}

/** Semver precedence: negative when `a` comes before `b`; 0 for the same version only. */
export function compareVersions(a: Version, b: Version): number {
  // semver reads numeric pre-release parts beyond 2^53 as doubles, so different ones may look equal.
  return semver.compare(a, b) || compareBytes(a, b);
}

export function isPrerelease(version: Version): boolean {
  return version.includes("-");
}

/**
 * The version after `highest`; the first version of a model is 1.0.0 (CLI.md "register" 3).
 * `version-invalid` where the number is the largest there is.
 */
export function bumpVersion(highest: Version | null, bump: Bump): Version {
  if (highest === null) return FIRST_VERSION;
  const next = parseVersion(semver.inc(highest, bump) ?? "");
  if (next.ok) return next.value;
  throw new RegistryError("version-invalid", `there is no ${bump} version after ${highest}`, {
    hint: "name the version with --version",
  });
}

/** True iff the version is inside a semver range; pre-releases only where the range names one. */
export function satisfiesRange(version: Version, range: string): boolean {
  return semver.satisfies(version, range);
}

/**
 * True iff the text is a semver range with something in it (semver reads blank text as `*`: DETAILS 38) and without
 * line breaks or other characters beyond printable ASCII, which semver would trim away. Nor may it have a `+`: versions
 * have no build metadata, and semver would read `1.0.0+b` as `1.0.0`.
 */
export function isRange(text: string): boolean {
  if (text.length > LENGTH_LIMIT || !/^[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*$/.test(text)) return false;
  if (text.includes("+")) return false;
  return semver.validRange(text) !== null;
}

function isVersion(text: string): text is Version {
  return text.length <= LENGTH_LIMIT && EXACT.test(text) && semver.valid(text) === text;
}

/** A spelling that is itself allowed, or null. */
function nearest(text: string): string | null {
  const bare = text
    .slice(0, 2 * LENGTH_LIMIT)
    .replace(/\+.*$/s, "")
    .trim();
  const near = [bare, semver.coerce(text.slice(0, LENGTH_LIMIT))?.version ?? ""].find(isVersion);
  return near === undefined ? null : `the nearest version is ${near}`;
}
