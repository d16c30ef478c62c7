import { stripUserinfo } from "../../../documents/strip-userinfo.ts";
import { RegistryError } from "../../../errors.ts";
import type { HttpClient } from "../../http/http-client.ts";
import { isDirectoryUrl } from "../../lfs/git-directory.ts";
import { configuredRemotes } from "../configured-remotes.ts";
import { type ConfigValues, pushUrlOf } from "./config-files.ts";
import { openDirectoryRemote } from "./directory-remote.ts";
import type { EmbeddedRepository } from "./embedded-repository.ts";
import type { KnownServers } from "./http/http-remote.ts";
import type { EmbeddedRemote } from "./remote.ts";

export interface RemoteCall {
  readonly local: EmbeddedRepository;
  /** The name of a configured remote, or an address. */
  readonly remote: string;
  readonly direction: "fetch" | "push";
  readonly config: ConfigValues;
  /** The client that http addresses are asked with; null where nobody gave one. */
  readonly http: () => Promise<HttpClient | null>;
  /** Filled by what is asked. */
  readonly servers: KnownServers;
}

/**
 * Runs work on a remote. Throws `usage` for what cannot be a remote's name, `git-required` for a remote that needs the git
 * program, `git-failed` where there is no repository, `repository-unsupported`; all before anything is written.
 */
export async function withRemote<T>(call: RemoteCall, work: (remote: EmbeddedRemote) => Promise<T>): Promise<T> {
  const remote = await openRemote(call);
  try {
    return await work(remote);
  } finally {
    remote.close();
  }
}

async function openRemote(call: RemoteCall): Promise<EmbeddedRemote> {
  const { local, remote, direction, config, http, servers } = call;
  if (remote === "" || remote.startsWith("-") || /\p{Cc}/u.test(remote)) {
    throw new RegistryError("usage", `${JSON.stringify(remote)} is no name of a remote`);
  }
  const fetched = configuredRemotes(config).find(({ name }) => name === remote)?.url;
  const url = (direction === "push" ? pushUrlOf(config, remote) : fetched) ?? remote;
  const { workTree, gitDir } = local.location;
  if (isDirectoryUrl(url)) return openDirectoryRemote(local, { name: remote, url, base: workTree ?? gitDir });
  const client = /^https?:\/\//i.test(url) ? await http() : null;
  if (client === null) throw needsGit(url);
  const { openHttpRemote } = await import("./http/http-remote.ts");
  return openHttpRemote(local, { client, url, known: servers });
}

function needsGit(url: string): RegistryError {
  const what = `${stripUserinfo(url)} is a remote over the network, which needs the git program`;
  return new RegistryError("git-required", what, { hint: "install git and set GIT_MODEL_GIT=native" });
}
