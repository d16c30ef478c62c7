/** Tells the other workers that they may begin. Only the first call counts. */
export type OpenGate = () => void;

/**
 * Works off a source that is read only as far as there are workers for it. The first worker is alone until it calls
 * `openGate` or its first item is done, so that a server that wants a login is not asked by all at once. After a failure no
 * further item begins; the first error is thrown once the running ones have ended, and `failed` was told at once.
 */
export async function workOff<Item>(
  source: AsyncGenerator<Item>,
  { workers, failed }: { readonly workers: number; readonly failed: (error: unknown) => void },
  task: (item: Item, openGate: OpenGate) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  let openGate: OpenGate = () => undefined;
  const gate = new Promise<void>((resolve) => {
    openGate = resolve;
  });
  const work = async (): Promise<void> => {
    while (failures.length === 0) {
      const next = await source.next();
      if (next.done === true || failures.length > 0) return;
      await task(next.value, openGate);
      openGate();
    }
  };
  const worker = async (waiting: Promise<void>): Promise<void> => {
    try {
      await waiting;
      await work();
    } catch (error) {
      failures.push(error);
      failed(error);
    } finally {
      openGate();
    }
  };
  const others = Array.from({ length: workers - 1 }, () => worker(gate));
  await Promise.all([worker(Promise.resolve()), ...others]);
  await source.return(undefined);
  if (failures.length > 0) throw failures[0];
}
