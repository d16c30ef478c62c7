import type { Clock } from "../../ports/clock.ts";

/** One try of a write that others may win first. */
export type Attempt<T> = { readonly kind: "done"; readonly value: T } | { readonly kind: "lost" };

const LEAST_TRIES = 12;
const PATIENCE = 10_000;
const LONGEST_PAUSE = 800;

/**
 * Tries again with jitter for up to 10 s and at least 12 tries (DETAILS 41); null when every try was lost.
 * Each try reads the world anew.
 */
export async function retryLostRaces<T>(
  clock: Clock,
  attempt: (tries: number) => Promise<Attempt<T>>,
): Promise<T | null> {
  const start = clock.now();
  for (let tries = 0; tries < LEAST_TRIES || clock.now() - start < PATIENCE; tries++) {
    const outcome = await attempt(tries);
    if (outcome.kind === "done") return outcome.value;
    await clock.sleep(clock.random() * Math.min(LONGEST_PAUSE, 25 * 2 ** tries));
  }
  return null;
}
