import type { Dispatcher } from "undici";

/** The way to a server: through which connections, and what stands in the request line. */
export interface Route {
  readonly dispatcher: Dispatcher;
  readonly target: string;
}

/** Connections that stay open between requests; undici is loaded with the first one. */
export interface Connections {
  routeTo(url: URL): Promise<Route>;
  close(): Promise<void>;
}

export function openConnections({ connectTimeoutMs }: { readonly connectTimeoutMs: number }): Connections {
  const pools = new Map<string, Dispatcher>();
  const poolFor = async (origin: string): Promise<Dispatcher> => {
    const { default: Pool } = await import("undici/lib/dispatcher/pool.js");
    const pool =
      pools.get(origin) ?? new Pool(origin, { connections: CONNECTIONS, connect: { timeout: connectTimeoutMs } });
    pools.set(origin, pool);
    return pool;
  };
  return {
    async routeTo(url) {
      return { dispatcher: await poolFor(url.origin), target: `${url.pathname}${url.search}` };
    },
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.destroy()));
    },
  };
}

/** Per server; what comes on top waits in line. */
const CONNECTIONS = 16;
