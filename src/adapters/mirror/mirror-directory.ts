import { createHash } from "node:crypto";
import { mkdir, readdir, realpath, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { diskError, errnoOf } from "../system/disk-error.ts";
import { makeDirectory, temporaryName } from "../system/durable-directory.ts";
import { removeTree, sweep } from "../system/remove-tree.ts";

/**
 * Where the mirrors of a registry are in the cache:
 *
 *     registries/<hash of the address>/
 *         whole.<n>.git             everything; the highest n counts
 *         narrow-<adapter>.<n>.git  what pulls needed: shallow and partial
 *         <mirror>.lease            held by whoever fetches into it
 *         new-…                     half-made
 *
 * A mirror that is damaged or overgrown is made anew beside and takes the next number; the one before it stays until
 * then, because somebody may be reading it.
 */
export interface MirrorDirectory {
  /** Absolute path that leases and notes of this mirror begin with. */
  readonly base: string;
  /** The mirror as it is now, made empty where there is none. Throws `disk`. */
  current(): Promise<MirrorPlace>;
  /** An empty mirror beside it that nobody else knows. */
  prepare(objectFormat?: ObjectFormat): Promise<string>;
  /** Puts a prepared mirror in the place of the present one. Only under the lease. */
  adopt(prepared: string): Promise<MirrorPlace>;
}

export interface MirrorPlace {
  /** Real path of the bare repository. */
  readonly path: string;
  readonly generation: number;
}

export type ObjectFormat = "sha1" | "sha256";

export type MirrorName = "whole" | "narrow-native" | "narrow-embedded";

const NEW = "new-";
const FOLDERS = ["objects/info", "objects/pack", "refs/heads", "refs/tags"] as const;

export function openMirrorDirectory(options: {
  readonly cache: string;
  readonly address: string;
  readonly name: MirrorName;
}): MirrorDirectory {
  const { cache, address, name } = options;
  const key = createHash("sha256").update(address).digest("hex").slice(0, 40);
  const parent = join(cache, "registries", key);
  const at = (generation: number) => join(parent, `${name}.${generation}.git`);

  const prepare = async (objectFormat: ObjectFormat = "sha1"): Promise<string> => {
    await makeDirectory(parent, false);
    const now = await stat(parent).catch(() => null);
    if (now !== null) await sweep(parent, NEW, now.mtimeMs);
    const path = join(await realpath(parent), `${NEW}${temporaryName()}`);
    await makeBare(path, { address, objectFormat });
    return path;
  };
  const newest = async (): Promise<number> => Math.max(0, ...(await generations(parent, name)));
  const adopt = async (prepared: string): Promise<MirrorPlace> => {
    const generation = (await newest()) + 1;
    await rename(prepared, at(generation)).catch((error: unknown) => {
      throw diskError("write", at(generation), error);
    });
    for (const old of await generations(parent, name)) {
      if (old < generation - 1) await removeTree(at(old)).catch(() => undefined);
    }
    return { path: await realpath(at(generation)), generation };
  };
  return {
    base: join(parent, name),
    prepare,
    adopt,
    async current() {
      const generation = await newest();
      if (generation > 0) return { path: await realpath(at(generation)), generation };
      const prepared = await prepare();
      try {
        await rename(prepared, at(1));
      } catch (error) {
        await removeTree(prepared).catch(() => undefined);
        // Another process made it in this moment.
        if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes(errnoOf(error) ?? "")) throw diskError("write", at(1), error);
      }
      return { path: await realpath(at(1)), generation: 1 };
    },
  };
}

async function generations(parent: string, name: MirrorName): Promise<readonly number[]> {
  const names = await readdir(parent).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return [];
    throw diskError("read", parent, error);
  });
  return names.flatMap((one) => {
    const number = one.startsWith(`${name}.`) ? /^\.([1-9]\d{0,8})\.git$/.exec(one.slice(name.length))?.[1] : undefined;
    return number === undefined ? [] : [Number(number)];
  });
}

/** What `git init --bare` and `git remote add` would make, in a form that both adapters read. */
async function makeBare(
  path: string,
  { address, objectFormat }: { readonly address: string; readonly objectFormat: ObjectFormat },
): Promise<void> {
  const quoted = address.replace(/[\\"]/g, "\\$&");
  const config = [
    ...(objectFormat === "sha1" ? [] : ["[extensions]", `\tobjectFormat = ${objectFormat}`]),
    "[core]",
    `\trepositoryformatversion = ${objectFormat === "sha1" ? 0 : 1}`,
    "\tfilemode = true",
    "\tbare = true",
    '[remote "origin"]',
    `\turl = "${quoted}"`,
    "\tfetch = +refs/heads/*:refs/remotes/origin/*",
    "\ttagOpt = --tags",
    "",
  ];
  try {
    for (const folder of FOLDERS) await mkdir(join(path, folder), { recursive: true });
    await writeFile(join(path, "config"), config.join("\n"), { flush: true });
    await writeFile(join(path, "HEAD"), "ref: refs/heads/main\n", { flush: true });
  } catch (error) {
    await removeTree(path).catch(() => undefined);
    throw diskError("write", path, error);
  }
}
