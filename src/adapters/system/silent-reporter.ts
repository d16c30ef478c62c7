import type { Reporter } from "../../ports/reporter.ts";

/** Says nothing: what a library does unless it is told otherwise. */
export const silentReporter: Reporter = {
  warn: () => undefined,
  progress: () => ({ advance: () => undefined, done: () => undefined }),
};
