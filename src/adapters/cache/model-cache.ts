import { isAbsolute, resolve } from "node:path";
import { invariant } from "../../errors.ts";
import type { ModelCache, Replacing } from "../../ports/model-cache.ts";
import { cacheLayout } from "./cache-layout.ts";
import { copyDirectory, listDirectory } from "./copy-directory.ts";
import { copyOut } from "./copy-out.ts";
import { materialiseVersion } from "./materialise-version.ts";
import { openObjectCache } from "./object-cache.ts";
import type { Destination } from "./place-directory.ts";
import { switchLink } from "./switch-link.ts";

/**
 * Opens the reader's cache in a directory, absolute; nothing is made before it is needed. Several processes may use it
 * at once, and it may be removed at any time when none does.
 *
 * Its `objects/` are laid out as an LFS store's: a mirror whose `lfs.storage` is this directory fetches straight into it.
 */
export function openModelCache({ directory }: { readonly directory: string }): ModelCache {
  invariant(isAbsolute(directory), `the cache directory ${directory} is absolute`);
  const layout = cacheLayout(directory);
  const objects = openObjectCache(layout);
  const destination = (path: string, options: Replacing): Destination => ({
    directory: resolve(path),
    force: options.force,
    within: resolve(options.within ?? path),
    cache: directory,
  });
  return {
    materialise: (version, source, options) => materialiseVersion({ layout, objects, version, source, options }),
    // biome-ignore lint/complexity/useMaxParams: the port's signature
    async copyOut(version, target, source, options) {
      const request = { layout, objects, version, source, options, destination: destination(target, options) };
      return { files: await copyOut(request) };
    },
    listDirectory: (path) => listDirectory(resolve(path)),
    copyDirectory: async (from, to, options) => ({
      files: await copyDirectory(resolve(from), destination(to, options)),
    }),
    link: (target, link) => switchLink(layout, { target: resolve(target), link: resolve(link) }),
  };
}
