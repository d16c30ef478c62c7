import type { ArtifactRemote, ArtifactStore } from "../ports/artifact-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { FetchLog } from "../ports/fetch-log.ts";
import type { GitStore, HeadDescription } from "../ports/git-store.ts";
import type { ModelCache } from "../ports/model-cache.ts";
import type { Reporter } from "../ports/reporter.ts";
import type { SourceFiles } from "../ports/source-files.ts";
import type { PolicyState } from "./load/policy-state.ts";

/** An open registry and the world around it: what every operation is given. */
export interface RegistryContext {
  readonly git: GitStore;
  readonly store: ArtifactStore;
  readonly cache: ModelCache;
  /** Where the registry is shared; null: this repository is the whole of it. */
  readonly remote: RegistryRemote | null;
  readonly files: SourceFiles;
  readonly fetchLog: FetchLog;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Who commits (DETAILS 5). */
  readonly identify: () => Promise<Identity>;
  /** The source code around the caller's directory; null when that is the registry itself. */
  readonly describeSource: () => Promise<HeadDescription | null>;
  /** A path as the caller wrote it, absolute. */
  readonly resolvePath: (path: string) => string;
  /** URL of the CI run that calls, or null. */
  readonly runUrl: string | null;
  /** Where this repository is a mirror in the cache of a registry that was named by a URL; null: it is a person's own. */
  readonly mirror: Mirror | null;
  readonly memory: OperationMemory;
  /** Ends child processes and connections; nothing is used afterwards. */
  readonly close: () => Promise<void>;
}

/** A mirror, which other processes read and fetch into at the same time (docs/adr/0040). */
export interface Mirror {
  /** The registry's URL, for messages: without a login. */
  readonly address: string;
  /**
   * Runs `work` while no other process fetches into the mirror, again where a lock was in its way. `waited`: another
   * process had its turn first.
   */
  readonly alone: <T>(work: (turn: { readonly waited: boolean }) => Promise<T>) => Promise<T>;
  /** When this was last fetched into the mirror: a reference, where not everything is fetched at once. */
  readonly logOf: (topic: string) => FetchLog;
  /** Many fetches have left so much behind that it should be made anew. */
  readonly isOvergrown: () => Promise<boolean>;
}

export type MirrorKind = "whole" | "narrow";

/** The mirrors of a registry that was named by a URL, opened when they are needed. */
export interface Mirrors {
  /** All branches and tags, as a bare clone has them. */
  whole(): Promise<RegistryContext>;
  /** What pulls needed, shallow and partial: nothing in it is complete. */
  narrow(): Promise<RegistryContext>;
  /**
   * Makes a mirror anew, because it is damaged or overgrown: `fill` fetches into an empty one, and only when it has
   * succeeded the empty one takes the other's place. Where another process has just done that, `fill` is given its work.
   */
  renew(kind: MirrorKind, fill: (context: RegistryContext) => Promise<void>): Promise<RegistryContext>;
  close(): Promise<void>;
}

/** What one operation has read and need not read again. Changes while the operation runs; a fetch empties it. */
export interface OperationMemory {
  policy: Promise<PolicyState> | null;
}

export interface RegistryRemote {
  readonly name: string;
  /** For messages: without credentials. */
  readonly url: string;
  readonly artifacts: ArtifactRemote;
}

export interface Identity {
  readonly name: string;
  readonly email: string;
  /** True when nobody configured it. */
  readonly invented: boolean;
}
