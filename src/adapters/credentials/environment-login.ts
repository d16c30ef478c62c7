import type { Environment } from "../system/process-world.ts";
import type { Login } from "./logins.ts";

/**
 * The login that the environment has for an origin (DETAILS 13), or null: GIT_MODEL_TOKEN for the origins of
 * the registry's Git and LFS servers,
 * GITHUB_TOKEN and GH_TOKEN for that of GITHUB_SERVER_URL.
 */
export function environmentLogin(
  origin: string,
  environment: Environment,
  registryOrigins: readonly (string | null)[],
): Login | null {
  return environmentLogins(origin, environment, registryOrigins)[0] ?? null;
}

/** All of them, the best first. */
export function environmentLogins(
  origin: string,
  environment: Environment,
  registryOrigins: readonly (string | null)[],
): readonly Login[] {
  const { GIT_MODEL_TOKEN, GITHUB_TOKEN, GH_TOKEN } = environment;
  const tokens = [
    ...(registryOrigins.includes(origin) ? [GIT_MODEL_TOKEN] : []),
    ...(origin === githubOrigin(environment) ? [GITHUB_TOKEN, GH_TOKEN] : []),
  ];
  return tokens.flatMap((token) => (token === undefined || token === "" ? [] : [tokenLogin(token)]));
}

/** Where tokens of GitHub go. */
export function githubOrigin({ GITHUB_SERVER_URL: server }: Environment): string {
  return server !== undefined && URL.canParse(server) ? new URL(server).origin : "https://github.com";
}

/** Forges look at the password alone. */
export function tokenLogin(token: string): Login {
  return { username: "x-access-token", password: token };
}
