/** The version of a git binary, as far as it matters. */
export interface GitVersion {
  readonly major: number;
  readonly minor: number;
  /** As git says it: `2.39.5`. */
  readonly text: string;
}

/** Reads `git version 2.39.5 (Apple Git-154)`; null for anything else. */
export function parseGitVersion(line: string): GitVersion | null {
  const match = /^git version (([0-9]+)\.([0-9]+)\S*)/.exec(line);
  if (match === null) return null;
  const [, text = "", major = "", minor = ""] = match;
  return { major: Number(major), minor: Number(minor), text };
}

export function isAtLeast(version: GitVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
