import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RefName } from "../../../ports/git-store.ts";
import { isRefName } from "../ref-name.ts";
import type { EmbeddedRepository } from "./embedded-repository.ts";

/**
 * Branches that HEAD names, here and in linked working trees: `checked-out` where files lie beside, which a push would
 * leave behind; `head` in a bare repository.
 */
export async function currentBranches({
  location,
  refs,
}: EmbeddedRepository): Promise<ReadonlyMap<RefName, "checked-out" | "head">> {
  const branches = new Map<RefName, "checked-out" | "head">();
  const own = await refs.readSymbolic("HEAD");
  if (own !== null) branches.set(own, location.workTree === null ? "head" : "checked-out");
  const folder = join(location.gitDir, "worktrees");
  for (const name of await readdir(folder).catch(() => [])) {
    const text = await readFile(join(folder, name, "HEAD"), "utf8").catch(() => "");
    const target = text.startsWith("ref: ") ? text.slice(5).trim() : "";
    if (isRefName(target)) branches.set(target, "checked-out");
  }
  return branches;
}
