import type { ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import { inParallel } from "../../system/in-parallel.ts";
import type { EmbeddedRepository } from "./embedded-repository.ts";
import { parentsOf } from "./history.ts";
import type { ObjectDatabase } from "./object-database.ts";
import { type PackedObject, writePack } from "./pack-writer.ts";

/** From this many objects on they become one pack. */
const PACK_FROM = 50;

/**
 * Copies everything reachable from the wanted objects that the target may lack, durably, before any ref names it. A
 * history is known to be whole only where the target's own refs reach it: that a single object is there proves nothing
 * about what it refers to. Throws `git-failed` for an object that the source lacks or that is damaged, `shallow-history`
 * where the source's history is cut off, `disk`.
 */
export async function copyReachable(
  source: EmbeddedRepository,
  target: EmbeddedRepository,
  wanted: readonly ObjectId[],
): Promise<void> {
  const complete = await completeHistory(target);
  const missing = [...collectMissing(source, await source.edge(), { complete, wanted })];
  const read = objectReader(source);
  if (missing.length >= PACK_FROM) {
    await writePack(target.objects.directory, missing, read);
    target.objects.relist();
    return;
  }
  await inParallel(missing, 8, async (id) => {
    const { kind, bytes } = read(id);
    await target.objects.write(kind, bytes);
  });
}

/** Reads objects that must be there. Throws `git-failed`. */
export function objectReader(source: EmbeddedRepository): (id: ObjectId) => PackedObject {
  return (id) => {
    const raw = source.objects.readRaw(id);
    if (raw !== null && "bytes" in raw) return { id, kind: raw.kind, bytes: raw.bytes };
    throw broken(source, id, raw === null ? "lacks" : "has a damaged copy of");
  };
}

/** Whether all that a commit or tag refers to is certainly there. */
export interface CompleteHistory {
  has(id: ObjectId): boolean;
}

/** What the refs name is whole; what is only reachable is looked up when an object is met that the target has. */
export async function completeHistory({ refs, objects, edge }: EmbeddedRepository): Promise<CompleteHistory> {
  const named = await refs.list();
  const values = new Set(named.flatMap(({ id, peeled }) => (peeled === null ? [id] : [id, peeled])));
  const cut = await edge();
  let reachable: ReadonlySet<ObjectId> | null = null;
  return {
    has(id) {
      if (values.has(id)) return true;
      if (objects.header(id) === null) return false;
      reachable ??= reachableCommits(objects, values, cut);
      return reachable.has(id);
    },
  };
}

/** Commits in the history of what is named, as far as it is here. */
export function reachableCommits(
  objects: ObjectDatabase,
  named: Iterable<ObjectId>,
  cut: ReadonlySet<ObjectId>,
): ReadonlySet<ObjectId> {
  const seen = new Set([...named].flatMap((id) => objects.peel(id) ?? []));
  for (const id of seen) {
    const commit = objects.header(id)?.kind === "commit" ? objects.read(id) : null;
    if (commit?.kind !== "commit" || cut.has(id)) continue;
    for (const parent of commit.parents) seen.add(parent);
  }
  return seen;
}

/** Everything reachable from the wanted objects, up to what is complete on the other side. Throws `git-failed`, `shallow-history`. */
export function collectMissing(
  source: EmbeddedRepository,
  edge: ReadonlySet<ObjectId>,
  { complete, wanted }: { readonly complete: CompleteHistory; readonly wanted: readonly ObjectId[] },
): ReadonlySet<ObjectId> {
  const missing = new Set<ObjectId>();
  const pending = [...wanted];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (missing.has(id) || complete.has(id)) continue;
    const kind = source.objects.header(id)?.kind;
    if (kind === undefined) throw broken(source, id, "lacks");
    if (kind === "tree") {
      collectTree(source, missing, { id, bases: [] });
      continue;
    }
    missing.add(id);
    if (kind === "tag") pending.push(source.objects.tag(id).target);
    if (kind !== "commit") continue;
    const commit = source.objects.commit(id);
    const parents = parentsOf(commit, edge);
    const bases = parents.filter((parent) => complete.has(parent)).map((parent) => source.objects.commit(parent).tree);
    collectTree(source, missing, { id: commit.tree, bases });
    pending.push(...parents);
  }
  return missing;
}

interface TreeStep {
  readonly id: ObjectId;
  /** Trees of the same place that the target has whole: what is equal in them need not be looked at. */
  readonly bases: readonly ObjectId[];
}

function collectTree({ objects }: EmbeddedRepository, missing: Set<ObjectId>, first: TreeStep): void {
  const pending: TreeStep[] = [first];
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    if (missing.has(step.id) || step.bases.includes(step.id)) continue;
    missing.add(step.id);
    const known = new Map<string, ObjectId[]>();
    for (const base of step.bases) {
      for (const { name, id, mode } of objects.tree(base))
        known.set(`${mode} ${name}`, [...(known.get(`${mode} ${name}`) ?? []), id]);
    }
    for (const { name, id, mode } of objects.tree(step.id)) {
      const bases = known.get(`${mode} ${name}`) ?? [];
      if (mode === "160000" || bases.includes(id)) continue;
      if (mode === "40000") pending.push({ id, bases });
      else missing.add(id);
    }
  }
}

function broken({ location }: EmbeddedRepository, id: ObjectId, how: string): RegistryError {
  return new RegistryError("git-failed", `the repository ${location.gitDir} ${how} the object ${id}`, {
    hint: "git fsck --full there says what else is missing",
  });
}
