import { mkdir, realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { openModelCache } from "./adapters/cache/model-cache.ts";
import { initGit, openGit, userConfig } from "./adapters/git/open-git.ts";
import { openLocalStore } from "./adapters/lfs/local-store.ts";
import { artifactRemoteFor } from "./adapters/lfs/remote-for-url.ts";
import { systemClock } from "./adapters/system/clock.ts";
import { openFetchLog } from "./adapters/system/fetch-log.ts";
import {
  cacheDirectory,
  ciRunUrl,
  currentDirectory,
  type Environment,
  inventedIdentity,
  processEnvironment,
} from "./adapters/system/process-world.ts";
import { silentReporter } from "./adapters/system/silent-reporter.ts";
import { openSourceFiles } from "./adapters/system/source-files.ts";
import { RegistryError } from "./errors.ts";
import type { CheckAnswer, InitAnswer } from "./operations/answers.ts";
import type { Identity, RegistryContext, RegistryRemote } from "./operations/context.ts";
import type { InitQuestion, ValidateQuestion } from "./operations/questions.ts";
import type { Registry, RegistryOptions } from "./operations/registry.ts";
import { registryOf } from "./operations/registry-operations.ts";
import type { ArtifactStore } from "./ports/artifact-store.ts";
import type { GitStore, HeadDescription } from "./ports/git-store.ts";

/**
 * Opens a registry: where `registry`, `GIT_MODEL_REGISTRY` or `git config git-model.registry` say, else the repository
 * around the directory. Throws `not-a-registry`, `repository-unsupported`, `remote-ambiguous`, `usage`.
 */
export async function openRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const world = worldOf(options);
  const git = await findRegistry(world);
  try {
    return registryOf(await contextOf(git, world));
  } catch (error) {
    await git.close();
    throw error;
  }
}

/** Makes a registry of a directory, or of the repository around the caller when the directory is null. */
export async function initRegistry(
  directory: string | null,
  question: InitQuestion,
  options: RegistryOptions = {},
): Promise<InitAnswer> {
  const world = worldOf(options);
  const path = resolve(world.directory, directory ?? ".");
  const git = await repositoryAt(path, { ...world, nested: directory !== null, dryRun: question.dryRun === true });
  try {
    const context = await contextOf(git, world);
    const { initializeRegistry } = await import("./operations/init-registry.ts");
    const top = git.location.workTree ?? git.location.gitDir;
    return await initializeRegistry(context, question, { path: top, name: basename(top).replace(/\.git$/, "") });
  } finally {
    await git.close();
  }
}

/** Checks files without needing a registry around them. */
export async function validateAnywhere(
  question: ValidateQuestion,
  options: RegistryOptions = {},
): Promise<CheckAnswer> {
  const world = worldOf(options);
  const { validateFiles } = await import("./operations/validate-files.ts");
  return validateFiles(null, question, { files: openSourceFiles(world.directory) });
}

interface World {
  readonly directory: string;
  readonly environment: Environment;
  readonly options: RegistryOptions;
}

function worldOf(options: RegistryOptions): World {
  const environment = options.environment ?? processEnvironment();
  return { directory: resolve(options.directory ?? currentDirectory()), environment, options };
}

async function findRegistry(world: World): Promise<GitStore> {
  const { directory, environment, options } = world;
  const named = options.registry ?? nonEmpty(environment.GIT_MODEL_REGISTRY);
  if (named !== null && named !== undefined) return openGit(registryPath(named, directory), environment);
  const around = await openGit(directory, environment).catch((error: unknown) => {
    if (error instanceof RegistryError && error.code === "not-a-registry") return error;
    throw error;
  });
  const configured =
    around instanceof RegistryError
      ? await userConfig("git-model.registry", environment)
      : await around.config("git-model.registry");
  if (configured === null) {
    if (around instanceof RegistryError) throw around;
    return around;
  }
  const base = around instanceof RegistryError ? directory : (around.location.workTree ?? directory);
  if (!(around instanceof RegistryError)) await around.close();
  return openGit(registryPath(configured, base), environment);
}

function registryPath(named: string, base: string): string {
  if (/^file:\/\//i.test(named)) return fileURLToPath(named);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(named) || /^[^/\\]+@[^/\\]+:/.test(named)) {
    throw new RegistryError("usage", "this version of git-model opens registries by directory, not by URL", {
      hint: "clone it and name the directory",
    });
  }
  return resolve(base, named);
}

/** The repository at a path, made where there is none. `nested`: one around the path does not count. */
async function repositoryAt(
  path: string,
  world: World & { readonly nested: boolean; readonly dryRun: boolean },
): Promise<GitStore> {
  const { environment, nested, dryRun } = world;
  if (!dryRun)
    await mkdir(path, { recursive: true }).catch((cause: unknown) => Promise.reject(cannotMake(path, cause)));
  const around = await openGit(path, environment).catch((error: unknown) => {
    if (error instanceof RegistryError && error.code === "not-a-registry") return null;
    throw error;
  });
  if (around !== null) {
    const { workTree, gitDir } = around.location;
    const isTop = (await realpath(path)) === (await realpath(workTree ?? gitDir));
    if (isTop || !nested) return around;
    await around.close();
  }
  if (dryRun)
    throw new RegistryError("usage", `${path} is no repository yet, so there is nothing to plan for`, {
      hint: "leave out --dry-run",
    });
  await initGit(path, "main", environment);
  return openGit(path, environment);
}

function cannotMake(path: string, cause: unknown): RegistryError {
  return new RegistryError("disk", `${path} cannot be made`, { cause });
}

async function contextOf(git: GitStore, world: World): Promise<RegistryContext> {
  const { environment, directory, options } = world;
  const storage = await git.config("lfs.storage");
  const store = openLocalStore({
    commonDir: git.location.commonDir,
    ...(storage === null ? {} : { storage: isAbsolute(storage) ? storage : join(git.location.commonDir, storage) }),
  });
  return {
    git,
    store,
    cache: openModelCache({ directory: cacheDirectory(environment) }),
    remote: await remoteOf(git, store),
    files: openSourceFiles(directory),
    fetchLog: openFetchLog(git.location.commonDir),
    clock: systemClock,
    reporter: options.reporter ?? silentReporter,
    identify: () => identify(git, environment),
    describeSource: () => describeSource(git, world),
    resolvePath: (path) => resolve(directory, path),
    runUrl: ciRunUrl(environment),
    memory: { policy: null },
  };
}

/** `git-model.remote`, else the only one, else `origin`, else `remote-ambiguous`; null without any. */
async function remoteOf(git: GitStore, store: ArtifactStore): Promise<RegistryRemote | null> {
  const remotes = await git.remotes();
  const configured = await git.config("git-model.remote");
  const [only] = remotes;
  if (only === undefined && configured === null) return null;
  const wanted = configured ?? (remotes.length === 1 ? only?.name : "origin");
  const chosen = remotes.find(({ name }) => name === wanted);
  if (chosen === undefined && configured !== null) {
    throw new RegistryError(
      "remote-ambiguous",
      `git-model.remote is ${configured}, which is no remote of this registry`,
      {
        hint: `git remote add ${configured} <url>, or git config --unset git-model.remote`,
      },
    );
  }
  if (chosen === undefined) {
    const names = remotes.map(({ name }) => name).join(", ");
    throw new RegistryError("remote-ambiguous", `which of the remotes ${names} holds the registry is not said`, {
      hint: `git config git-model.remote ${only?.name ?? "origin"}`,
    });
  }
  const base = git.location.workTree ?? dirname(git.location.gitDir);
  return { name: chosen.name, url: chosen.url, artifacts: artifactRemoteFor(chosen.url, { base, store }) };
}

/** Git's own identity: environment, then configuration, else an invented one (DETAILS 5). */
async function identify(git: GitStore, environment: Environment): Promise<Identity> {
  const name =
    nonEmpty(environment.GIT_AUTHOR_NAME ?? environment.GIT_COMMITTER_NAME) ?? (await git.config("user.name"));
  const email =
    nonEmpty(environment.GIT_AUTHOR_EMAIL ?? environment.GIT_COMMITTER_EMAIL) ?? (await git.config("user.email"));
  const known = { name: withoutCrud(name), email: withoutCrud(email) };
  if (known.name !== null && known.email !== null) return { name: known.name, email: known.email, invented: false };
  const invented = inventedIdentity(environment);
  const somebody = { name: withoutCrud(invented.name), email: withoutCrud(invented.email) };
  return {
    name: known.name ?? somebody.name ?? "unknown",
    email: known.email ?? somebody.email ?? "unknown@localhost",
    invented: true,
  };
}

/** As git does it: what cannot stand in a commit's header is dropped, so that no name stops a registration. */
function withoutCrud(text: string | null): string | null {
  const kept = text?.replace(/[\p{Cc}<>]/gu, "").trim();
  return nonEmpty(kept);
}

/** The repository around the caller, unless that is the registry itself. */
async function describeSource(registry: GitStore, world: World): Promise<HeadDescription | null> {
  const source = await openGit(world.directory, world.environment).catch(() => null);
  if (source === null) return null;
  try {
    const [here, there] = await Promise.all([
      realpath(source.location.commonDir),
      realpath(registry.location.commonDir),
    ]);
    return here === there ? null : await source.describeHead();
  } catch {
    return null;
  } finally {
    await source.close();
  }
}

function nonEmpty(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}
