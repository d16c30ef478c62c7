import { environmentLogin } from "./adapters/credentials/environment-login.ts";
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

/**
 * Opens the repository around a directory. What its remotes need is looked up when one is first talked to: reading
 * loads nothing of it. `url`: the registry as it was named, with its login, where that was a URL.
 */
export async function openConnected(
  directory: string,
  { environment, url = null }: { readonly environment: Environment; readonly url?: string | null },
): Promise<Connected> {
  let opened: GitStore | null = null;
  const registryUrl = async (git: GitStore) => url ?? (await chooseRemote(git).catch(() => null))?.url ?? null;
  const http = whenNeeded(async () => {
    const [{ openHttpClient }, { openLogins }, { gitIn }] = await Promise.all([
      import("./adapters/http/open-http-client.ts"),
      import("./adapters/credentials/open-logins.ts"),
      import("./adapters/credentials/git-credential.ts"),
    ]);
    const git = await opening;
    const known = { config: await git.configEntries(), environment, registryUrl: await registryUrl(git) };
    const logins = openLogins({ ...known, runGit: gitIn(git.location.commonDir, environment) });
    return openHttpClient({ ...known, logins });
  });
  const credentials = async () => {
    const git = await opening;
    const own = originOf(await registryUrl(git));
    const origins = [own, ...(await git.remotes()).map((remote) => originOf(remote.url))];
    return [...new Set(origins)].flatMap((origin) => {
      const login = origin === null ? null : (urlLogin(url, origin) ?? environmentLogin(origin, environment, own));
      return origin === null || login === null ? [] : [{ origin, ...login }];
    });
  };
  const opening = openGit(directory, environment, { credentials, http: () => http });
  opened = await opening;
  return {
    git: opened,
    http,
    async close() {
      await Promise.all([opened?.close(), http.close()]);
    },
  };
}

/** `git-model.remote`, else the only one, else `origin`, else `remote-ambiguous`; null without any. */
export async function chooseRemote(git: GitStore): Promise<Remote | null> {
  const remotes = await git.remotes();
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
  const { username, password } = new URL(url);
  return password === "" ? null : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}
