import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stripUserinfo } from "../../../documents/strip-userinfo.ts";
import { RegistryError } from "../../../errors.ts";
import type { RefName, RemoteAdvertisement } from "../../../ports/git-store.ts";
import { isDirectoryUrl } from "../../lfs/git-directory.ts";
import { type ConfigValues, remotesOf } from "./config-files.ts";
import { type EmbeddedRepository, openRepository } from "./embedded-repository.ts";
import { repositoryIn } from "./repository-location.ts";

/**
 * Runs work on a remote that is a directory: a second repository opened at that path (DETAILS 16a). Throws `usage` for
 * what cannot be a remote's name, `git-required` for a remote over the network, `git-failed` where there is no
 * repository, `repository-unsupported`; all before anything is written.
 */
export async function withRemote<T>(
  call: { readonly remote: string; readonly config: ConfigValues; readonly base: string },
  work: (remote: EmbeddedRepository) => Promise<T>,
): Promise<T> {
  const remote = await openRemote(call);
  try {
    return await work(remote);
  } finally {
    remote.close();
  }
}

/** What the remote has, as `GitStore.listRemote` says. */
export async function advertise(
  remote: EmbeddedRepository,
  patterns?: readonly RefName[],
): Promise<RemoteAdvertisement> {
  const refs = await remote.refs.list();
  const head = await remote.refs.readSymbolic("HEAD");
  const known = refs.some(({ name }) => name === head && name.startsWith("refs/heads/"));
  return {
    head: known && head !== null ? head.slice("refs/heads/".length) : null,
    refs: patterns === undefined ? refs : refs.filter(({ name }) => patterns.some((pattern) => matches(name, pattern))),
  };
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

async function openRemote({ remote, config, base }: { remote: string; config: ConfigValues; base: string }) {
  if (remote === "" || remote.startsWith("-") || /\p{Cc}/u.test(remote)) {
    throw new RegistryError("usage", `${JSON.stringify(remote)} is no name of a remote`);
  }
  const configured = remotesOf(config).find(({ name }) => name === remote)?.url;
  const url = configured ?? remote;
  if (!isDirectoryUrl(url)) {
    throw new RegistryError(
      "git-required",
      `${stripUserinfo(url)} is a remote over the network, which needs the git program`,
      {
        hint: "install git and set GIT_MODEL_GIT=native",
      },
    );
  }
  const path = pathOf(url, base);
  const found = (await repositoryIn(path)) ?? (await repositoryIn(`${path}.git`));
  if (found === null) {
    throw new RegistryError(
      "git-failed",
      `the remote ${remote} is the directory ${path}, which holds no Git repository`,
      {
        hint: "git remote -v shows where the remotes are",
      },
    );
  }
  return openRepository(found);
}

function pathOf(url: string, base: string): string {
  if (!/^file:\/\//i.test(url)) return resolve(base, url);
  try {
    return fileURLToPath(new URL(url));
  } catch (cause) {
    throw new RegistryError("git-failed", `${url} is no usable file URL`, { cause });
  }
}
