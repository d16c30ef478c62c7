import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openEmbeddedGit } from "../../../../../src/adapters/git/embedded/open-embedded-git.ts";
import type { GitStore, Refspec } from "../../../../../src/ports/git-store.ts";
import { type GitHttpServer, startGitHttpServer } from "../../../../support/git-http-server.ts";
import { testHttpClient } from "../../../../support/http-client.ts";
import { isolatedEnvironment } from "../../../../support/run-git.ts";
import { type TempRepo, tempDir, tempRepo } from "../../../../support/temp-repo.ts";

export const BRANCHES: Refspec = { source: "refs/heads/*", target: "refs/remotes/origin/*", force: true };
export const TAGS: Refspec = { source: "refs/tags/*", target: "refs/tags/*", force: false };

export interface Served {
  readonly remote: TempRepo;
  readonly server: GitHttpServer;
  readonly url: string;
}

/** A repository with commits, behind real git's HTTP server. */
export async function serve(login?: string): Promise<Served> {
  const root = await tempDir();
  const remote = await tempRepo({ path: join(root, "a.git"), bare: true });
  await remote.git("config", "http.receivepack", "true");
  await remote.git("config", "uploadpack.allowFilter", "true");
  const server = await startGitHttpServer(root, login);
  return { remote, server, url: `${server.origin}/a.git` };
}

/** An embedded store on a repository, with the real HTTP client. */
export async function openHttp(repo: TempRepo): Promise<GitStore> {
  const store = await openEmbeddedGit({
    directory: repo.path,
    env: isolatedEnvironment(),
    http: (config) => testHttpClient(config),
  });
  onTestFinished(() => store.close());
  return store;
}

/** A repository whose `origin` is the address, and a store on it. */
export async function cloneOf(
  url: string,
  bare = false,
): Promise<{ readonly repo: TempRepo; readonly store: GitStore }> {
  const repo = await tempRepo({ bare });
  await repo.git("remote", "add", "origin", url);
  return { repo, store: await openHttp(repo) };
}
