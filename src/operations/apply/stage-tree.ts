import type { ModelName } from "../../domain/model/model-name.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { GitStore, TreeEntry } from "../../ports/git-store.ts";
import { entryAt, readTree } from "../load/trees.ts";

/** The one path that a stage may hold beside models, equal to the default branch's. */
export const CODEOWNERS = ".github/CODEOWNERS";

/**
 * The stage's root tree with one model replaced (null: removed; folders that this empties vanish) and with
 * CODEOWNERS as the default branch has it (DESIGN section 1, "Stage branches").
 */
export async function writeStageTree(
  git: GitStore,
  stageRoot: ObjectId,
  change: { readonly model: ModelName; readonly tree: ObjectId | null; readonly defaultRoot: ObjectId | null },
): Promise<ObjectId> {
  const model: TreeEntry | null = change.tree === null ? null : { name: "", mode: "40000", id: change.tree };
  const root = await replaceAt(git, stageRoot, { path: `models/${change.model}`, entry: model });
  return copyCodeowners(git, root, change.defaultRoot);
}

/** A stage's root tree with CODEOWNERS as the default branch has it; the tree itself where that is so already. */
export async function copyCodeowners(git: GitStore, root: ObjectId, defaultRoot: ObjectId | null): Promise<ObjectId> {
  const owners = defaultRoot === null ? null : await entryAt(git, defaultRoot, CODEOWNERS);
  const present = await entryAt(git, root, CODEOWNERS);
  return present?.id === owners?.id ? root : replaceAt(git, root, { path: CODEOWNERS, entry: owners });
}

/** The tree with the entry at a path replaced; null removes it, and the folders that this empties. */
export async function replaceAt(
  git: GitStore,
  root: ObjectId,
  change: { readonly path: string; readonly entry: TreeEntry | null },
): Promise<ObjectId> {
  const replaced = await replaceIn(git, await readTree(git, root), change);
  return git.writeTree(replaced);
}

async function replaceIn(
  git: GitStore,
  entries: readonly TreeEntry[],
  change: { readonly path: string; readonly entry: TreeEntry | null },
): Promise<readonly TreeEntry[]> {
  const [name = "", ...rest] = change.path.split("/");
  const others = entries.filter((entry) => entry.name !== name);
  if (rest.length === 0) return change.entry === null ? others : [...others, { ...change.entry, name }];
  const folder = entries.find((entry) => entry.name === name && entry.mode === "40000");
  const below = await replaceIn(git, folder === undefined ? [] : await readTree(git, folder.id), {
    path: rest.join("/"),
    entry: change.entry,
  });
  if (below.length === 0) return others;
  return [...others, { name, mode: "40000", id: await git.writeTree(below) }];
}
