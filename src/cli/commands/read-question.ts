import { RegistryError } from "../../errors.ts";
import { type Given, given } from "../given.ts";

/** Versions and events that are listed without --limit and --all. */
const DEFAULT_LIMIT = 20;

/** `--fetch` and `--offline` of a read. */
export function readQuestion(from: Given): { readonly fetch?: boolean; readonly offline?: boolean } {
  if (from.flag("--fetch") && from.flag("--offline")) {
    throw new RegistryError("usage", "--fetch and --offline exclude each other");
  }
  return given({ fetch: from.flag("--fetch") || undefined, offline: from.flag("--offline") || undefined });
}

/** `--limit` and `--all`; with `limited` 20 where neither is given. */
export function limitOf(from: Given, limited: boolean): { readonly limit?: number } {
  const limit = from.count("--limit");
  if (from.flag("--all")) {
    if (limit !== undefined) throw new RegistryError("usage", "--limit and --all exclude each other");
    return {};
  }
  return given({ limit: limit ?? (limited ? DEFAULT_LIMIT : undefined) });
}
