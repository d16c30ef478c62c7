import type { ObjectId } from "../../domain/object-id.ts";
import { RegistryError } from "../../errors.ts";
import type { Commit, GitObject, GitStore, Tag, TreeEntry } from "../../ports/git-store.ts";

/** Reads of single objects by kind, for the rest of the loaders. An object that is absent or of another kind is damage. */

/** Trees and other small objects: anything larger is not what the registry writes. */
const OBJECT_LIMIT = 32 * 1024 * 1024;

/** Where trees are read from. */
export type TreeSource = Pick<GitStore, "readObjects">;

/** Reads these trees at once, and answers them without asking again. */
export async function readAhead(git: TreeSource, ids: readonly ObjectId[]): Promise<TreeSource> {
  const wanted = [...new Set(ids)];
  const objects = await git.readObjects(wanted, { limit: OBJECT_LIMIT });
  const read = new Map(wanted.map((id, index) => [id, objects[index] ?? null]));
  return {
    readObjects: (asked, options) =>
      asked.every((id) => read.has(id))
        ? Promise.resolve(asked.map((id) => read.get(id) ?? null))
        : git.readObjects(asked, options),
  };
}

export async function readTrees(git: TreeSource, ids: readonly ObjectId[]): Promise<readonly (readonly TreeEntry[])[]> {
  const objects = await git.readObjects(ids, { limit: OBJECT_LIMIT });
  return objects.map((object, index) => {
    if (object?.kind === "tree") return object.entries;
    throw damaged("tree", ids[index], object ?? null);
  });
}

export async function readTree(git: TreeSource, id: ObjectId): Promise<readonly TreeEntry[]> {
  const [entries] = await readTrees(git, [id]);
  return entries ?? [];
}

export async function readCommits(git: GitStore, ids: readonly ObjectId[]): Promise<readonly Commit[]> {
  const objects = await git.readObjects(ids, { limit: OBJECT_LIMIT });
  return objects.map((object, index) => {
    if (object?.kind === "commit") return object;
    throw damaged("commit", ids[index], object ?? null);
  });
}

export async function readCommit(git: GitStore, id: ObjectId): Promise<Commit> {
  const [commit] = await readCommits(git, [id]);
  if (commit === undefined) throw damaged("commit", id, null);
  return commit;
}

/** The tag objects; null where the ref is no annotated tag. */
export async function readTags(git: GitStore, ids: readonly ObjectId[]): Promise<readonly (Tag | null)[]> {
  const objects = await git.readObjects(ids, { limit: OBJECT_LIMIT });
  return objects.map((object) => (object?.kind === "tag" ? object : null));
}

/** The entry at a path below a tree; null where it is absent. */
export async function entryAt(git: GitStore, tree: ObjectId, path: string): Promise<TreeEntry | null> {
  const segments = path.split("/");
  let at: TreeEntry = { name: "", mode: "40000", id: tree };
  for (const segment of segments) {
    if (at.mode !== "40000") return null;
    const next = (await readTree(git, at.id)).find(({ name }) => name === segment);
    if (next === undefined) return null;
    at = next;
  }
  return at;
}

/** The tree of a model on a stage, given the stage's root tree. */
export async function modelTree(git: GitStore, root: ObjectId, model: string): Promise<ObjectId | null> {
  return (await entryAt(git, root, `models/${model}`))?.id ?? null;
}

/** All blobs below a tree with their paths, sorted as Git sorts; depth and count are bounded. */
export async function walkTree(
  git: GitStore,
  tree: ObjectId,
  limits = { depth: 10, entries: 5000 },
): Promise<readonly TreeEntry[]> {
  const found: TreeEntry[] = [];
  let level: readonly { readonly prefix: string; readonly id: ObjectId }[] = [{ prefix: "", id: tree }];
  for (let depth = 0; level.length > 0; depth++) {
    const here: readonly { readonly prefix: string; readonly id: ObjectId }[] = level;
    const trees = await readTrees(
      git,
      here.map(({ id }) => id),
    );
    const entries = trees.flatMap((one, index) =>
      one.map((entry) => ({ ...entry, name: `${here[index]?.prefix ?? ""}${entry.name}` })),
    );
    found.push(...entries.filter(({ mode }) => mode !== "40000"));
    level = entries.filter(({ mode }) => mode === "40000").map(({ name, id }) => ({ prefix: `${name}/`, id }));
    if (depth >= limits.depth || found.length > limits.entries) {
      throw new RegistryError("manifest-invalid", `tree ${tree} is deeper or larger than a version can be`);
    }
  }
  return found;
}

function damaged(kind: string, id: ObjectId | undefined, object: GitObject | null): RegistryError {
  const what = object === null ? "is missing" : `is ${object.kind}, not a ${kind}`;
  return new RegistryError("git-failed", `the object ${id ?? "?"} ${what}`, { hint: "git fsck" });
}
