import type { Pointer } from "../../../domain/artifact/pointer.ts";
import { inParallel } from "../../system/in-parallel.ts";
import type { BatchWorld } from "./batch-world.ts";
import { batchesOf, distinct } from "./batches.ts";
import { withRun } from "./transfer-all.ts";
import { isMissing, objectRefused, type TransferRun } from "./transfer-run.ts";

/** Questions about existence alone are small; more at once only annoys the server. */
const QUESTIONS_AT_ONCE = 4;

/** Which of the objects the server lacks; it is asked as if they were to be downloaded, and no byte is. */
export async function askMissing(world: BatchWorld, pointers: readonly Pointer[]): Promise<readonly Pointer[]> {
  const wanted = distinct(pointers);
  const lacking = await withRun(world, "download", async (run) => {
    const [first, ...rest] = batchesOf(wanted);
    if (first === undefined) return [];
    // The first one finds the login for all.
    const found = await lackingOf(run, first);
    return [found, ...(await inParallel(rest, QUESTIONS_AT_ONCE, (batch) => lackingOf(run, batch)))].flat();
  });
  const absent = new Set(lacking);
  return wanted.filter((pointer) => absent.has(pointer));
}

function lackingOf(run: TransferRun, batch: readonly Pointer[]): Promise<readonly Pointer[]> {
  return run.patience.persist(async () => {
    const { objects } = await run.server.ask({ operation: "download", pointers: batch }, run.over);
    run.patience.moved();
    for (const answer of objects) {
      if (answer.kind === "refused" && !isMissing("download", answer)) throw objectRefused(run, answer);
    }
    return objects.filter((answer) => isMissing("download", answer)).map(({ pointer }) => pointer);
  });
}
