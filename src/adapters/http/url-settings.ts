import type { ConfigEntry } from "../../ports/git-store.ts";

/** A variable of `http.*` or `credential.*` that counts for a URL. */
export interface UrlSetting {
  /** In lower case. */
  readonly variable: string;
  readonly value: string;
  /** Written for a URL (`http.https://example.org.proxy`), not for all. */
  readonly scoped: boolean;
}

/**
 * What counts for a URL, by git's rules (`git help config`, "http.<url>.*"): scheme, port and user must be equal, the host
 * may have `*` for a label, the path is a prefix by folders. Of a variable the most specific counts; of several that count
 * the last one, but lists have all of them.
 */
export function settingsFor(
  config: readonly ConfigEntry[],
  section: "http" | "credential",
  url: URL,
): readonly UrlSetting[] {
  const best = new Map<string, Rank>();
  return config.flatMap(({ key, value }) => {
    const parts = partsOf(key, section);
    if (parts === null) return [];
    const { variable, pattern } = parts;
    const rank = pattern === null ? ANY : rankOf(pattern, url);
    // Git drops what is less specific than a value before it, and keeps what came before a more specific one.
    if (rank === null || isLess(rank, best.get(variable) ?? ANY)) return [];
    best.set(variable, rank);
    return [{ variable, value, scoped: pattern !== null }];
  });
}

/** The value that counts, or null. */
export function lastSetting(settings: readonly UrlSetting[], variable: string): string | null {
  return settings.findLast((setting) => setting.variable === variable)?.value ?? null;
}

/** How specific a match is: characters of the host, characters of the path, whether it names the user. */
type Rank = readonly [host: number, path: number, user: number];

const ANY: Rank = [0, 0, 0];

function partsOf(key: string, section: string): { readonly variable: string; readonly pattern: string | null } | null {
  if (!key.startsWith(`${section}.`)) return null;
  const end = key.lastIndexOf(".");
  const variable = key.slice(end + 1).toLowerCase();
  return { variable, pattern: end === section.length ? null : key.slice(section.length + 1, end) };
}

function rankOf(text: string, url: URL): Rank | null {
  if (!URL.canParse(text)) return null;
  const pattern = new URL(text);
  if (pattern.protocol !== url.protocol || pattern.port !== url.port) return null;
  if (pattern.username !== "" && pattern.username !== url.username) return null;
  if (!hostMatches(pattern.hostname, url.hostname)) return null;
  const path = pattern.pathname.replace(/\/$/, "");
  if (url.pathname !== path && !url.pathname.startsWith(`${path}/`)) return null;
  return [pattern.hostname.length, path.length + 1, pattern.username === "" ? 0 : 1];
}

function hostMatches(pattern: string, host: string): boolean {
  const [wanted, given] = [pattern.split("."), host.split(".")];
  return wanted.length === given.length && wanted.every((label, index) => label === "*" || label === given[index]);
}

function isLess(a: Rank, b: Rank): boolean {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}
