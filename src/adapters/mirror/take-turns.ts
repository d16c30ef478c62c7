import { randomInt } from "node:crypto";
import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { RegistryError } from "../../errors.ts";
import { takeLease } from "../system/lease.ts";
import { clearLeftovers } from "./mirror-state.ts";

/** How a turn came about. */
export interface Turn {
  /** Another process had its turn first: it may have done what is wanted. */
  readonly waited: boolean;
}

/** Longer than a lock must be old to count as left behind. */
const PATIENCE_MS = 15_000;
/** A lease that nobody holds is taken in less. */
const AT_ONCE_MS = 25;

/**
 * Runs `work` while no other process fetches into the mirror. A ref or a file that is locked all the same, by a command
 * that writes a version or by one that was killed, is tried again for some seconds.
 */
export async function takeTurns<T>(
  mirror: { readonly path: string; readonly base: string },
  work: (turn: Turn) => Promise<T>,
): Promise<T> {
  const path = `${mirror.base}.lease`;
  const asked = performance.now();
  const lease = await takeLease(path);
  const waited = performance.now() - asked > AT_ONCE_MS;
  try {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await work({ waited });
      } catch (error) {
        if (!isLocked(error) || performance.now() >= deadline) throw error;
        await clearLeftovers(mirror.path, (await stat(path).catch(() => null))?.mtimeMs ?? 0);
        await sleep(randomInt(20, 200));
      }
    }
  } finally {
    await lease.release();
  }
}

/** "cannot lock ref" and a `.lock` in the way (DETAILS 33). */
function isLocked(error: unknown): boolean {
  return error instanceof RegistryError && error.code === "git-failed" && error.retryable;
}
