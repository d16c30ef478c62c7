import type { Pointer } from "../../../domain/artifact/pointer.ts";
import { RegistryError } from "../../../errors.ts";
import type { TransferProgress } from "../../../ports/artifact-store.ts";
import type { Operation } from "../endpoint.ts";
import type { BatchWorld } from "./batch-world.ts";
import { batchesOf } from "./batches.ts";
import { workOff } from "./bounded-queue.ts";
import { openPatience } from "./patience.ts";
import {
  type AnsweredObject,
  type Counter,
  type Errand,
  openCounter,
  openErrand,
  type TransferRun,
} from "./transfer-run.ts";

export interface Transfers {
  readonly operation: Operation;
  /** Distinct, none of an empty file. */
  readonly pointers: readonly Pointer[];
  readonly progress: TransferProgress | undefined;
}

/** One object's turn. */
export interface Turn {
  readonly run: TransferRun;
  readonly errand: Errand;
  readonly counter: Counter;
}

/**
 * Asks about the objects batch by batch, one batch ahead, and gives each its turn: the large ones first, so that none of
 * them is alone at the end. The first error ends the run, and with it all that is on its way.
 */
export async function transferAll(
  world: BatchWorld,
  { operation, pointers, progress }: Transfers,
  takeTurn: (turn: Turn) => Promise<void>,
): Promise<void> {
  const batches = batchesOf([...pointers].sort((a, b) => b.size - a.size));
  await withRun(world, operation, async (run, end) => {
    const workers = Math.min(world.transfers, pointers.length);
    await workOff(answersOf(run, batches), { workers, failed: end }, async (answered, openGate) => {
      const errand = await openErrand(run, answered, openGate);
      const counter = openCounter((bytes) => {
        run.patience.moved();
        progress?.(bytes);
      });
      await takeTurn({ run, errand, counter });
    });
  });
}

async function* answersOf(
  run: TransferRun,
  batches: readonly (readonly Pointer[])[],
): AsyncGenerator<AnsweredObject, void> {
  const ask = (index: number) => {
    const batch = batches[index];
    if (batch === undefined) return null;
    const answer = run.patience.persist(() => run.server.ask({ operation: run.operation, pointers: batch }, run.over));
    // It is looked at when its turn comes.
    answer.catch(() => undefined);
    return answer;
  };
  let ahead = ask(0);
  for (let index = 1; ahead !== null; index += 1) {
    const { objects, endpoint } = await ahead;
    run.patience.moved();
    ahead = ask(index);
    for (const answer of objects) yield { answer, endpoint };
  }
}

/** Work that is over as a whole when a part of it fails. */
export async function withRun<T>(
  world: BatchWorld,
  operation: Operation,
  work: (run: TransferRun, end: (error: unknown) => void) => Promise<T>,
): Promise<T> {
  const { name, server, http, clock } = world;
  const over = new AbortController();
  const patience = openPatience(clock, over.signal);
  try {
    return await work({ operation, name, server, http, clock, patience, over: over.signal }, (error) =>
      over.abort(error),
    );
  } finally {
    over.abort(new RegistryError("network", `${name} is not needed any more`));
  }
}
