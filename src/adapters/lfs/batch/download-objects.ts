import type { Pointer } from "../../../domain/artifact/pointer.ts";
import { RegistryError } from "../../../errors.ts";
import type { ArtifactSink, TransferProgress } from "../../../ports/artifact-store.ts";
import { inParallel } from "../../system/in-parallel.ts";
import type { BatchWorld } from "./batch-world.ts";
import { distinct, lfsMissing, listed } from "./batches.ts";
import { downloadObject } from "./download-object.ts";
import { isMismatch } from "./mismatch.ts";
import { transferAll } from "./transfer-all.ts";

export interface Destination {
  readonly pointers: readonly Pointer[];
  readonly sink: ArtifactSink;
}

/** Brings what the sink lacks. An object with wrong bytes keeps the others from nothing. */
export async function downloadObjects(
  world: BatchWorld,
  { pointers, sink }: Destination,
  progress?: TransferProgress,
): Promise<void> {
  const all = distinct(pointers);
  const states = await inParallel(all, world.transfers, (pointer) => sink.check(pointer));
  const wanted = all.filter((_, index) => states[index] !== "present");
  const absent: Pointer[] = [];
  const damaged: Pointer[] = [];
  await transferAll(world, { operation: "download", pointers: wanted, progress }, async (turn) => {
    const { pointer, isWanted } = turn.errand;
    if (!isWanted) absent.push(pointer);
    // The rest is only asked for: all that is missing is named at once.
    if (absent.length > 0) return;
    try {
      if ((await downloadObject({ ...turn, sink })) === "missing") absent.push(pointer);
    } catch (error) {
      if (!isMismatch(error)) throw error;
      damaged.push(pointer);
    }
  });
  if (absent.length > 0) throw lfsMissing(world.name, absent, "push them from a clone that has them: git model push");
  if (damaged.length > 0) throw remoteDamage(world.name, damaged);
}

function remoteDamage(name: string, damaged: readonly Pointer[]): RegistryError {
  return new RegistryError("digest-mismatch", `${name} gave other bytes than the pointer says for ${listed(damaged)}`, {
    hint: "push the bytes again from a clone that has them: git model push",
  });
}
