import type { Pointer } from "../../../domain/artifact/pointer.ts";
import { RegistryError } from "../../../errors.ts";

/** As many objects as an LFS server is asked about at once. */
const BATCH_SIZE = 100;

/** Each pointer once, and none of an empty file: that has no object. */
export function distinct(pointers: readonly Pointer[]): readonly Pointer[] {
  const sized = pointers.filter(({ size }) => size > 0);
  return [...new Map(sized.map((pointer) => [`${pointer.sha256} ${pointer.size}`, pointer])).values()];
}

/** Distinct pointers in batches, no digest twice in one: a pointer that lies about a size is asked about on its own. */
export function batchesOf(pointers: readonly Pointer[]): readonly (readonly Pointer[])[] {
  const batches: Pointer[][] = [];
  for (let rest = pointers; rest.length > 0; ) {
    const unique = [...new Map(rest.map((pointer) => [pointer.sha256, pointer])).values()];
    for (let at = 0; at < unique.length; at += BATCH_SIZE) batches.push(unique.slice(at, at + BATCH_SIZE));
    const taken = new Set(unique);
    rest = rest.filter((pointer) => !taken.has(pointer));
  }
  return batches;
}

/** Objects that a place lacks, all of them in one error. */
export function lfsMissing(place: string, absent: readonly Pointer[], hint: string): RegistryError {
  return new RegistryError("lfs-missing", `${place} lacks ${listed(absent)}`, { hint });
}

export function listed(pointers: readonly Pointer[]): string {
  const names = pointers.map(({ sha256, size }) => `${sha256} (${size} bytes)`).join(", ");
  return pointers.length === 1 ? `object ${names}` : `${pointers.length} objects: ${names}`;
}
