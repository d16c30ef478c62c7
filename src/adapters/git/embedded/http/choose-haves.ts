import type { ObjectId } from "../../../../domain/object-id.ts";
import type { RefName } from "../../../../ports/git-store.ts";

/** More are of no use to a server, and each is a line of the request. */
const MOST_HAVES = 256;
/** Refs on either side of a new name. */
const NEIGHBOURS = 2;

/**
 * What the server is told that we have, the most telling first: what the wanted refs were before, all branches, and for
 * a new name its neighbours in the alphabet, since versions of one model share most of their files. The ages of 20,000
 * tags would tell less, and would cost reading them all.
 */
export function chooseHaves(here: ReadonlyMap<RefName, ObjectId>, wanted: readonly RefName[]): readonly ObjectId[] {
  const chosen = new Set<ObjectId>();
  const choose = (names: Iterable<RefName | undefined>): void => {
    for (const name of names) {
      const id = name === undefined || chosen.size >= MOST_HAVES ? undefined : here.get(name);
      if (id !== undefined) chosen.add(id);
    }
  };
  choose(wanted);
  const names = [...here.keys()].sort();
  choose(names.filter((name) => !name.startsWith("refs/tags/")));
  for (const name of wanted) {
    if (chosen.size >= MOST_HAVES) break;
    const at = placeOf(names, name);
    choose(names.slice(Math.max(0, at - NEIGHBOURS), at + NEIGHBOURS));
  }
  choose(names);
  return [...chosen];
}

/** Where a name stands, or would stand, among sorted ones. */
function placeOf(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((names[middle] ?? "") < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
