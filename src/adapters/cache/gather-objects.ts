import type { Pointer } from "../../domain/artifact/pointer.ts";
import { RegistryError } from "../../errors.ts";
import type { ObjectSource } from "../../ports/model-cache.ts";
import { inParallel } from "../system/in-parallel.ts";
import type { CacheLayout } from "./cache-layout.ts";
import type { ObjectCache } from "./object-cache.ts";

/** Files that are read and written at once. Hashing is one thread's work, so more would only cost memory. */
export const AT_ONCE = 4;

/**
 * Gives every wanted thing that the source has at hand to `take`, as a local file, and answers those that are left.
 * `take` answers false when the bytes are not the pointer's.
 */
export async function takeLocated<Wanted extends { readonly pointer: Pointer }>(
  wanted: readonly Wanted[],
  source: ObjectSource,
  take: (wanted: Wanted, from: string) => Promise<boolean>,
): Promise<readonly Wanted[]> {
  const taken = await inParallel(wanted, AT_ONCE, async (one) => {
    const from = await source.locate(one.pointer);
    if (from === null) return false;
    if (await take(one, from)) return true;
    await source.reportCorrupt(one.pointer);
    return false;
  });
  return wanted.filter((_, index) => taken[index] === false);
}

interface Fetching {
  readonly layout: CacheLayout;
  readonly objects: ObjectCache;
  readonly source: ObjectSource;
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * Fetches into the cache what it lacks of these objects, all at once, and answers what it lacked. `onBytes` is told of
 * those that are there by now; of the others the source tells. Throws `lfs-missing` or `digest-mismatch`, each naming
 * all objects that it is about.
 */
export async function fetchObjects(
  pointers: readonly Pointer[],
  { layout, objects, source, onBytes }: Fetching,
): Promise<readonly Pointer[]> {
  const look = async (pointer: Pointer, told?: (bytes: number) => void) => {
    const state = await objects.check(layout.object(pointer.sha256), pointer, { verify: false, onBytes: told });
    if (state === "damaged") await objects.setAside(pointer);
    return state;
  };
  const before = await inParallel(pointers, AT_ONCE, (pointer) => look(pointer, onBytes));
  const lacking = pointers.filter((_, index) => before[index] !== "intact");
  if (lacking.length === 0) return [];
  await source.fetch(lacking, objects.sink);
  const after = await inParallel(lacking, AT_ONCE, (pointer) => look(pointer));
  const having = (state: string) => lacking.filter((_, index) => after[index] === state);
  const hint = "push the objects again from a clone that has them: git model push";
  if (having("damaged").length > 0) {
    const what = `the bytes that arrive are not those of ${listed(having("damaged"))}`;
    throw new RegistryError("digest-mismatch", what, { hint });
  }
  if (having("absent").length > 0) {
    throw new RegistryError("lfs-missing", `nothing holds ${listed(having("absent"))}`, { hint });
  }
  return lacking;
}

/** Each object once, however many paths it has; one of no bytes is nowhere. */
export function unique(wanted: readonly Pointer[]): readonly Pointer[] {
  const pointers = wanted.filter(({ size }) => size > 0).map(({ sha256, size }) => [sha256, { sha256, size }] as const);
  return [...new Map(pointers).values()];
}

function listed(pointers: readonly Pointer[]): string {
  const names = pointers.map(({ sha256, size }) => `${sha256} (${size} bytes)`);
  return names.length === 1 ? `object ${names[0]}` : `${names.length} objects: ${names.join(", ")}`;
}
