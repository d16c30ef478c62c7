import { RegistryError } from "../../errors.ts";
import type { ArtifactRemote, ArtifactStore } from "../../ports/artifact-store.ts";
import { openDirectoryRemote } from "./directory-remote.ts";
import { isDirectoryUrl } from "./git-directory.ts";

/** The LFS side of a Git remote, opened at its first use: reading a registry needs no bytes. */
export function artifactRemoteFor(
  url: string,
  world: { readonly base: string; readonly store: ArtifactStore },
): ArtifactRemote {
  let opened: Promise<ArtifactRemote> | null = null;
  const open = (): Promise<ArtifactRemote> => {
    opened ??= isDirectoryUrl(url) ? openDirectoryRemote({ url, ...world }) : Promise.reject(overNetwork());
    return opened;
  };
  return {
    name: url,
    missing: async (pointers) => (pointers.length === 0 ? [] : (await open()).missing(pointers)),
    upload: async (pointers, progress) => (await open()).upload(pointers, progress),
    download: async (pointers, sink, progress) => (await open()).download(pointers, sink, progress),
  };
}

function overNetwork(): RegistryError {
  return new RegistryError("lfs-failed", "this version of git-model moves artifacts to and from directories only", {
    hint: "use a path or a file:// URL as the remote",
  });
}
