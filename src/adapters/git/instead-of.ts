import type { ConfigEntry } from "../../ports/git-store.ts";

/**
 * The address that Git goes to instead of one that is written somewhere: the longest `url.<base>.insteadOf` that it begins
 * with is replaced by its base; of equally long ones the base that is configured first counts.
 */
export function insteadOf(address: string, config: readonly ConfigEntry[]): string {
  return replaced(address, rulesOf("insteadof", config)) ?? address;
}

/**
 * The address that Git pushes to for a remote without a `pushurl`: by `url.<base>.pushInsteadOf`, else as `insteadOf` says.
 * `address` is the remote's URL as it is written.
 */
export function pushInsteadOf(address: string, config: readonly ConfigEntry[]): string {
  return replaced(address, rulesOf("pushinsteadof", config)) ?? insteadOf(address, config);
}

interface Rule {
  readonly base: string;
  readonly prefix: string;
}

/** In git's order: by the first mention of the base, in either kind of rule. */
function rulesOf(variable: "insteadof" | "pushinsteadof", config: readonly ConfigEntry[]): readonly Rule[] {
  const rules = new Map<string, string[]>();
  for (const { key, value } of config) {
    const [, base, found] = /^url\.(.*)\.(insteadof|pushinsteadof)$/s.exec(key) ?? [];
    if (base === undefined) continue;
    const prefixes = rules.get(base) ?? [];
    rules.set(base, found === variable ? [...prefixes, value] : prefixes);
  }
  return [...rules].flatMap(([base, prefixes]) => prefixes.map((prefix) => ({ base, prefix })));
}

function replaced(address: string, rules: readonly Rule[]): string | null {
  const longest = rules
    .filter(({ prefix }) => address.startsWith(prefix))
    .reduce<Rule | null>(
      (best, rule) => (best === null || rule.prefix.length > best.prefix.length ? rule : best),
      null,
    );
  return longest === null ? null : longest.base + address.slice(longest.prefix.length);
}
