import type { ConfigEntry } from "../../ports/git-store.ts";
import { lastSetting, settingsFor } from "../http/url-settings.ts";
import type { Environment } from "../system/process-world.ts";
import { runProcess } from "../system/processes.ts";
import { environmentLogins, githubOrigin, tokenLogin } from "./environment-login.ts";
import { fillCredential, type RunGit, reportCredential } from "./git-credential.ts";
import { type Candidate, identityOf, LoginQueue } from "./login-queue.ts";
import type { Login, Logins } from "./logins.ts";
import { netrcLogin } from "./netrc.ts";
import { userinfoOf } from "./userinfo.ts";

export interface LoginsOptions {
  readonly config: readonly ConfigEntry[];
  readonly environment: Environment;
  /** Address of the registry's remote: where GIT_MODEL_TOKEN goes. */
  readonly registryUrl: string | null;
  /** Origins that belong to the registry besides: those of its LFS server. GIT_MODEL_TOKEN is for them, too. */
  readonly lfsOrigins?: readonly string[];
  /** For git's credential helpers; null: they are not asked. */
  readonly runGit: RunGit | null;
}

/**
 * Logins in the order of DETAILS 13: userinfo of the URL asked for and of the registry's, GIT_MODEL_TOKEN, GITHUB_TOKEN,
 * GH_TOKEN, `gh auth token`, netrc, git's helpers. Whoever does not know or fails is passed over in silence.
 */
export function openLogins(options: LoginsOptions): Logins {
  const queues = new Map<string, LoginQueue>();
  const queueFor = (asked: Asked): LoginQueue => {
    const key = keyOf(asked, options.config);
    const known = queues.get(key);
    if (known !== undefined && !known.expired) return known;
    const queue = new LoginQueue(sourcesFor(asked, options));
    queues.set(key, queue);
    return queue;
  };
  return {
    async *offer(url) {
      const { username, password } = userinfoOf(url);
      const tried = new Set<string>();
      if (password !== "") {
        tried.add(identityOf({ username, password }));
        yield { username, password, accepted: async () => undefined, refused: async () => undefined };
      }
      const asked = {
        url,
        username: username === "" ? null : username,
        path: repositoryPath(url, options.registryUrl),
      };
      for (;;) {
        const next = await queueFor(asked).next(tried);
        if (next === null) return;
        tried.add(identityOf(next));
        yield next;
      }
    },
  };
}

interface Asked {
  readonly url: URL;
  readonly username: string | null;
  readonly path: string;
}

/** A server is one login, unless git is told that each of its repositories has its own. */
function keyOf({ url, username, path }: Asked, config: readonly ConfigEntry[]): string {
  const byPath = lastSetting(settingsFor(config, "credential", url), "usehttppath");
  return JSON.stringify([
    url.origin,
    username,
    byPath !== null && /^(true|yes|on|[1-9]\d*)$/i.test(byPath) ? path : null,
  ]);
}

function sourcesFor(asked: Asked, { environment, registryUrl, lfsOrigins = [], runGit }: LoginsOptions) {
  const { url, username } = asked;
  const registry = registryUrl !== null && URL.canParse(registryUrl) ? new URL(registryUrl) : null;
  const registryOrigin = registry?.origin ?? null;
  return [
    async () =>
      registry !== null && registry.password !== "" && registryOrigin === url.origin ? plain(userinfoOf(registry)) : [],
    async () => environmentLogins(url.origin, environment, [registryOrigin, ...lfsOrigins]).map((login) => ({ login })),
    async () => (url.origin === githubOrigin(environment) ? plain(await ghLogin(url.host, environment)) : []),
    async () => plain(await netrcLogin(url.hostname, username, environment)),
    async () => (runGit === null ? [] : helpersLogin(runGit, asked)),
  ];
}

function plain(login: Login | null): readonly Candidate[] {
  return login === null ? [] : [{ login }];
}

async function helpersLogin(runGit: RunGit, asked: Asked): Promise<readonly Candidate[]> {
  const login = await fillCredential(runGit, asked);
  if (login === null) return [];
  return [
    {
      login,
      accepted: () => reportCredential(runGit, "approve", login),
      refused: () => reportCredential(runGit, "reject", login),
    },
  ];
}

const GH_TIMEOUT_MS = 5000;

async function ghLogin(host: string, environment: Environment): Promise<Login | null> {
  const call = { command: "gh", args: ["auth", "token", "--hostname", host], cwd: "/", env: { ...environment } };
  const result = await runProcess({ ...call, timeoutMs: GH_TIMEOUT_MS, maxBytes: 64 * 1024 }).catch(() => null);
  const token = result?.exitCode === 0 ? result.stdout.toString("utf8").trim() : "";
  return /^\S+$/.test(token) ? tokenLogin(token) : null;
}

/** The path that helpers know a repository by: that of its remote, without what Git's and LFS's protocols add to it. */
function repositoryPath(url: URL, registryUrl: string | null): string {
  const registry = registryUrl !== null && URL.canParse(registryUrl) ? new URL(registryUrl) : null;
  const base = registry?.pathname.replace(/\/$/, "") ?? "";
  const below = ["/", ".git/"].some((rest) => `${url.pathname}/`.startsWith(`${base}${rest}`));
  const ours = registry?.origin === url.origin && base !== "" && below;
  const path = ours ? base : url.pathname.replace(/\/(info\/(lfs|refs)(\/.*)?|git-(upload|receive)-pack)$/, "");
  try {
    return decodeURIComponent(path.replace(/^\//, ""));
  } catch {
    return "";
  }
}
