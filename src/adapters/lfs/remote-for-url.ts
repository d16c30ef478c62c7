import type { ArtifactRemote, ArtifactStore } from "../../ports/artifact-store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ConfigEntry } from "../../ports/git-store.ts";
import type { HttpClient } from "../http/http-client.ts";
import { shownUrl } from "../http/shown-url.ts";
import { systemClock } from "../system/clock.ts";
import type { Environment } from "../system/process-world.ts";
import type { FindAccess } from "./batch/lfs-server.ts";
import { openDirectoryRemote } from "./directory-remote.ts";
import { type Endpoint, findEndpoint, type Operation } from "./endpoint.ts";

export interface RemoteWorld {
  readonly remoteName: string;
  /** URL of the Git remote, `insteadOf` applied. */
  readonly url: string;
  /** Absolute path that a relative `url` is relative to: the working tree. */
  readonly base: string;
  readonly store: ArtifactStore;
  readonly environment: Environment;
  /** Git's configuration: it says where the objects are and how they travel. */
  readonly config: () => Promise<readonly ConfigEntry[]>;
  readonly http: HttpClient;
  readonly clock?: Clock;
}

/** The LFS side of a Git remote: a directory, or a server by HTTP or ssh. Opened at its first use: reading a registry needs no bytes. */
export function artifactRemoteFor(world: RemoteWorld): ArtifactRemote {
  const name = shownAddress(world.url);
  const opened = new Map<Operation, Promise<ArtifactRemote>>();
  let config: Promise<readonly ConfigEntry[]> | null = null;
  const open = (operation: Operation): Promise<ArtifactRemote> => {
    const before = opened.get(operation);
    if (before !== undefined) return before;
    config ??= world.config();
    const remote = config.then((entries) => {
      const found = { ...world, config: entries };
      return openEndpoint(findEndpoint(operation, found), found);
    });
    opened.set(operation, remote);
    return remote;
  };
  return {
    name,
    missing: async (pointers) => (pointers.length === 0 ? [] : (await open("download")).missing(pointers)),
    upload: async (pointers, progress) => (await open("upload")).upload(pointers, progress),
    download: async (pointers, sink, progress) => (await open("download")).download(pointers, sink, progress),
  };
}

interface Surroundings extends Omit<RemoteWorld, "config"> {
  readonly config: readonly ConfigEntry[];
}

async function openEndpoint(endpoint: Endpoint, world: Surroundings): Promise<ArtifactRemote> {
  if (endpoint.kind === "directory") return openDirectoryRemote({ ...world, url: endpoint.url });
  const { http, store, clock = systemClock, config } = world;
  // A registry in a directory never needs them.
  const [{ openBatchRemote }, { openLfsServer }] = await Promise.all([
    import("./batch/batch-remote.ts"),
    import("./batch/lfs-server.ts"),
  ]);
  const server = openLfsServer({ http, clock, access: await accessTo(endpoint, { ...world, clock }) });
  const name = endpoint.kind === "http" ? shownAddress(endpoint.url) : `${endpoint.userAndHost}:${endpoint.path}`;
  return openBatchRemote({ name, server, http, store, clock, transfers: transfersOf(config) });
}

async function accessTo(
  endpoint: Exclude<Endpoint, { readonly kind: "directory" }>,
  world: Surroundings & { readonly clock: Clock },
): Promise<FindAccess> {
  if (endpoint.kind === "http") return async () => ({ url: endpoint.url, headers: {} });
  const { sshAccess } = await import("./ssh-authenticate.ts");
  return sshAccess(() => endpoint, { ...world, cwd: world.base });
}

/** `lfs.concurrentTransfers`, as far as one machine can make use of it. */
function transfersOf(config: readonly ConfigEntry[]): number {
  const said = Number(config.findLast(({ key }) => key === "lfs.concurrenttransfers")?.value ?? "");
  return Number.isInteger(said) && said > 0 ? Math.min(said, MAX_TRANSFERS) : DEFAULT_TRANSFERS;
}

const DEFAULT_TRANSFERS = 8;
const MAX_TRANSFERS = 64;

/** Without userinfo and query; a path stays a path. */
function shownAddress(address: string): string {
  if (/^https?:/i.test(address) && URL.canParse(address)) return shownUrl(new URL(address));
  return address.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/?#]*@/, "$1");
}
