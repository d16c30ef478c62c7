import type { GitStore } from "../../ports/git-store.ts";
import { isoTime } from "../answer-parts.ts";
import type { VersionEntry } from "./catalog.ts";
import { readTags } from "./trees.ts";

/** Why and when a version was taken out of use. */
export interface Yank {
  readonly reason: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly by: { readonly name: string; readonly email: string };
}

/** The yanks of the versions that are yanked, by version tag. The reason is the one message text ever read back (DETAILS 7). */
export async function readYanks(git: GitStore, entries: readonly VersionEntry[]): Promise<ReadonlyMap<string, Yank>> {
  const yanked = entries.flatMap(({ tag, yankId }) => (yankId === null ? [] : [{ tag, yankId }]));
  const tags = await readTags(
    git,
    yanked.map(({ yankId }) => yankId),
  );
  return new Map(
    yanked.map(({ tag }, index) => {
      const object = tags[index];
      const reason = /^Reason: (.*)$/m.exec(object?.message ?? "")?.[1]?.trim() ?? "";
      const at = isoTime({ seconds: object?.tagger?.seconds ?? 0 });
      const by = { name: object?.tagger?.name ?? "", email: object?.tagger?.email ?? "" };
      return [tag, { reason, at, by }] as const;
    }),
  );
}
