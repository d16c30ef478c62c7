import type { Pointer } from "../../../domain/artifact/pointer.ts";
import { RegistryError } from "../../../errors.ts";
import type { TransferProgress } from "../../../ports/artifact-store.ts";
import { askMissing } from "./ask-missing.ts";
import type { BatchWorld } from "./batch-world.ts";
import { distinct, lfsMissing, listed } from "./batches.ts";
import { isMismatch } from "./mismatch.ts";
import { transferAll } from "./transfer-all.ts";
import { uploadObject } from "./upload-object.ts";

/** The server may need a moment until it sees what it has just received. */
const CONFIRMATIONS = 3;

/** Sends what the server lacks, and asks it again; answers the objects that were sent. */
export async function uploadObjects(
  world: BatchWorld,
  pointers: readonly Pointer[],
  progress?: TransferProgress,
): Promise<readonly Pointer[]> {
  const { store } = world;
  const wanted = distinct(pointers);
  const sent = new Set<Pointer>();
  const absent: Pointer[] = [];
  const damaged: Pointer[] = [];
  await transferAll(world, { operation: "upload", pointers: wanted, progress }, async (turn) => {
    const { pointer, isWanted } = turn.errand;
    if (!isWanted) return;
    if ((await store.check(pointer)) !== "present") absent.push(pointer);
    // The rest is only asked for: all that is missing is named at once.
    if (absent.length > 0) return;
    try {
      await uploadObject({ ...turn, store });
      sent.add(pointer);
    } catch (error) {
      if (!isMismatch(error)) throw error;
      damaged.push(pointer);
    }
  });
  if (absent.length > 0)
    throw lfsMissing("the local LFS store", absent, "git model fetch, or register the files again");
  if (damaged.length > 0) throw localDamage(damaged);
  await confirm(world, wanted);
  return wanted.filter((pointer) => sent.has(pointer));
}

function localDamage(damaged: readonly Pointer[]): RegistryError {
  return new RegistryError("digest-mismatch", `the local LFS store has other bytes for ${listed(damaged)}`, {
    hint: "they were moved out of the way; register the files again, or fetch the objects from another clone",
  });
}

/** Nothing of an upload counts before the server, asked anew, says that it has it. */
async function confirm(world: BatchWorld, pointers: readonly Pointer[]): Promise<void> {
  let lacking = pointers;
  for (let asked = 0; lacking.length > 0 && asked < CONFIRMATIONS; asked += 1) {
    if (asked > 0) await world.clock.sleep(250 * 4 ** asked);
    lacking = await askMissing(world, lacking);
  }
  if (lacking.length === 0) return;
  const message = `${world.name} lacks ${listed(lacking)} after the upload`;
  throw new RegistryError("lfs-failed", message, { retryable: true, hint: "git model push" });
}
