import { beforeAll, expect, test } from "vitest";
import { ADAPTERS, type Adapter } from "../support/registry.ts";
import { tempDir } from "../support/temp-repo.ts";
import { type Made, serve, servedRegistry } from "../support/url-registry.ts";

const SIZES = {
  small: { models: 10, versions: 10 },
  large: { models: 1000, versions: 10 },
} as const;
type Size = keyof typeof SIZES;

const RUNS = 5;
/** The budget is 2; what is measured here shares its machine with other tests. */
const MARGIN = 3;
/** Names and ids of what else the stage holds, which come with its tip, and the bytes of one version. */
const BYTES_A_MODEL = 1000;

const made = {} as Record<Size, Made>;

beforeAll(async () => {
  for (const size of ["small", "large"] as const) made[size] = await servedRegistry(SIZES[size]);
});

test.each(
  ADAPTERS.flatMap(
    (adapter) =>
      [
        [adapter, true],
        [adapter, false],
      ] as const,
  ),
)(
  "pull by stage by URL from 10,000 versions costs what it costs from 100, with %s Git, partial: %s",
  async (adapter, partial) => {
    const costs = { small: await costOf("small"), large: await costOf("large") };
    // Interleaved, so that both meet the same weather.
    for (let run = 0; run < RUNS; run++) for (const size of ["small", "large"] as const) await costs[size].measure();
    const [small, large] = [costs.small.best(), costs.large.best()];
    // biome-ignore lint/suspicious/noConsole: the numbers are what people run this for
    console.info(`${adapter}, partial ${partial}`, JSON.stringify({ small, large }));
    for (const when of ["first", "warm"] as const) {
      expect(large[when].requests).toBe(small[when].requests);
      expect(large[when].milliseconds / small[when].milliseconds).toBeLessThan(MARGIN);
    }
    expect(large.warm.bytes).toBeLessThan(small.warm.bytes * 1.5);
    expect(large.first.bytes).toBeLessThan(SIZES.large.models * BYTES_A_MODEL);

    async function costOf(size: Size) {
      await made[size].repo.git("config", "uploadpack.allowFilter", String(partial));
      return costsOf(made[size], adapter);
    }
  },
);

interface Cost {
  readonly requests: number;
  readonly bytes: number;
  readonly milliseconds: number;
}

async function costsOf(registry: Made, adapter: Adapter) {
  let bytes = 0;
  const served = await serve(registry, undefined, (_, response) => {
    const { socket } = response;
    const before = socket?.bytesWritten ?? 0;
    response.once("finish", () => {
      bytes += (socket?.bytesWritten ?? 0) - before;
    });
    return false;
  });
  const pull = async (environment: NodeJS.ProcessEnv): Promise<Cost> => {
    const reader = await served.reader(adapter, environment);
    served.news();
    bytes = 0;
    const began = performance.now();
    const { registry: opened } = await reader.open();
    const { models } = await opened.pull({ references: ["model-0003@production"] });
    const milliseconds = Math.round(performance.now() - began);
    expect(models[0]?.version).toBe("1.8.0");
    return { requests: served.news().length, bytes, milliseconds };
  };
  const seen = { first: [] as Cost[], warm: [] as Cost[] };
  return {
    async measure() {
      const cache = { XDG_CACHE_HOME: await tempDir("git-model-cache-") };
      seen.first.push(await pull(cache));
      seen.warm.push(await pull(cache));
    },
    /** The least disturbed run of each. */
    best: () => ({ first: least(seen.first), warm: least(seen.warm) }),
  };
}

function least(costs: readonly Cost[]): Cost {
  const [one] = costs.toSorted((a, b) => a.milliseconds - b.milliseconds);
  if (one === undefined) throw new Error("nothing was measured");
  return one;
}
