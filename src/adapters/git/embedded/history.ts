import { isObjectId, type ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { Commit, WalkedCommit } from "../../../ports/git-store.ts";
import type { ObjectDatabase } from "./object-database.ts";

/** Parents of a commit. Throws `shallow-history` at the edge of a shallow clone. */
export function parentsOf(commit: Commit, edge: ReadonlySet<ObjectId>): readonly ObjectId[] {
  if (commit.parents.length > 0 && edge.has(commit.id)) {
    throw new RegistryError(
      "shallow-history",
      `the history behind ${commit.id.slice(0, 12)} is not in this shallow clone`,
      {
        hint: "git fetch --unshallow",
      },
    );
  }
  return commit.parents;
}

/** First-parent history as the port has it (`GitStore.firstParents`). */
export function walkFirstParents(
  objects: ObjectDatabase,
  tip: ObjectId,
  options: { readonly edge: ReadonlySet<ObjectId>; readonly path?: string; readonly limit?: number },
): readonly WalkedCommit[] {
  const { edge, path, limit = Number.POSITIVE_INFINITY } = options;
  const walked: WalkedCommit[] = [];
  const entryIn = entryReader(objects, path);
  let id: ObjectId | null = tip;
  while (id !== null && walked.length < limit) {
    const commit: Commit = objects.commit(id);
    if (path === undefined && walked.length === limit - 1) return [...walked, { ...commit, before: null, after: null }];
    const [first] = parentsOf(commit, edge);
    const parent = first === undefined ? null : objects.commit(first);
    const after = entryIn(commit.tree);
    const before = parent && entryIn(parent.tree);
    if (path === undefined || before !== after) walked.push({ ...commit, before, after });
    id = parent?.id ?? null;
  }
  return walked;
}

function entryReader(objects: ObjectDatabase, path: string | undefined): (tree: ObjectId) => ObjectId | null {
  if (path === undefined) return () => null;
  const segments = path.split("/").filter((segment) => segment !== "");
  // Neighbours in history share most of their trees.
  let memory = new Map<string, ObjectId | null>();
  const entryAt = (tree: ObjectId, depth: number): ObjectId | null => {
    const key = `${depth} ${tree}`;
    const known = memory.get(key);
    if (known !== undefined) return known;
    const entry = entryOf(objects, tree, segments[depth] ?? "");
    const isLast = depth === segments.length - 1;
    const below = entry?.mode === "40000" && !isLast ? entryAt(entry.id, depth + 1) : null;
    const found = isLast ? (entry?.id ?? null) : below;
    if (memory.size > 1000) memory = new Map();
    memory.set(key, found);
    return found;
  };
  return (tree) => (segments.length === 0 ? tree : entryAt(tree, 0));
}

interface Entry {
  readonly id: ObjectId;
  readonly mode: string;
}

/** One entry of a tree. Its bytes are searched instead of parsed: a stage's history is thousands of large folders. */
function entryOf(objects: ObjectDatabase, tree: ObjectId, name: string): Entry | null {
  const raw = objects.readRaw(tree);
  const found = raw?.kind === "tree" && "bytes" in raw ? searchTree(raw.bytes, Buffer.from(name)) : undefined;
  if (found !== undefined) return found;
  return objects.tree(tree).find((entry) => entry.name === name) ?? null;
}

/** Undefined for what does not look like a tree; its parser says what is wrong with it. */
function searchTree(bytes: Buffer, name: Buffer): Entry | null | undefined {
  for (let start = 0; start < bytes.length; ) {
    const blank = bytes.indexOf(0x20, start);
    const end = bytes.indexOf(0, blank);
    const next = end + 1 + ID_BYTES;
    if (blank < 0 || end < 0 || next > bytes.length) return undefined;
    const isThis = end - blank - 1 === name.length && bytes.compare(name, 0, name.length, blank + 1, end) === 0;
    const id = isThis ? bytes.toString("hex", end + 1, next) : "";
    if (isObjectId(id)) return { id, mode: bytes.toString("latin1", start, blank) };
    start = next;
  }
  return null;
}

const ID_BYTES = 20;
