import { accepted, type Checked, type Parsed, refused } from "../parsed.ts";

/** Where an artifact stands below `artifacts/`: 1 to 8 segments joined by `/` (DESIGN section 1, "Names"). */
export type ArtifactPath = Checked<"ArtifactPath">;

/** A version holds at most this many artifacts. */
export const ARTIFACT_LIMIT = 1000;

const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._+@=-]*$/;
const DEPTH_LIMIT = 8;
const LENGTH_LIMIT = 1024;
/** `pull` writes files of these names beside the artifacts (DETAILS 9). */
const RESERVED = new Set(["manifest.yaml", "readme.md"]);

export function parseArtifactPath(text: string): Parsed<ArtifactPath> {
  const segments = text.split("/");
  if (segments.length > DEPTH_LIMIT) {
    return refused(`an artifact lies at most ${DEPTH_LIMIT} folders deep`);
  }
  if (text.length > LENGTH_LIMIT) return refused(`an artifact path has at most ${LENGTH_LIMIT} characters`);
  if (RESERVED.has(text.toLowerCase())) {
    return refused(`the name ${text} is taken: pull writes it beside the artifacts`, "rename the file");
  }
  if (segments.every((segment) => SEGMENT.test(segment))) return accepted(text as ArtifactPath);
  return refused(
    "artifact path segments are letters, digits and . _ + @ = -, and begin with a letter, a digit or _",
    nearest(segments),
  );
}

/** Two paths that would be one file where letter case does not count, or null. */
export function findCaseTwins(paths: readonly string[]): readonly [string, string] | null {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const twin = seen.get(path.toLowerCase());
    if (twin !== undefined) return [twin, path];
    seen.set(path.toLowerCase(), path);
  }
  return null;
}

/** A path that another one needs as a folder, and that other one; or null. Letter case does not count. */
export function findFolderClash(paths: readonly string[]): readonly [string, string] | null {
  const files = new Map(paths.map((path) => [path.toLowerCase(), path]));
  for (const path of paths) {
    const segments = path.toLowerCase().split("/");
    for (let depth = 1; depth < segments.length; depth++) {
      const file = files.get(segments.slice(0, depth).join("/"));
      if (file !== undefined) return [file, path];
    }
  }
  return null;
}

/** A spelling that is itself allowed, or null. */
function nearest(segments: readonly string[]): string | null {
  const mended = segments
    .filter((segment) => segment !== "" && segment !== "." && segment !== "..")
    .map((segment) => segment.replace(/[^A-Za-z0-9._+@=-]/g, "_").replace(/^[^A-Za-z0-9_]+/, ""))
    .filter((segment) => segment !== "")
    .join("/");
  return mended !== "" && parseArtifactPath(mended).ok ? `rename it to ${mended}` : null;
}
