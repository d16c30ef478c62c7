import type { GitCommand } from "./git-command.ts";
import { gitFailure } from "./git-failure.ts";

/** All values of all scopes, in git's order; keys with section and variable in lower case. */
export type GitConfig = readonly { readonly key: string; readonly value: string }[];

export async function readConfig(git: GitCommand): Promise<GitConfig> {
  const { stdout } = await git.run(["config", "--null", "--list"], { doing: "read the configuration" });
  return stdout
    .toString("utf8")
    .split("\0")
    .filter((entry) => entry !== "")
    .map((entry) => {
      const end = entry.indexOf("\n");
      // A key without `=` is true.
      return end < 0 ? { key: entry, value: "true" } : { key: entry.slice(0, end), value: entry.slice(end + 1) };
    });
}

export function lastValue(config: GitConfig, key: string): string | null {
  const wanted = normalizeKey(key);
  return config.findLast((entry) => entry.key === wanted)?.value ?? null;
}

export function isTrue(value: string | null): boolean {
  return value !== null && /^(true|yes|on|[1-9][0-9]*)$/i.test(value);
}

export async function setConfig(git: GitCommand, key: string, value: string): Promise<void> {
  const doing = `set ${key}`;
  const result = await git.run(["config", "--local", "--replace-all", "--end-of-options", key, value], {
    doing,
    exits: [0, 4, 255],
  });
  if (result.exitCode !== 0) throw gitFailure(doing, result);
}

/** `Section.Sub.Variable`: the sub-section alone keeps its case. */
function normalizeKey(key: string): string {
  const first = key.indexOf(".");
  const last = key.lastIndexOf(".");
  if (first < 0) return key.toLowerCase();
  return key.slice(0, first).toLowerCase() + key.slice(first, last) + key.slice(last).toLowerCase();
}
