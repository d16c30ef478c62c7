import type { Pointer } from "../../domain/artifact/pointer.ts";
import { RegistryError } from "../../errors.ts";
import type { ArtifactSink } from "../../ports/artifact-store.ts";
import type { ObjectSource } from "../../ports/model-cache.ts";
import { inParallel } from "../system/in-parallel.ts";

/** Files that are read and written at once. Hashing is one thread's work, so more would only cost memory. */
export const AT_ONCE = 4;

/**
 * Gives every wanted thing to `take` as a local file: first what the source has, then, after one fetch, the rest and
 * what turned out to be damaged. `take` answers false when the bytes are not the pointer's.
 * Throws `lfs-missing` or `digest-mismatch`, each naming all objects that it is about.
 */
export async function gatherObjects<Wanted extends { readonly pointer: Pointer }>(
  wanted: readonly Wanted[],
  { source, sink }: { readonly source: ObjectSource; readonly sink: ArtifactSink },
  take: (wanted: Wanted, from: string) => Promise<boolean>,
): Promise<void> {
  const first = await takeLocated(wanted, source, take);
  const left = [...first.damaged, ...first.absent];
  if (left.length === 0) return;
  await source.fetch(unique(left), sink);
  const second = await takeLocated(left, source, take);
  if (second.damaged.length > 0) {
    throw new RegistryError("digest-mismatch", `the bytes that arrive are not those of ${listed(second.damaged)}`, {
      hint: "push the objects again from a clone that has them: git model push",
    });
  }
  if (second.absent.length > 0) {
    throw new RegistryError("lfs-missing", `nothing holds ${listed(second.absent)}`, {
      hint: "push the objects from a clone that has them: git model push",
    });
  }
}

interface Left<Wanted> {
  readonly damaged: readonly Wanted[];
  readonly absent: readonly Wanted[];
}

async function takeLocated<Wanted extends { readonly pointer: Pointer }>(
  wanted: readonly Wanted[],
  source: ObjectSource,
  take: (wanted: Wanted, from: string) => Promise<boolean>,
): Promise<Left<Wanted>> {
  const outcomes = await inParallel(wanted, AT_ONCE, async (one) => {
    const from = await source.locate(one.pointer);
    if (from === null) return "absent";
    if (await take(one, from)) return "taken";
    await source.reportCorrupt(one.pointer);
    return "damaged";
  });
  const having = (outcome: string) => wanted.filter((_, index) => outcomes[index] === outcome);
  return { damaged: having("damaged"), absent: having("absent") };
}

/** Each object once, however many paths it has. */
export function unique(wanted: readonly { readonly pointer: Pointer }[]): readonly Pointer[] {
  const pointers = wanted.map(({ pointer: { sha256, size } }) => [sha256, { sha256, size }] as const);
  return [...new Map(pointers).values()];
}

function listed(wanted: readonly { readonly pointer: Pointer }[]): string {
  const names = unique(wanted).map(({ sha256, size }) => `${sha256} (${size} bytes)`);
  return names.length === 1 ? `object ${names[0]}` : `${names.length} objects: ${names.join(", ")}`;
}
