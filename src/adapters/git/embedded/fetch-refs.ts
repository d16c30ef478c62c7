import type { ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { FetchOptions, FetchOutcome, RefEdit, RefName, Refspec } from "../../../ports/git-store.ts";
import type { EmbeddedRepository } from "./embedded-repository.ts";
import { checkedRefName } from "./loose-refs.ts";
import { findMergeBase } from "./merge-base.ts";
import { lockedRef } from "./ref-database.ts";
import { updateRefs } from "./ref-transaction.ts";
import { type EmbeddedRemote, starOf } from "./remote.ts";

const MOST_TRIES = 5;

export interface Fetch extends FetchOptions {
  readonly local: EmbeddedRepository;
  readonly remote: EmbeddedRemote;
  readonly refspecs: readonly Refspec[];
}

interface Wanted {
  readonly id: ObjectId;
  readonly force: boolean;
}

/** Fetches as `GitStore.fetch` says: objects first, then what is pruned, then the refs. Throws `not-found`, `git-failed`. */
export async function fetchRefs(fetch: Fetch): Promise<FetchOutcome> {
  const { local, remote, refspecs, depth, filter } = fetch;
  for (const name of refspecs.flatMap(({ source, target }) => [source, target])) {
    checkedRefName(name.replace("*", "x") as RefName);
  }
  if (refspecs.length === 0) return { updated: [], rejected: [] };
  const there = await remote.values(refspecs.map(({ source }) => source));
  const wanted = mapRefs(there, refspecs);
  const changed = await changedTargets(fetch, wanted);
  await local.requireWritable();
  if (changed.size > 0) {
    await remote.bring({ ids: [...new Set(changed.values())], targets: [...changed.keys()], depth, filter });
  }
  const updated = await settle(fetch, wanted);
  const rejected = rejectedOf(await local.refs.values(), wanted);
  return { updated: updated.toSorted((a, b) => (a.ref < b.ref ? -1 : 1)), rejected };
}

function mapRefs(there: ReadonlyMap<RefName, ObjectId>, refspecs: readonly Refspec[]): ReadonlyMap<RefName, Wanted> {
  const wanted = new Map<RefName, Wanted>();
  for (const { source, target, force } of refspecs) {
    if (!source.includes("*") && !there.has(source)) {
      throw new RegistryError("not-found", `the remote has no ref ${source}`);
    }
    for (const [name, id] of there) {
      const star = starOf(name, source);
      if (star !== null) wanted.set(target.replace("*", () => star) as RefName, { id, force });
    }
  }
  return wanted;
}

async function changedTargets(
  { local }: Fetch,
  wanted: ReadonlyMap<RefName, Wanted>,
): Promise<ReadonlyMap<RefName, ObjectId>> {
  const here = await local.refs.values();
  const changed = [...wanted].filter(([ref, { id }]) => here.get(ref) !== id && !isKeptTag(ref, here));
  return new Map(changed.map(([ref, { id }]) => [ref, id]));
}

/** Whatever the refspec says, a tag that is here stays what it is. */
function isKeptTag(ref: RefName, here: ReadonlyMap<RefName, ObjectId>): boolean {
  return ref.startsWith("refs/tags/") && here.has(ref);
}

/** Plans afresh whenever another process moved a ref in between. */
async function settle(fetch: Fetch, wanted: ReadonlyMap<RefName, Wanted>): Promise<FetchOutcome["updated"]> {
  const done: RefEdit[] = [];
  for (let tries = 1; ; tries++) {
    const here = await fetch.local.refs.values();
    const pruned = fetch.prune === true ? stale(fetch.refspecs, wanted, here) : [];
    const edits = await plan(fetch, wanted, here);
    const first = await updateRefs(fetch.local.refs, pruned);
    const second = first.ok ? await updateRefs(fetch.local.refs, edits, { oneLock: true }) : first;
    if (first.ok) done.push(...pruned);
    if (second.ok) return [...done, ...edits];
    if (tries < MOST_TRIES) continue;
    await updateRest(fetch, edits, second.lost);
    throw lockedRef(second.lost[0] ?? "");
  }
}

/** As git does, one ref in the way does not keep the others from following. */
async function updateRest({ local }: Fetch, edits: readonly RefEdit[], lost: readonly RefName[]): Promise<void> {
  await updateRefs(
    local.refs,
    edits.filter(({ ref }) => !lost.includes(ref)),
    { oneLock: true },
  );
}

function stale(
  refspecs: readonly Refspec[],
  wanted: ReadonlyMap<RefName, Wanted>,
  here: ReadonlyMap<RefName, ObjectId>,
): readonly RefEdit[] {
  const patterns = refspecs.filter(
    ({ target, force }) => force && target.includes("*") && !target.startsWith("refs/tags/"),
  );
  return [...here]
    .filter(([ref]) => !wanted.has(ref) && patterns.some(({ target }) => starOf(ref, target) !== null))
    .map(([ref, from]) => ({ ref, from, to: null }));
}

async function plan(
  { local }: Fetch,
  wanted: ReadonlyMap<RefName, Wanted>,
  here: ReadonlyMap<RefName, ObjectId>,
): Promise<readonly RefEdit[]> {
  const edge = await local.edge();
  return [...wanted].flatMap(([ref, { id, force }]): readonly RefEdit[] => {
    const from = here.get(ref) ?? null;
    if (from === id || isKeptTag(ref, here)) return [];
    const isForward = from === null || force || findMergeBase({ objects: local.objects, edge }, from, id) === from;
    return isForward ? [{ ref, from, to: id }] : [];
  });
}

function rejectedOf(
  here: ReadonlyMap<RefName, ObjectId>,
  wanted: ReadonlyMap<RefName, Wanted>,
): FetchOutcome["rejected"] {
  return [...wanted].flatMap(([ref, { id }]) => {
    const present = here.get(ref);
    return present === undefined || present === id ? [] : [{ ref, here: present, there: id }];
  });
}
