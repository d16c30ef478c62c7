import { accepted, type Checked, type Parsed, refused } from "../parsed.ts";

/** A checked stage name (DESIGN section 1, "Names"). */
export type StageName = Checked<"StageName">;

const NAME = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const RESERVED = new Set(["latest", "greatest", "best", "deprecated", "created", "x", "head"]);
const BRANCH_PREFIX = "stage/";

export function parseStageName(text: string): Parsed<StageName> {
  if (RESERVED.has(text)) return refused(`${text} has a meaning of its own, it cannot name a stage`);
  if (/^v?\d/.test(text)) return refused(`${text} reads like a version, it cannot name a stage`);
  if (NAME.test(text)) return accepted(text as StageName);
  return refused(
    "a stage name is 1 to 32 lower-case letters, digits and -, beginning with a letter",
    nearest(text),
  );
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
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .slice(0, 32)
    .replace(/^[^a-z]+|-+$/g, "");
  return NAME.test(mended) && !RESERVED.has(mended) ? `the nearest allowed name is ${mended}` : null;
}
