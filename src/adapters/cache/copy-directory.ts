import { mkdir, readdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RegistryError } from "../../errors.ts";
import type { PlainFile } from "../../ports/model-cache.ts";
import { diskError, errnoOf } from "../system/disk-error.ts";
import { copyHashed } from "../system/durable-copy.ts";
import { inParallel } from "../system/in-parallel.ts";
import { AT_ONCE } from "./gather-objects.ts";
import { type Destination, placeDirectory } from "./place-directory.ts";

/** See `ModelCache.listDirectory`. */
export async function listDirectory(directory: string): Promise<readonly PlainFile[]> {
  try {
    const root = await realpath(directory);
    const paths = await filesBelow(root, "");
    const files = paths.sort().map(async (path) => ({ path, size: (await stat(join(root, path))).size }));
    return await Promise.all(files);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) {
      throw new RegistryError("not-found", `${directory} is no directory`, { cause: error });
    }
    throw diskError("read", directory, error);
  }
}

/** See `ModelCache.copyDirectory`. */
export async function copyDirectory(from: string, destination: Destination): Promise<readonly PlainFile[]> {
  const files = await listDirectory(from);
  const root = await realpath(from);
  await placeDirectory(destination, async (target) => {
    await inParallel(files, AT_ONCE, async ({ path }) => {
      await mkdir(dirname(join(target, path)), { recursive: true });
      const as = join(destination.directory, path);
      await copyHashed(join(root, path), join(target, path), { durable: false, mode: 0o644, as });
    });
  });
  return files;
}

async function filesBelow(root: string, prefix: string): Promise<string[]> {
  const entries = await readdir(join(root, prefix), { withFileTypes: true });
  const below = entries.map(async (entry) => {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(root, path);
    if (entry.isFile()) return [path];
    throw new RegistryError("artifact-invalid", `${join(root, path)} is neither a file nor a directory`);
  });
  return (await Promise.all(below)).flat();
}
