import { dirname } from "node:path";
import { environmentLogin } from "./adapters/credentials/environment-login.ts";
import { userinfoOf } from "./adapters/credentials/userinfo.ts";
import { openGit } from "./adapters/git/open-git.ts";
import type { HttpClient } from "./adapters/http/http-client.ts";
import type { Environment } from "./adapters/system/process-world.ts";
import { RegistryError } from "./errors.ts";
import type { GitStore, Remote } from "./ports/git-store.ts";

/** A repository that is open, with the way to its remotes. */
export interface Connected {
  readonly git: GitStore;
  readonly http: HttpClient;
  /** Ends child processes and connections. */
  close(): Promise<void>;
}

/** A registry that was named by a URL: its mirror is what is opened, and its address as it was given, with a login. */
interface Named {
  readonly environment: Environment;
  readonly url?: string | null;
}

/**
 * Opens the repository around a directory, or a mirror. What its remotes need is looked up when one is first talked to:
 * reading loads nothing of it.
 */
export async function openConnected(directory: string, { environment, url = null }: Named): Promise<Connected> {
  const http = whenNeeded(async () => httpClientFor(await opening, { environment, url }));
  const opening = openGit(directory, environment, {
    isGitDir: url !== null,
    credentials: async () => credentialsFor(await opening, { environment, url }),
    http: () => http,
  });
  const git = await opening;
  return {
    git,
    http,
    async close() {
      await Promise.all([git.close(), http.close()]);
    },
  };
}

async function httpClientFor(git: GitStore, { environment, url = null }: Named): Promise<HttpClient> {
  const [{ openHttpClient }, { openLogins }, { gitIn }, { lfsOrigins }] = await Promise.all([
    import("./adapters/http/open-http-client.ts"),
    import("./adapters/credentials/open-logins.ts"),
    import("./adapters/credentials/git-credential.ts"),
    import("./adapters/lfs/endpoint.ts"),
  ]);
  const [config, remote] = [await git.configEntries(), await registryRemote(git, url)];
  const origins = remote === null ? [] : lfsOrigins({ remoteName: remote.name, url: remote.url, config });
  const known = { config, environment, registryUrl: url ?? remote?.url ?? null, lfsOrigins: origins };
  // A mirror has no helpers of its own, and not everybody lets git look into a bare repository.
  const place = url === null ? git.location.commonDir : dirname(git.location.commonDir);
  return openHttpClient({ ...known, logins: openLogins({ ...known, runGit: gitIn(place, environment) }) });
}

/** What native Git is told before it asks its own helpers. */
async function credentialsFor(git: GitStore, { environment, url = null }: Named) {
  const remote = await registryRemote(git, url);
  const own = [originOf(url), originOf(remote?.url ?? null)];
  const origins = [...own, ...(await git.remotes()).map((remote) => originOf(remote.url))];
  return [...new Set(origins)].flatMap((origin) => {
    const login = origin === null ? null : (urlLogin(url, origin) ?? environmentLogin(origin, environment, own));
    return origin === null || login === null ? [] : [{ origin, ...login }];
  });
}

/** The remote that is the registry, where it is clear which one that is. */
async function registryRemote(git: GitStore, url: string | null): Promise<Remote | null> {
  return chooseRemote(git, { isMirror: url !== null }).catch(() => null);
}

/**
 * `git-model.remote`, else the only one, else `origin`, else `remote-ambiguous`; null without any. A mirror has one, whatever
 * a person's configuration calls theirs.
 */
export async function chooseRemote(
  git: GitStore,
  { isMirror }: { readonly isMirror: boolean },
): Promise<Remote | null> {
  const remotes = await git.remotes();
  if (isMirror) return remotes[0] ?? null;
  const configured = await git.config("git-model.remote");
  const [only] = remotes;
  if (only === undefined && configured === null) return null;
  const wanted = configured ?? (remotes.length === 1 ? only?.name : "origin");
  const chosen = remotes.find(({ name }) => name === wanted);
  if (chosen !== undefined) return chosen;
  if (configured !== null) {
    throw new RegistryError(
      "remote-ambiguous",
      `git-model.remote is ${configured}, which is no remote of this registry`,
      { hint: `git remote add ${configured} <url>, or git config --unset git-model.remote` },
    );
  }
  const names = remotes.map(({ name }) => name).join(", ");
  throw new RegistryError("remote-ambiguous", `which of the remotes ${names} holds the registry is not said`, {
    hint: `git config git-model.remote ${only?.name ?? "origin"}`,
  });
}

/** A client that is made at its first request. */
function whenNeeded(open: () => Promise<HttpClient>): HttpClient {
  let opened: Promise<HttpClient> | null = null;
  return {
    async send(request) {
      opened ??= open();
      return (await opened).send(request);
    },
    async close() {
      const client = await opened?.catch(() => null);
      await client?.close();
    },
  };
}

function originOf(url: string | null): string | null {
  if (url === null || !/^https?:\/\//i.test(url) || !URL.canParse(url)) return null;
  return new URL(url).origin;
}

/** User and password that the registry's URL was written with, for its own origin. */
function urlLogin(url: string | null, origin: string) {
  if (url === null || originOf(url) !== origin) return null;
  const login = userinfoOf(new URL(url));
  return login.password === "" ? null : login;
}
