import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { RegistryError } from "../../../errors.ts";
import { type ConfigValues, isTrue, lastValue, readConfigFile } from "./config-files.ts";

/**
 * Refuses, before anything is read or written, every repository that this adapter would misread: later formats,
 * extensions (sha256, reftable, partial clones, configuration per working tree, unknown ones), linked working trees,
 * alternates, links in place of the files that we replace. Throws `repository-unsupported`.
 */
export async function guardFormat(gitDir: string): Promise<void> {
  const config = await readConfigFile(join(gitDir, "config"));
  const fault = versionFault(config) ?? extensionFault(config) ?? settingFault(config) ?? (await fileFault(gitDir));
  if (fault !== null) throw unsupported(`the repository ${gitDir} ${fault}`);
}

export function unsupported(what: string): RegistryError {
  return new RegistryError("repository-unsupported", `${what}, which only the git program handles`, {
    hint: "install git and set GIT_MODEL_GIT=native",
  });
}

function versionFault(config: ConfigValues): string | null {
  const version = lastValue(config, "core.repositoryformatversion");
  return version === null || version === "0" || version === "1" ? null : `has the format version ${version}`;
}

/** Extensions that change nothing for us, with their harmless values; null: any. */
const HARMLESS: Readonly<Record<string, RegExp | null>> = {
  noop: null,
  // We delete no object.
  preciousobjects: null,
  objectformat: /^sha1$/i,
  refstorage: /^files$/i,
  worktreeconfig: /^(false|no|off|0)$/i,
};

const NAMED: Readonly<Record<string, string>> = {
  objectformat: "names its objects by",
  refstorage: "keeps its refs in a",
  partialclone: "is a partial clone of",
};

function extensionFault(config: ConfigValues): string | null {
  for (const { key, value } of config) {
    if (!key.startsWith("extensions.")) continue;
    const name = key.slice("extensions.".length);
    const harmless = Object.hasOwn(HARMLESS, name) ? HARMLESS[name] : undefined;
    if (harmless === null || harmless?.test(value)) continue;
    const words = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
    return words === undefined ? `uses the extension ${name}` : `${words} ${value}`;
  }
  return null;
}

function settingFault(config: ConfigValues): string | null {
  if (lastValue(config, "core.worktree") !== null) return "has its working tree elsewhere (core.worktree)";
  const promisor = config.find(({ key }) => key.startsWith("remote.") && key.endsWith(".promisor"));
  return promisor !== undefined && isTrue(config, promisor.key) ? "is a partial clone" : null;
}

const LINKS = ["HEAD", "refs", "packed-refs", "objects", "config"] as const;

async function fileFault(gitDir: string): Promise<string | null> {
  if (await exists(join(gitDir, "commondir"))) return "belongs to a linked working tree";
  const alternates = await readFile(join(gitDir, "objects/info/alternates"), "utf8").catch(() => "");
  if (alternates.trim() !== "") return "borrows objects from another one (alternates)";
  if (await exists(join(gitDir, "reftable"))) return "keeps its refs in a reftable";
  for (const name of LINKS) {
    const found = await lstat(join(gitDir, name)).catch(() => null);
    if (found?.isSymbolicLink()) return `has a symbolic link as its ${name}`;
  }
  return null;
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}
