import { lstat, readdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { RegistryError } from "../../errors.ts";
import type { CollectedFile, CollectedFiles, SourceFiles } from "../../ports/source-files.ts";
import { diskError, errnoOf } from "./disk-error.ts";

const DEEPEST = 32;
const MOST_FILES = 10_000;

/** Files on this machine's disk; paths are relative to `directory`. */
export function openSourceFiles(directory: string): SourceFiles {
  return {
    collect: async (path) => collect(resolve(directory, named(path)), path),
    read: async (path, limit) => read(resolve(directory, named(path)), path, limit),
  };
}

/** An empty path would be the current directory, which nobody means by an unset variable. */
function named(path: string): string {
  if (path !== "") return path;
  throw new RegistryError("usage", "the name of a file is empty", { hint: "is a variable of the command not set?" });
}

async function collect(file: string, shown: string): Promise<CollectedFiles> {
  const stats = await look(file, shown);
  if (stats.isFile()) return { files: [{ path: basename(file), file, size: stats.size }], card: null, skipped: [] };
  if (!stats.isDirectory()) throw irregular(shown, stats.isSymbolicLink());
  const found: Found = { files: [], skipped: [], card: null };
  await walk({ directory: file, shown, prefix: "" }, found);
  return found;
}

interface Found {
  readonly files: CollectedFile[];
  readonly skipped: string[];
  card: string | null;
}

async function walk(
  at: { readonly directory: string; readonly shown: string; readonly prefix: string },
  found: Found,
): Promise<void> {
  const names = (
    await readdir(at.directory).catch((cause: unknown) => Promise.reject(diskError("read", at.shown, cause)))
  ).toSorted();
  for (const name of names) {
    const file = join(at.directory, name);
    const shown = join(at.shown, name);
    const path = `${at.prefix}${name}`;
    if (name.startsWith(".")) {
      found.skipped.push(shown);
      continue;
    }
    const stats = await look(file, shown);
    if (stats.isDirectory()) {
      if (path.split("/").length > DEEPEST)
        throw new RegistryError("artifact-invalid", `${shown} is nested too deeply`);
      await walk({ directory: file, shown, prefix: `${path}/` }, found);
    } else if (!stats.isFile()) throw irregular(shown, stats.isSymbolicLink());
    else if (path.toLowerCase() === "readme.md") found.card = theCard(found.card, file);
    else found.files.push({ path, file, size: stats.size });
    if (found.files.length > MOST_FILES)
      throw new RegistryError("artifact-invalid", `${at.shown} holds more than ${MOST_FILES} files`);
  }
}

function theCard(known: string | null, file: string): string {
  if (known === null) return file;
  throw new RegistryError("usage", `there are two model cards: ${known} and ${file}`, { hint: "keep README.md" });
}

async function look(file: string, shown: string) {
  try {
    return await lstat(file);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) {
      throw new RegistryError("artifact-invalid", `${shown} does not exist`, { cause: error });
    }
    throw diskError("read", shown, error);
  }
}

function irregular(shown: string, isLink: boolean): RegistryError {
  return new RegistryError("artifact-invalid", `${shown} is ${isLink ? "a symbolic link" : "no plain file"}`, {
    hint: isLink ? "name the file that it points at" : "register plain files",
  });
}

async function read(file: string, shown: string, limit: number): Promise<Uint8Array> {
  const stats = await look(file, shown);
  if (!stats.isFile()) throw irregular(shown, stats.isSymbolicLink());
  if (stats.size > limit) {
    throw new RegistryError("artifact-invalid", `${shown} has ${stats.size} bytes, at most ${limit} are allowed`);
  }
  return readFile(file).catch((cause: unknown) => Promise.reject(diskError("read", shown, cause)));
}
