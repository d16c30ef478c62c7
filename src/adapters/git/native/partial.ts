import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { FetchOptions, RepositoryLocation } from "../../../ports/git-store.ts";
import { diskError, errnoOf } from "../../system/disk-error.ts";
import type { GitConfig } from "./git-config.ts";

interface Repository {
  readonly location: RepositoryLocation;
  readonly config: GitConfig;
}

/**
 * Settings under which git takes the remote for the one that has what is missing here. They are given to a fetch alone
 * and never written: where no configuration names such a remote, reading cannot go to the network, so an object that is
 * not there is just not there (git 2.45 has GIT_NO_LAZY_FETCH for that; no older git has anything).
 */
export async function partialSettings(
  { location, config }: Repository,
  remote: string,
  filter: FetchOptions["filter"],
): Promise<readonly string[]> {
  // A person's own partial clone is configured already.
  if (config.some(({ key }) => /^remote\..*\.(promisor|partialclonefilter)$/s.test(key))) return [];
  if (filter === undefined && !(await isPartial(location))) return [];
  const settings = [`remote.${remote}.promisor=true`];
  return filter === undefined ? settings : [...settings, `remote.${remote}.partialclonefilter=${filter}`];
}

/** Git marks the packs of filtered fetches. */
async function isPartial({ commonDir }: RepositoryLocation): Promise<boolean> {
  const packs = join(commonDir, "objects", "pack");
  try {
    return (await readdir(packs)).some((name) => name.endsWith(".promisor"));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw diskError("read", packs, error);
  }
}
