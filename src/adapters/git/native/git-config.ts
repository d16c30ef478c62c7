/** All values of all scopes, in git's order; keys with section and variable in lower case. */
export type GitConfig = readonly { readonly key: string; readonly value: string }[];

/** What `git config --null --list` prints. */
export function parseConfigList(text: string): GitConfig {
  return text
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

/** `Section.Sub.Variable`: the sub-section alone keeps its case. */
function normalizeKey(key: string): string {
  const first = key.indexOf(".");
  const last = key.lastIndexOf(".");
  if (first < 0) return key.toLowerCase();
  return key.slice(0, first).toLowerCase() + key.slice(first, last) + key.slice(last).toLowerCase();
}
