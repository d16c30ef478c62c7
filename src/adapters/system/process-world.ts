import { homedir, hostname, userInfo } from "node:os";
import { join } from "node:path";

/** Environment variables, as a process gets them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the process was started with. */
export function processEnvironment(): Environment {
  return process.env;
}

export function currentDirectory(): string {
  return process.cwd();
}

/** The reader's cache: `$XDG_CACHE_HOME/git-model`, else `~/.cache/git-model`. */
export function cacheDirectory(environment: Environment): string {
  const base = environment.XDG_CACHE_HOME;
  const home = environment.HOME ?? homedir();
  return base?.startsWith("/") ? join(base, "git-model") : join(home, ".cache", "git-model");
}

/** Somebody to name when nobody is configured: the actor in GitHub Actions, else `<login>@<host>` (DETAILS 5). */
export function inventedIdentity(environment: Environment): { readonly name: string; readonly email: string } {
  const actor = environment.GITHUB_ACTOR;
  const id = environment.GITHUB_ACTOR_ID;
  if (environment.GITHUB_ACTIONS === "true" && actor !== undefined) {
    const prefix = id === undefined ? "" : `${id}+`;
    return { name: actor, email: `${prefix}${actor}@users.noreply.github.com` };
  }
  const login = loginName(environment);
  return { name: login, email: `${login}@${hostname() || "localhost"}` };
}

/** URL of the CI run that this process is part of, or null. */
export function ciRunUrl(environment: Environment): string | null {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = environment;
  if (run === undefined || repository === undefined) return null;
  return `${server ?? "https://github.com"}/${repository}/actions/runs/${run}`;
}

function loginName(environment: Environment): string {
  const named = environment.USER ?? environment.LOGNAME ?? environment.USERNAME;
  if (named !== undefined && named !== "") return named;
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
