import { RegistryError } from "../../../../errors.ts";

export interface Patience {
  readonly signal: AbortSignal;
  /** Tells of bytes that were worth waiting for. */
  progress(bytes: number): void;
  /** Stops waiting; what is still open of the exchange is broken off. */
  end(): void;
}

/** In this time an answer has to come forward by that many bytes, or to end. */
const WINDOW_MS = 10 * 60_000;
const LEAST_BYTES = 64 * 1024;

/**
 * Ends a request whose answer hardly comes forward: a server that says one byte now and then, or nothing but that it is
 * busy, is never idle. The request then fails with `network` (retryable).
 */
export function startPatience(from: string, windowMs = WINDOW_MS): Patience {
  const controller = new AbortController();
  const giveUp = () => {
    const message = `${from} is too slow: less than ${LEAST_BYTES} bytes in ${Math.round(windowMs / 1000)} s`;
    controller.abort(new RegistryError("network", message, { retryable: true, hint: "run it again" }));
  };
  let timer = setTimeout(giveUp, windowMs);
  let counted = 0;
  return {
    signal: controller.signal,
    progress(bytes) {
      counted += bytes;
      if (counted < LEAST_BYTES || controller.signal.aborted) return;
      counted = 0;
      clearTimeout(timer);
      timer = setTimeout(giveUp, windowMs);
    },
    end() {
      clearTimeout(timer);
      controller.abort(new RegistryError("network", `the exchange with ${from} is over`));
    },
  };
}
