import type { ObjectId } from "../../../domain/object-id.ts";
import type { FetchOptions } from "../../../ports/git-store.ts";
import { completeHistory } from "./copy-objects.ts";
import type { EmbeddedRepository } from "./embedded-repository.ts";
import { IdSet } from "./id-set.ts";
import { idAt, type ReferenceKind, visitReferences } from "./object-references.ts";
import { type ArrivedObject, BadPack } from "./pack-indexer.ts";

type Filter = FetchOptions["filter"];

/** Folders that are looked into to see that what a new history shares with an old one is there. */
const MOST_FOLDERS = 5000;
/** Objects that a pack may refer to, in itself and outside. */
const MOST_REFERRED = 5_000_000;

/** What arrived objects refer to, gathered while they are taken apart. */
export class Referred {
  readonly #ids = new IdSet();
  readonly #edge: ReadonlySet<ObjectId>;
  readonly #filter: Filter;

  /** Parents of commits at the edge, and what the filter leaves out, need not be there. */
  constructor(edge: ReadonlySet<ObjectId>, filter: Filter) {
    this.#edge = edge;
    this.#filter = filter;
  }

  add({ id, kind, bytes }: ArrivedObject): void {
    const isEdge = kind === "commit" && this.#edge.has(id);
    const known = visitReferences({ kind, bytes }, (target, at, as) => {
      if (!(isEdge && as === "parent") && !isLeftOut(as, this.#filter)) this.#ids.add(target, at);
    });
    if (!known) throw new BadPack(`the ${kind} ${id} is damaged`);
    if (this.#ids.size > MOST_REFERRED) throw new BadPack("its objects refer to millions of others");
  }

  require(id: ObjectId): void {
    this.#ids.add(Buffer.from(id, "hex"), 0);
  }

  /** What none of the arrived objects is. */
  outside(hasArrived: (id: ObjectId) => boolean): readonly ObjectId[] {
    return [...this.#ids].filter((id) => !hasArrived(id));
  }
}

export interface Question {
  readonly outside: readonly ObjectId[];
  /** Commits and tags that are here with all that they reach; what is shared is looked for in their trees first. */
  readonly haves: readonly ObjectId[];
  readonly filter: Filter;
}

/**
 * One of the objects that is not here with all that it reaches, or null. That an object is here proves nothing about what
 * it refers to: a commit counts when the refs reach it, a folder when it stands in a tree of theirs, and everything
 * else is walked over.
 */
export async function findMissing(local: EmbeddedRepository, question: Question): Promise<ObjectId | null> {
  const { objects } = local;
  const complete = await completeHistory(local);
  const edge = await local.edge();
  const pending: ObjectId[] = [];
  const folders = new Set<ObjectId>();
  for (const id of question.outside) {
    const kind = objects.header(id)?.kind;
    if (kind === undefined) return id;
    if (kind === "tree") folders.add(id);
    else if (kind !== "blob") pending.push(id);
  }
  dropShared(local, folders, question.haves);
  const seen = new Set<ObjectId>();
  pending.push(...folders);
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const kind = objects.header(id)?.kind;
    if (kind === undefined) return id;
    if (kind === "blob" || (kind !== "tree" && complete.has(id))) continue;
    const raw = objects.readRaw(id);
    if (raw === null || !("bytes" in raw)) return id;
    const isEdge = edge.has(id);
    const known = visitReferences(raw, (target, at, as) => {
      if (!(isEdge && as === "parent") && !isLeftOut(as, question.filter)) pending.push(idAt(target, at));
    });
    if (!known) return id;
  }
  return null;
}

/** Takes away the folders that stand in the trees of what is here, looking into the upper ones first. */
function dropShared({ objects }: EmbeddedRepository, folders: Set<ObjectId>, haves: readonly ObjectId[]): void {
  const seen = new Set<ObjectId>();
  const visit = (id: ObjectId): void => {
    folders.delete(id);
    seen.add(id);
  };
  if (folders.size === 0) return;
  for (const id of haves) {
    const commit = objects.read(objects.peel(id) ?? id);
    if (commit?.kind === "commit") visit(commit.tree);
  }
  let looked = 0;
  for (const id of seen) {
    if (folders.size === 0 || looked++ >= MOST_FOLDERS) return;
    const raw = objects.readRaw(id);
    if (raw?.kind !== "tree" || !("bytes" in raw)) continue;
    visitReferences(raw, (target, at, as) => {
      if (as === "tree") visit(idAt(target, at));
    });
  }
}

function isLeftOut(as: ReferenceKind, filter: Filter): boolean {
  return filter === "tree:0" ? as === "tree" || as === "blob" : filter === "blob:none" && as === "blob";
}
