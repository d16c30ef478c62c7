import { RegistryError } from "../../../errors.ts";
import type { Clock } from "../../../ports/clock.ts";
import { MAX_RETRY_AFTER_MS, ServerRefusal } from "./server-refusal.ts";

/** How one run bears with a bad network and a busy server. All its requests share it. */
export interface Patience {
  /**
   * Does the work, again after a failure that may pass: 8 times, 250 ms x 2^n but at most 10 s apart, with jitter, or when
   * the server says. `progressed` answers whether anything was gained since it was last asked: then the tries begin anew.
   */
  persist<T>(work: () => Promise<T>, progressed?: () => boolean): Promise<T>;
  /** Something went well: the time in which nothing does begins anew. */
  moved(): void;
}

const TRIES = 8;
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 10_000;
/** A run in which nothing at all arrived for this long is given up, however polite the server is. */
const GIVE_UP_MS = 600_000;
/** Waits are taken in slices, so that a run that is over does not linger. */
const SLICE_MS = 1000;

/** `over`: the run failed or ended; who waits is woken. */
export function openPatience(clock: Clock, over: AbortSignal): Patience {
  let failingSince: number | null = null;
  let quietUntil = 0;

  const waitUntil = async (time: number): Promise<void> => {
    for (let now = clock.now(); now < time; now = clock.now()) {
      over.throwIfAborted();
      await clock.sleep(Math.min(SLICE_MS, time - now));
    }
  };
  const waitAfter = async (error: unknown, failures: number): Promise<void> => {
    const now = clock.now();
    failingSince ??= now;
    if (now - failingSince >= GIVE_UP_MS) throw error;
    const asked = error instanceof ServerRefusal ? error.retryAfterMs : null;
    // One that is told to stay away speaks for all.
    if (asked !== null) quietUntil = Math.max(quietUntil, now + asked);
    const backoff = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), MAX_WAIT_MS);
    await waitUntil(now + (asked || backoff * (0.5 + clock.random() / 2)));
  };

  return {
    async persist(work, progressed = () => false) {
      for (let failures = 0; ; ) {
        await waitUntil(quietUntil);
        over.throwIfAborted();
        try {
          return await work();
        } catch (error) {
          failures = progressed() ? 1 : failures + 1;
          if (over.aborted || !mayPass(error) || failures >= TRIES) throw error;
          await waitAfter(error, failures);
        }
      }
    },
    moved() {
      failingSince = null;
    },
  };
}

/** A disk that is full and wrong bytes are not the network's; who is put off for longer than five minutes gives up. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof RegistryError) || !error.retryable) return false;
  if (error instanceof ServerRefusal && (error.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) return false;
  return error.code === "network" || error.code === "lfs-failed";
}
