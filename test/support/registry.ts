import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { initRegistry, openRegistry } from "../../src/compose.ts";
import type { Finding } from "../../src/domain/finding.ts";
import type { Registry } from "../../src/operations/registry.ts";
import type { Reporter } from "../../src/ports/reporter.ts";
import { git, isolatedEnvironment } from "./run-git.ts";
import { repoAt, type TempRepo, tempDir, tempRepo } from "./temp-repo.ts";

export type Adapter = "native" | "embedded";

/** Both adapters, for `describe.each`. */
export const ADAPTERS: readonly Adapter[] = ["native", "embedded"];

/** The adapter that stories run on which need only one: `GIT_MODEL_GIT` of the test run, else native. */
export const CHOSEN_ADAPTER: Adapter = process.env.GIT_MODEL_GIT === "embedded" ? "embedded" : "native";

export interface TestRegistryOptions {
  readonly adapter?: Adapter;
  /** True: a bare directory remote `origin` that init pushed to. Default: no remote. */
  readonly remote?: boolean;
  /** In the order of promotion; default staging, production. */
  readonly stages?: readonly string[];
  /** The whole registry.yaml, committed (and pushed) before `init` looks. */
  readonly policy?: string;
  /** Further variables; undefined removes one. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** A real registry in a temporary directory, open in this process and isolated from the machine. */
export interface TestRegistry {
  readonly adapter: Adapter;
  readonly repo: TempRepo;
  /** The bare repository behind it, or null. */
  readonly server: TempRepo | null;
  readonly registry: Registry;
  /** What the operations warned of so far, oldest first. */
  readonly warnings: Finding[];
  /** What openRegistry was given, for opening it once more or starting a process. */
  readonly environment: NodeJS.ProcessEnv;
  /** Where paths of questions begin; no repository. */
  readonly directory: string;
  /** Writes an input file below `directory`; answers its absolute path. */
  file(name: string, content: string | Uint8Array): Promise<string>;
  /** Commits a changed registry.yaml on the default branch, and pushes it where there is a remote. */
  changePolicy(text: string): Promise<void>;
  /** The same repository, opened once more: another process would see just this. */
  reopen(changes?: NodeJS.ProcessEnv): Promise<TestRegistry>;
  /** The same registry and server once more, in other directories: quicker than making one, and nothing is shared. */
  copy(): Promise<TestRegistry>;
  /** Another person's clone of the remote. */
  clone(options?: { readonly adapter?: Adapter; readonly environment?: NodeJS.ProcessEnv }): Promise<TestRegistry>;
}

const open: Registry[] = [];

afterAll(async () => {
  await Promise.all(open.splice(0).map((registry) => registry.close()));
});

/** An initialised registry. */
export async function testRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const adapter = options.adapter ?? CHOSEN_ADAPTER;
  const server = options.remote === true ? await tempRepo({ bare: true }) : null;
  const repo = await tempRepo();
  if (server !== null) await repo.git("remote", "add", "origin", server.path);
  if (options.policy !== undefined) await repo.commit("Create the policy", { "registry.yaml": options.policy });
  if (options.policy !== undefined && server !== null) await repo.git("push", "-q", "-u", "origin", "main");
  const environment = await registryEnvironment(adapter, options.environment);
  const stages = options.stages ?? ["staging", "production"];
  await initRegistry(repo.path, options.policy === undefined ? { name: "acme-models", stages } : {}, {
    directory: repo.path,
    environment,
  });
  return handle({ adapter, repo, server, environment });
}

/** Knows nothing of the machine; has a home and a cache of its own, and the time is now. */
export async function registryEnvironment(
  adapter: Adapter,
  changes: NodeJS.ProcessEnv = {},
): Promise<NodeJS.ProcessEnv> {
  const home = await tempDir("git-model-home-");
  const environment = isolatedEnvironment({
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_CACHE_HOME: join(home, ".cache"),
    GIT_MODEL_GIT: adapter,
    GIT_AUTHOR_DATE: undefined,
    GIT_COMMITTER_DATE: undefined,
    ...changes,
  });
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined));
}

/** A reporter that remembers. */
export function recordingReporter(): Reporter & { readonly warnings: Finding[]; readonly labels: string[] } {
  const warnings: Finding[] = [];
  const labels: string[] = [];
  return {
    warnings,
    labels,
    warn: (finding) => warnings.push(finding),
    progress: (label) => {
      labels.push(label);
      return { advance: () => undefined, done: () => undefined };
    },
  };
}

interface Place {
  readonly adapter: Adapter;
  readonly repo: TempRepo;
  readonly server: TempRepo | null;
  readonly environment: NodeJS.ProcessEnv;
}

async function handle(place: Place): Promise<TestRegistry> {
  const { repo, server, environment } = place;
  const directory = await tempDir("git-model-input-");
  const reporter = recordingReporter();
  const registry = await openRegistry({ registry: repo.path, directory, environment, reporter });
  open.push(registry);
  return {
    ...place,
    registry,
    warnings: reporter.warnings,
    directory,
    async file(name, content) {
      const path = join(directory, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      return path;
    },
    async changePolicy(text) {
      if (server !== null) await repo.git("pull", "-q", "--ff-only", "origin", "main");
      await repo.commit("Change the policy", { "registry.yaml": text });
      if (server !== null) await repo.git("push", "-q", "origin", "main");
    },
    reopen: (changes = {}) => handle({ ...place, environment: { ...environment, ...changes } }),
    async copy() {
      const [path, serverPath] = [await tempDir(), server === null ? null : await tempDir()];
      await cp(repo.path, path, { recursive: true });
      const copied = repoAt(path);
      if (server === null || serverPath === null) return handle({ ...place, repo: copied });
      await cp(server.path, serverPath, { recursive: true });
      await copied.git("remote", "set-url", "origin", serverPath);
      return handle({ ...place, repo: copied, server: repoAt(serverPath, true) });
    },
    async clone(options = {}) {
      if (server === null) throw new Error("only a registry with a remote can be cloned");
      const adapter = options.adapter ?? place.adapter;
      const path = await tempDir();
      await git(path, "clone", "-q", server.path, path);
      const other = await registryEnvironment(adapter, {
        GIT_AUTHOR_NAME: "Grace Other",
        GIT_AUTHOR_EMAIL: "grace@example.org",
        GIT_COMMITTER_NAME: "Grace Other",
        GIT_COMMITTER_EMAIL: "grace@example.org",
        ...options.environment,
      });
      return handle({ adapter, repo: repoAt(path), server, environment: other });
    },
  };
}
