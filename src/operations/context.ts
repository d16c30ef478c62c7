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
  readonly memory: OperationMemory;
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
