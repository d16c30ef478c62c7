import type { ObjectId } from "../../../domain/object-id.ts";
import type { Commit } from "../../../ports/git-store.ts";
import { parentsOf } from "./history.ts";
import type { ObjectDatabase } from "./object-database.ts";

const LEFT = 1;
const RIGHT = 2;
const BOTH = LEFT | RIGHT;
/** Below a common ancestor: common too, but not the best. */
const STALE = 4;

interface Walk {
  readonly objects: ObjectDatabase;
  readonly edge: ReadonlySet<ObjectId>;
}

/**
 * The best common ancestor of two commits, the youngest where there are several, or null. Walks from both sides, the
 * youngest commit first, until only ancestors of what was found are left. Throws `git-failed`, `shallow-history`.
 */
export function findMergeBase(walk: Walk, a: ObjectId, b: ObjectId): ObjectId | null {
  const found = [...commonAncestors(walk, a, b)].sort((x, y) => y.committer.seconds - x.committer.seconds);
  if (found.length < 2) return found[0]?.id ?? null;
  // Clocks that ran backwards can leave an ancestor of another one among them.
  const best = found.filter((one) => !found.some((other) => other !== one && isAncestor(walk, one.id, other.id)));
  return (best[0] ?? found[0])?.id ?? null;
}

function commonAncestors({ objects, edge }: Walk, a: ObjectId, b: ObjectId): readonly Commit[] {
  const marks = new Map<ObjectId, number>();
  const queue: Commit[] = [];
  const common = new Map<ObjectId, Commit>();
  const mark = (id: ObjectId, flags: number): void => {
    const before = marks.get(id) ?? 0;
    if ((before | flags) === before) return;
    marks.set(id, before | flags);
    insert(queue, objects.commit(id));
  };
  mark(a, LEFT);
  mark(b, RIGHT);
  while (queue.some(({ id }) => ((marks.get(id) ?? 0) & STALE) === 0)) {
    const commit = queue.pop();
    if (commit === undefined) break;
    const flags = marks.get(commit.id) ?? 0;
    const isCommon = (flags & BOTH) === BOTH;
    if (isCommon && (flags & STALE) === 0) common.set(commit.id, commit);
    // What lies below a common ancestor changes nothing: there a shallow clone may end.
    const parents = isCommon && edge.has(commit.id) ? [] : parentsOf(commit, edge);
    for (const parent of parents) mark(parent, isCommon ? flags | STALE : flags);
  }
  return [...common.values()].filter(({ id }) => ((marks.get(id) ?? 0) & STALE) === 0);
}

/** Keeps the queue sorted, the youngest last. */
function insert(queue: Commit[], commit: Commit): void {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((queue[middle]?.committer.seconds ?? 0) <= commit.committer.seconds) low = middle + 1;
    else high = middle;
  }
  queue.splice(low, 0, commit);
}

function isAncestor({ objects, edge }: Walk, wanted: ObjectId, from: ObjectId): boolean {
  const seen = new Set<ObjectId>([from]);
  for (const id of seen) {
    if (id === wanted) return true;
    for (const parent of parentsOf(objects.commit(id), edge)) seen.add(parent);
  }
  return false;
}
