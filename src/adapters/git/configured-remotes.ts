import type { ConfigEntry, Remote } from "../../ports/git-store.ts";
import { insteadOf } from "./instead-of.ts";

/** Configured remotes with their first URL, in the order of the configuration, `url.<base>.insteadOf` applied. */
export function configuredRemotes(config: readonly ConfigEntry[]): readonly Remote[] {
  const urls = new Map<string, string>();
  for (const { key, value } of config) {
    const name = /^remote\.([^\0]+)\.url$/s.exec(key)?.[1];
    if (name !== undefined && value !== "" && !urls.has(name)) urls.set(name, value);
  }
  return [...urls].map(([name, url]) => ({ name, url: insteadOf(url, config) }));
}
