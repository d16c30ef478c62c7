import { mkdir, realpath } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { initGit, userConfig } from "./adapters/git/open-git.ts";
import { parseRegistryUrl, type RegistryUrl } from "./adapters/mirror/registry-url.ts";
import { openSourceFiles } from "./adapters/system/source-files.ts";
import { contextOf, nonEmpty, type World, worldOf } from "./compose-context.ts";
import { type Connected, openConnected } from "./compose-network.ts";
import { RegistryError } from "./errors.ts";
import { accessInPlace } from "./operations/access/in-place.ts";
import type { CheckAnswer, InitAnswer } from "./operations/answers.ts";
import type { InitQuestion, ValidateQuestion } from "./operations/questions.ts";
import type { Registry, RegistryOptions } from "./operations/registry.ts";
import { registryOf } from "./operations/registry-operations.ts";

/**
 * Opens a registry: where `registry`, `GIT_MODEL_REGISTRY` or `git config git-model.registry` say, else the repository
 * around the directory. A directory or a `file://` URL is opened in place, any other URL through mirrors in the cache,
 * and nothing is fetched yet. Throws `not-a-registry`, `repository-unsupported`, `remote-ambiguous`, `usage`.
 */
export async function openRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const world = worldOf(options);
  const found = await findRegistry(world);
  if ("address" in found) return openByUrl(found, world);
  try {
    return registryOf(accessInPlace(await contextOf(found, world)));
  } catch (error) {
    await found.close();
    throw error;
  }
}

async function openByUrl(url: RegistryUrl, world: World): Promise<Registry> {
  const [{ openMirrors }, { accessByUrl }] = await Promise.all([
    import("./compose-mirrors.ts"),
    import("./operations/access/by-url.ts"),
  ]);
  return registryOf(accessByUrl(openMirrors(url, world)));
}

/** Makes a registry of a directory, or of the repository around the caller when the directory is null. */
export async function initRegistry(
  directory: string | null,
  question: InitQuestion,
  options: RegistryOptions = {},
): Promise<InitAnswer> {
  const world = worldOf(options);
  refuseUrl(directory ?? options.registry ?? null);
  const path = resolve(world.directory, directory ?? ".");
  const found = await repositoryAt(path, { ...world, nested: directory !== null, dryRun: question.dryRun === true });
  try {
    const context = await contextOf(found, world);
    const { git } = found;
    const { initializeRegistry } = await import("./operations/init-registry.ts");
    const top = git.location.workTree ?? git.location.gitDir;
    return await initializeRegistry(context, question, { path: top, name: basename(top).replace(/\.git$/, "") });
  } finally {
    await found.close();
  }
}

function refuseUrl(named: string | null): void {
  const url = named === null ? null : parseRegistryUrl(named);
  if (url === null) return;
  throw new RegistryError("usage", `a registry is made in a directory, not at ${url.address}`, {
    hint: `git clone ${url.address} registry, then git model init registry`,
  });
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

/** The repository that is open, or the URL of the registry. */
async function findRegistry(world: World): Promise<Connected | RegistryUrl> {
  const { directory, environment, options } = world;
  const named = options.registry ?? nonEmpty(environment.GIT_MODEL_REGISTRY);
  if (named !== null && named !== undefined) return openNamed(named, directory, world);
  const around = await openConnected(directory, world).catch(noRepository);
  const configured = await (around === null
    ? userConfig("git-model.registry", environment)
    : around.git.config("git-model.registry"));
  if (configured === null) return around ?? openConnected(directory, world);
  const base = around?.git.location.workTree ?? directory;
  await around?.close();
  return openNamed(configured, base, world);
}

async function openNamed(named: string, base: string, world: World): Promise<Connected | RegistryUrl> {
  const url = parseRegistryUrl(named);
  if (url !== null) return url;
  const path = /^file:\/\//i.test(named) ? fileURLToPath(named) : resolve(base, named);
  return openConnected(path, world);
}

function noRepository(error: unknown): null {
  if (error instanceof RegistryError && error.code === "not-a-registry") return null;
  throw error;
}

/** The repository at a path, made where there is none. `nested`: one around the path does not count. */
async function repositoryAt(
  path: string,
  world: World & { readonly nested: boolean; readonly dryRun: boolean },
): Promise<Connected> {
  const { environment, nested, dryRun } = world;
  if (!dryRun)
    await mkdir(path, { recursive: true }).catch((cause: unknown) => Promise.reject(cannotMake(path, cause)));
  const around = await openConnected(path, world).catch(noRepository);
  if (around !== null) {
    const { workTree, gitDir } = around.git.location;
    const isTop = (await realpath(path)) === (await realpath(workTree ?? gitDir));
    if (isTop || !nested) return around;
    await around.close();
  }
  if (dryRun)
    throw new RegistryError("usage", `${path} is no repository yet, so there is nothing to plan for`, {
      hint: "leave out --dry-run",
    });
  await initGit(path, "main", environment);
  return openConnected(path, world);
}

function cannotMake(path: string, cause: unknown): RegistryError {
  return new RegistryError("disk", `${path} cannot be made`, { cause });
}
