import type { ObjectId } from "../../../domain/object-id.ts";
import type { FetchOptions, PushOutcome, RefEdit, RefName, RemoteAdvertisement } from "../../../ports/git-store.ts";

/** A remote as fetch and push need it: another directory, or a server. Each throws before anything is written, where it can. */
export interface EmbeddedRemote {
  /** As `GitStore.listRemote` says. */
  list(patterns?: readonly RefName[]): Promise<RemoteAdvertisement>;
  /** What the refs that match the patterns name, and perhaps others. */
  values(patterns: readonly RefName[]): Promise<ReadonlyMap<RefName, ObjectId>>;
  /** Brings histories, durably and whole, before any ref names them. */
  bring(wanted: WantedHistory): Promise<void>;
  /** Brings objects with all that is below them. Throws `not-found` for one that the remote does not give. */
  bringObjects(ids: readonly ObjectId[]): Promise<void>;
  /** As `GitStore.push` says, without tracking refs. */
  push(updates: readonly RefEdit[], options: { readonly atomic: boolean }): Promise<readonly PushOutcome[]>;
  close(): void;
}

export interface WantedHistory {
  readonly ids: readonly ObjectId[];
  /** The refs that will name them here. */
  readonly targets: readonly RefName[];
  readonly depth: FetchOptions["depth"] | undefined;
  readonly filter: FetchOptions["filter"] | undefined;
}

/** A full name, or a pattern with one `*`, which stands for any run of characters. */
export function matches(name: string, pattern: string): boolean {
  return starOf(name, pattern) !== null;
}

/** What the `*` of a pattern stands for in a name; empty without a `*`; null where they do not match. */
export function starOf(name: string, pattern: string): string | null {
  const star = pattern.indexOf("*");
  if (star < 0) return name === pattern ? "" : null;
  const before = pattern.slice(0, star);
  const after = pattern.slice(star + 1);
  if (name.length < pattern.length - 1 || !name.startsWith(before) || !name.endsWith(after)) return null;
  return name.slice(star, name.length - after.length);
}
