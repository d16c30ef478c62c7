import type { ArtifactStore } from "../../../ports/artifact-store.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { HttpClient } from "../../http/http-client.ts";
import type { LfsServer } from "./lfs-server.ts";

/** What surrounds the LFS side of a remote that is a server. */
export interface BatchWorld {
  /** For messages; without credentials. */
  readonly name: string;
  readonly server: LfsServer;
  readonly http: HttpClient;
  /** Where uploads are read from. */
  readonly store: ArtifactStore;
  readonly clock: Clock;
  /** Objects that travel at once. */
  readonly transfers: number;
}
