import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { RegistryError } from "../../errors.ts";
import type { GitStore } from "../../ports/git-store.ts";
import type { HttpClient } from "../http/http-client.ts";
import type { Environment } from "../system/process-world.ts";
import type { RemoteCredential } from "./native/remote-credentials.ts";

export interface GitAccess {
  /** The directory is a git directory itself, and nothing around it counts. */
  readonly isGitDir?: boolean;
  /** Logins for http remotes that come before those of git's own helpers; asked for when a remote is first talked to. */
  readonly credentials?: () => Promise<readonly RemoteCredential[]>;
  /** The client that embedded Git asks http remotes with; native Git has its own. */
  readonly http?: () => HttpClient;
}

/** Opens the repository around a directory with the adapter that `GIT_MODEL_GIT` names, else the git binary where there is one. */
export async function openGit(directory: string, environment: Environment, access: GitAccess = {}): Promise<GitStore> {
  return withAdapter(environment, {
    native: async () =>
      (await import("./native/open-native-git.ts")).openNativeGit({ directory, env: environment, ...access }),
    embedded: async () =>
      (await import("./embedded/open-embedded-git.ts")).openEmbeddedGit({ directory, env: environment, ...access }),
  });
}

/** Makes an empty repository whose HEAD names the branch. */
export async function initGit(directory: string, branch: string, environment: Environment): Promise<void> {
  return withAdapter(environment, {
    native: async () =>
      (await import("./native/open-native-git.ts")).initNativeRepository(directory, { branch, env: environment }),
    embedded: async () =>
      (await import("./embedded/init-embedded-repository.ts")).initEmbeddedRepository(directory, { branch }),
  });
}

/** A configuration value of the user or the system, for use outside any repository. */
export async function userConfig(key: string, environment: Environment): Promise<string | null> {
  const { lastValue, readConfigOf } = await import("./embedded/config-files.ts");
  return lastValue(await readConfigOf("/nonexistent/git-model", environment), key);
}

/** The adapter that `openGit` most likely takes, told without starting a process. */
export function likelyAdapter({ GIT_MODEL_GIT, PATH = "" }: Environment): GitStore["adapter"] {
  if (GIT_MODEL_GIT === "embedded" || GIT_MODEL_GIT === "native") return GIT_MODEL_GIT;
  const name = process.platform === "win32" ? "git.exe" : "git";
  return PATH.split(delimiter).some((folder) => folder !== "" && isExecutable(join(folder, name)))
    ? "native"
    : "embedded";
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function withAdapter<T>(
  environment: Environment,
  adapters: { readonly native: () => Promise<T>; readonly embedded: () => Promise<T> },
): Promise<T> {
  const chosen = environment.GIT_MODEL_GIT;
  if (chosen === "embedded") return adapters.embedded();
  if (chosen === "native") return adapters.native();
  if (chosen !== undefined && chosen !== "") {
    throw new RegistryError("usage", `GIT_MODEL_GIT is ${JSON.stringify(chosen)}`, { hint: "native or embedded" });
  }
  try {
    return await adapters.native();
  } catch (error) {
    if (error instanceof RegistryError && error.code === "git-required") return adapters.embedded();
    throw error;
  }
}
