import { cp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll } from "vitest";
// biome-ignore lint/correctness/useImportExtensions: plain JavaScript with its types beside it
import { makeRegistry } from "../../bench/make-registry.mjs";
import { openRegistry } from "../../src/compose.ts";
import type { Finding } from "../../src/domain/finding.ts";
import type { Registry } from "../../src/operations/registry.ts";
import { type Elsewhere, type GitHttpServer, startGitHttpServer } from "./git-http-server.ts";
import { type Adapter, recordingReporter, registryEnvironment } from "./registry.ts";
import { repoAt, type TempRepo, tempDir } from "./temp-repo.ts";

const opened: Registry[] = [];

afterAll(async () => {
  await Promise.all(opened.splice(0).map((registry) => registry.close()));
});

/** A bare registry on disk: `model-0000` …, versions `1.0.0`, `1.1.0` …, each second one on staging, each fourth on production. */
export async function servedRegistry(
  size: { readonly models?: number; readonly versions?: number } = {},
): Promise<Made> {
  const root = await tempDir("git-model-served-");
  const path = join(root, "models.git");
  await makeRegistry(path, { models: size.models ?? 3, versions: size.versions ?? 6, bare: true, bytes: true });
  return { root, repo: repoAt(path, true) };
}

export interface Made {
  readonly root: string;
  /** `<root>/models.git` */
  readonly repo: TempRepo;
}

/** The same registry once more, to be changed. */
export async function copyOf(made: Made): Promise<Made> {
  const root = await tempDir("git-model-served-");
  await cp(made.root, root, { recursive: true });
  return { root, repo: repoAt(join(root, "models.git"), true) };
}

/** Somebody who knows the registry by its URL only. */
export interface UrlReader {
  readonly url: string;
  readonly environment: NodeJS.ProcessEnv;
  /** An empty directory, which paths of questions are relative to. */
  readonly directory: string;
  readonly cache: string;
  /** Opens the registry as a process would. */
  open(): Promise<{ readonly registry: Registry; readonly warnings: readonly Finding[] }>;
  /** Names of the mirrors in the cache. */
  mirrors(): Promise<readonly string[]>;
  /** Real path of the newest mirror of a kind, to look into it or to damage it. */
  mirror(kind: "whole" | "narrow"): Promise<TempRepo>;
}

export interface Served {
  readonly server: GitHttpServer;
  readonly repo: TempRepo;
  /** From here on nobody answers. */
  stop(): Promise<void>;
  /** Requests since the last call of this, Git's alone. */
  news(): readonly string[];
  reader(adapter: Adapter, changes?: NodeJS.ProcessEnv): Promise<UrlReader>;
}

/** Serves a bare registry until the test ends. Its bytes are found in its directory, as `lfs.url` says. */
export async function serve({ root, repo }: Made, login?: string, elsewhere?: Elsewhere): Promise<Served> {
  const server = await startGitHttpServer(root, login, elsewhere);
  let seen = 0;
  return {
    server,
    repo,
    stop: () => server.stop(),
    news() {
      const fresh = server.requests.slice(seen);
      seen = server.requests.length;
      return fresh;
    },
    reader: (adapter, changes) => urlReader(`${server.origin}/models.git`, { adapter, lfs: repo.path, ...changes }),
  };
}

async function urlReader(
  url: string,
  { adapter, lfs, ...changes }: NodeJS.ProcessEnv & { readonly adapter: Adapter; readonly lfs: string },
): Promise<UrlReader> {
  const config = join(await tempDir("git-model-config-"), "gitconfig");
  await writeFile(config, `[lfs]\n\turl = file://${lfs}\n`);
  const environment = await registryEnvironment(adapter, { GIT_CONFIG_GLOBAL: config, ...changes });
  const directory = await tempDir("git-model-empty-");
  const cache = join(environment.XDG_CACHE_HOME ?? "", "git-model");
  const folder = async () => {
    const [only] = await readdir(join(cache, "registries"));
    return join(cache, "registries", only ?? "");
  };
  const mirrors = async () => (await readdir(await folder()).catch(() => [])).filter((name) => name.endsWith(".git"));
  return {
    url,
    environment,
    directory,
    cache,
    async open() {
      const reporter = recordingReporter();
      const registry = await openRegistry({ registry: url, directory, environment, reporter });
      opened.push(registry);
      return { registry, warnings: reporter.warnings };
    },
    mirrors,
    async mirror(kind) {
      const names = (await mirrors()).filter((name) => name.startsWith(kind)).sort();
      return repoAt(join(await folder(), names.at(-1) ?? "none"), true);
    },
  };
}
