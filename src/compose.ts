import { mkdir, realpath } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { initGit, openGit, userConfig } from "./adapters/git/open-git.ts";
import { openSourceFiles } from "./adapters/system/source-files.ts";
import { contextOf, nonEmpty, type World, worldOf } from "./compose-context.ts";
import { RegistryError } from "./errors.ts";
import type { CheckAnswer, InitAnswer } from "./operations/answers.ts";
import type { InitQuestion, ValidateQuestion } from "./operations/questions.ts";
import type { Registry, RegistryOptions } from "./operations/registry.ts";
import { registryOf } from "./operations/registry-operations.ts";
import type { GitStore } from "./ports/git-store.ts";

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
