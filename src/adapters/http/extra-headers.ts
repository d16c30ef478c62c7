import type { UrlSetting } from "./url-settings.ts";

/**
 * `http.extraHeader` for a URL. One that is configured for no URL would go to every server that somebody names, so it goes
 * to the registry's alone; an empty value forgets those before it.
 */
export function extraHeaders(settings: readonly UrlSetting[], isRegistry: boolean): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  for (const { variable, value, scoped } of settings) {
    if (variable !== "extraheader") continue;
    if (value === "") headers.clear();
    const [, name, content] = /^([^:]+):\s*(.+?)\s*$/s.exec(value) ?? [];
    if (name === undefined || content === undefined || !(scoped || isRegistry)) continue;
    const key = name.trim().toLowerCase();
    const before = key === "authorization" ? undefined : headers.get(key);
    headers.set(key, before === undefined ? content : `${before}, ${content}`);
  }
  return Object.fromEntries(headers);
}
