import { isAbsolute, resolve } from "node:path";
import { invariant } from "../../errors.ts";
import type { ModelCache, Replacing } from "../../ports/model-cache.ts";
import { bootId } from "../system/boot-id.ts";
import { cacheLayout } from "./cache-layout.ts";
import { copyDirectory, listDirectory } from "./copy-directory.ts";
import { copyOut } from "./copy-out.ts";
import { dropUnused } from "./drop-unused.ts";
import { materialiseVersion } from "./materialise-version.ts";
import { openObjectCache } from "./object-cache.ts";
import type { Destination } from "./place-directory.ts";
import { openStamps } from "./stamps.ts";
import { switchLink } from "./switch-link.ts";
import { openUses } from "./uses.ts";

export interface ModelCacheOptions {
  /** Absolute. */
  readonly directory: string;
  /** Bytes that the cache may hold after a pull, asked for before it; null: as many as come. */
  readonly limit?: () => Promise<number | null>;
  /** Names the present boot of the machine; defaults to what the system says, null where it does not. */
  readonly boot?: string | null;
}

/**
 * Opens the reader's cache in a directory; nothing is made before it is needed. Several processes may use it at once,
 * and it may be removed at any time when none does.
 *
 * Its `objects/` are laid out as an LFS store's: a mirror whose `lfs.storage` is this directory fetches straight into it.
 */
export function openModelCache({ directory, limit, boot = bootId() }: ModelCacheOptions): ModelCache {
  invariant(isAbsolute(directory), `the cache directory ${directory} is absolute`);
  const layout = cacheLayout(directory);
  const stamps = openStamps(layout, boot);
  const objects = openObjectCache(layout, stamps);
  const uses = openUses(layout);
  const destination = (path: string, options: Replacing): Destination => ({
    directory: resolve(path),
    force: options.force,
    within: resolve(options.within ?? path),
    cache: directory,
  });
  const withinLimit = async <T extends { readonly isNew: boolean }>(work: () => Promise<T>): Promise<T> => {
    const most = (await limit?.()) ?? null;
    const result = await work();
    // What cannot be dropped is no reason to withhold what was pulled.
    if (result.isNew && most !== null) await dropUnused({ layout, stamps }, most).catch(() => undefined);
    return result;
  };
  return {
    async materialise(version, source, options) {
      const request = { layout, objects, uses, version, source, options };
      const { path, files } = await withinLimit(() => materialiseVersion(request));
      return { path, files };
    },
    // biome-ignore lint/complexity/useMaxParams: the port's signature
    async copyOut(version, target, source, options) {
      const request = { layout, objects, uses, version, source, options, destination: destination(target, options) };
      return { files: (await withinLimit(() => copyOut(request))).files };
    },
    listDirectory: (path) => listDirectory(resolve(path)),
    copyDirectory: async (from, to, options) => ({
      files: await copyDirectory(resolve(from), destination(to, options)),
    }),
    link: (target, link) => switchLink(layout, { target: resolve(target), link: resolve(link) }),
  };
}
