import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { RegistryError } from "../../errors.ts";
import { errnoOf } from "../system/disk-error.ts";

/** The suffixes that Git tries, in its order, to find the repository that a path means. */
const SUFFIXES = ["/.git", "", ".git/.git", ".git"] as const;

/** True for a remote that is a directory: a `file:` URL or a path, not `host:path` and not another scheme. */
export function isDirectoryUrl(url: string): boolean {
  if (/^file:\/\//i.test(url)) return true;
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(url)) return false;
  const colon = url.indexOf(":");
  const slash = url.indexOf("/");
  return colon < 0 || (slash >= 0 && slash < colon) || /^[A-Za-z]:[\\/]/.test(url);
}

/**
 * The common git directory of the repository at a path or `file:` URL, found as Git finds it: bare or not, with or
 * without `.git` at the end, also a linked working tree. Throws `lfs-failed` where there is none.
 */
export async function findGitDirectory(url: string, base: string): Promise<string> {
  const path = /^file:\/\//i.test(url) ? pathOfUrl(url) : resolve(base, url);
  for (const suffix of SUFFIXES) {
    const found = await gitDirectoryAt(`${path}${suffix}`);
    if (found !== null) return found;
  }
  throw new RegistryError("lfs-failed", `${path} holds no Git repository`, {
    hint: "check the remote's URL: git remote -v",
  });
}

/** Where a repository keeps its LFS objects: `lfs.storage` of its own configuration, else `<git directory>/lfs`. */
export async function storageOf(gitDirectory: string): Promise<string> {
  const config = await readFile(join(gitDirectory, "config"), "utf8").catch(() => "");
  let section = "";
  let storage = "lfs";
  for (const line of config.split(/\r?\n/)) {
    section = /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.toLowerCase() ?? section;
    const value = /^\s*(?:\[[^\]]*\]\s*)?storage\s*=\s*"?([^"#;]*?)"?\s*(?:[#;].*)?$/i.exec(line)?.[1];
    if (section === "lfs" && value !== undefined && value !== "") storage = value;
  }
  return resolve(gitDirectory, storage);
}

function pathOfUrl(url: string): string {
  try {
    return fileURLToPath(new URL(url));
  } catch (cause) {
    throw new RegistryError("lfs-failed", `${url} is no usable file URL`, { cause });
  }
}

async function gitDirectoryAt(path: string): Promise<string | null> {
  const kind = await kindOf(path);
  if (kind === "file") {
    const target = /^gitdir: (.+)$/m.exec(await readFile(path, "utf8"))?.[1]?.trim();
    return target === undefined ? null : gitDirectoryAt(resolve(path, "..", target));
  }
  if (kind !== "directory" || (await kindOf(join(path, "HEAD"))) === null) return null;
  const common = await readFile(join(path, "commondir"), "utf8").catch(() => null);
  const directory = common === null ? path : resolve(path, common.trim());
  return (await kindOf(join(directory, "objects"))) === "directory" ? directory : null;
}

async function kindOf(path: string): Promise<"file" | "directory" | null> {
  try {
    const stats = await stat(path);
    return stats.isDirectory() ? "directory" : "file";
  } catch (error) {
    if (errnoOf(error) === "EACCES") throw new RegistryError("lfs-failed", `${path} cannot be read: permission denied`);
    return null;
  }
}
