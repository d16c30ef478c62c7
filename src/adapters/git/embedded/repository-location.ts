import { lstat, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { RegistryError } from "../../../errors.ts";
import type { RepositoryLocation } from "../../../ports/git-store.ts";
import { diskError, errnoOf } from "../../system/disk-error.ts";
import { isTrue, lastValue, readConfigFile } from "./config-files.ts";
import { guardFormat, unsupported } from "./repository-format.ts";

/**
 * Finds the repository that holds a directory, walking up, and answers where it is once its format has been checked
 * (`guardFormat`). Throws `not-a-registry` where there is none, `repository-unsupported` before anything is written.
 */
export async function locateRepository(directory: string): Promise<RepositoryLocation> {
  const start = await realpath(directory).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) throw noRepository(directory);
    throw diskError("read", directory, error);
  });
  for (let folder = start; ; folder = dirname(folder)) {
    const found = await repositoryIn(folder);
    if (found !== null) return found;
    if (dirname(folder) === folder) throw noRepository(directory);
  }
}

/** The repository at exactly this directory, bare or not; null when it is none. */
export async function repositoryIn(folder: string): Promise<RepositoryLocation | null> {
  const inside = join(folder, ".git");
  if (await isLinkFile(inside)) {
    throw unsupported(`${folder} is a linked working tree or a submodule`);
  }
  if (await isGitDirectory(inside)) return describe(inside, folder);
  return (await isGitDirectory(folder)) ? describe(folder, null) : null;
}

async function describe(gitDir: string, around: string | null): Promise<RepositoryLocation> {
  await guardFormat(gitDir);
  const config = await readConfigFile(join(gitDir, "config"));
  const parent = basename(gitDir) === ".git" ? dirname(gitDir) : null;
  const isBare = lastValue(config, "core.bare") === null ? parent === null : isTrue(config, "core.bare");
  return { gitDir, commonDir: gitDir, workTree: isBare ? null : (around ?? parent), objectFormat: "sha1" };
}

/** Git's own test: HEAD, `objects` and `refs`. */
async function isGitDirectory(path: string): Promise<boolean> {
  const [head, objects, refs] = await Promise.all([
    lstat(join(path, "HEAD")).catch(() => null),
    stat(join(path, "objects")).catch(() => null),
    stat(join(path, "refs")).catch(() => null),
  ]);
  return head !== null && !head.isDirectory() && objects?.isDirectory() === true && refs?.isDirectory() === true;
}

async function isLinkFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found?.isFile() !== true) return false;
  return (await readFile(path, "latin1").catch(() => "")).startsWith("gitdir:");
}

function noRepository(directory: string): RegistryError {
  return new RegistryError("not-a-registry", `${directory} is not in a Git repository`, {
    hint: "git model init makes one",
  });
}
