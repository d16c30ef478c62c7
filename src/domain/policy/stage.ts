import { accepted, type Checked, type Parsed, refused } from "../parsed.ts";

/** A checked stage name (DESIGN section 1, "Names"). */
export type StageName = Checked<"StageName">;

const NAME = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const RESERVED = new Set(["latest", "greatest", "best", "deprecated", "created", "x", "head"]);
/** What semver reads as a version or a range, however many v: `fraud@vv1` would never mean a stage. */
const VERSION_LIKE = /^v*(?:\d|x$)/;
const BRANCH_PREFIX = "stage/";

/** Reads a stage name; a refused one comes with the nearest allowed spelling as its hint. */
export function parseStageName(text: string): Parsed<StageName> {
  const reason = reasonAgainst(text);
  return reason === null ? accepted(text as StageName) : refused(reason, nearest(text));
}

function reasonAgainst(text: string): string | null {
  if (RESERVED.has(text)) return `${text} has a meaning of its own, it cannot name a stage`;
  if (VERSION_LIKE.test(text)) return `${text} reads like a version, it cannot name a stage`;
  return NAME.test(text) ? null : "a stage name is 1 to 32 lower-case letters, digits and -, beginning with a letter";
}

/** The stage's branch, e.g. `stage/production`, without `refs/…`; inverse of `parseStageBranch`. */
export function formatStageBranch(stage: StageName): string {
  return `${BRANCH_PREFIX}${stage}`;
}

export function parseStageBranch(branch: string): StageName | null {
  if (!branch.startsWith(BRANCH_PREFIX)) return null;
  const parsed = parseStageName(branch.slice(BRANCH_PREFIX.length));
  return parsed.ok ? parsed.value : null;
}

function nearest(text: string): string | null {
  const mended = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+/, "");
  const near = [mended, `stage-${mended}`]
    .map((one) => one.slice(0, 32).replace(/-+$/, ""))
    .find((one) => mended !== "" && reasonAgainst(one) === null);
  return near === undefined ? null : `the nearest allowed name is ${near}`;
}
