import { type ModelName, parseModelName } from "../../domain/model/model-name.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { GitStore, TreeEntry } from "../../ports/git-store.ts";
import type { RegistryContext } from "../context.ts";
import { loadStages } from "./stages.ts";
import { entryAt, modelTree, readCommit, readTrees } from "./trees.ts";

/**
 * Every model that a stage holds, with its tree: the folders below `models/` that hold a manifest.yaml,
 * or whose name the registry knows.
 */
export async function heldModels(
  git: GitStore,
  tip: ObjectId,
  isKnown: (model: ModelName) => boolean,
): Promise<ReadonlyMap<ModelName, ObjectId>> {
  const root = await entryAt(git, (await readCommit(git, tip)).tree, "models");
  const held = new Map<ModelName, ObjectId>();
  if (root === null || root.mode !== "40000") return held;
  let level: readonly Folder[] = [{ path: "", id: root.id }];
  while (level.length > 0) {
    level = await descend(git, level, { held, isKnown });
  }
  return held;
}

interface Folder {
  readonly path: string;
  readonly id: ObjectId;
}

async function descend(
  git: GitStore,
  level: readonly Folder[],
  search: { readonly held: Map<ModelName, ObjectId>; readonly isKnown: (model: ModelName) => boolean },
): Promise<readonly Folder[]> {
  const trees = await readTrees(
    git,
    level.map(({ id }) => id),
  );
  const next: Folder[] = [];
  for (const [index, folder] of level.entries()) {
    const entries = trees[index] ?? [];
    const name = parseModelName(folder.path);
    if (name.ok && entries.some((entry) => entry.name === "manifest.yaml")) search.held.set(name.value, folder.id);
    else next.push(...subfolders(folder, entries, search));
  }
  return next;
}

function subfolders(
  folder: Folder,
  entries: readonly TreeEntry[],
  search: { readonly held: Map<ModelName, ObjectId>; readonly isKnown: (model: ModelName) => boolean },
): readonly Folder[] {
  const below: Folder[] = [];
  for (const entry of entries) {
    const path = folder.path === "" ? entry.name : `${folder.path}/${entry.name}`;
    const name = parseModelName(path);
    if (entry.mode !== "40000" || !name.ok) continue;
    if (search.isKnown(name.value)) search.held.set(name.value, entry.id);
    else below.push({ path, id: entry.id });
  }
  return below;
}

/** True iff some stage holds or held the model, registered or not. */
export async function wasEverHeld(context: RegistryContext, model: ModelName): Promise<boolean> {
  const stages = await loadStages(context, null);
  for (const { tip } of stages) {
    if (tip === null) continue;
    const [change] = await context.git.firstParents(tip, { path: `models/${model}`, limit: 1 });
    const tree = change?.after ?? change?.before ?? null;
    if (tree !== null && (await isModel(context.git, tree))) return true;
  }
  return false;
}

/** True iff the stage holds a model of this name now, and not only a folder of models. */
export async function holdsModel({ git }: RegistryContext, tip: ObjectId, model: ModelName): Promise<boolean> {
  const tree = await modelTree(git, (await readCommit(git, tip)).tree, model);
  return tree !== null && (await isModel(git, tree));
}

async function isModel(git: GitStore, tree: ObjectId): Promise<boolean> {
  const [object] = await git.readObjects([tree], { limit: TREE_LIMIT });
  return object?.kind === "tree" && object.entries.some(({ name }) => name === "manifest.yaml");
}

/** A version's tree names a handful of files. */
const TREE_LIMIT = 1024 * 1024;
