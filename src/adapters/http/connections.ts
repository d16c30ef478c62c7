import type { buildConnector, Dispatcher } from "undici";
import type { ConfigEntry } from "../../ports/git-store.ts";
import type { Environment } from "../system/process-world.ts";
import type { Headers } from "./header-values.ts";
import { type HttpProxy, proxyFor } from "./proxies.ts";
import { type TlsOptions, type TlsSettings, tlsOptions, tlsSettings } from "./tls-settings.ts";
import { openTunnel, proxyFailure } from "./tunnel.ts";
import { settingsFor } from "./url-settings.ts";

/** The way to a server: through which connections, and what a proxy on the way has to be told. */
export interface Route {
  readonly dispatcher: Dispatcher;
  /** What stands in the request line: the whole URL for a proxy, else path and query. */
  readonly target: string;
  readonly headers: Headers;
  /** The proxy that reads the request; null without one, and where it only passes TLS on. */
  readonly proxy: HttpProxy | null;
}

/** Connections that stay open between requests, made as git's settings for a URL say; undici is loaded with the first one. */
export interface Connections {
  routeTo(url: URL): Promise<Route>;
  close(): Promise<void>;
}

export interface ConnectionOptions {
  readonly config: readonly ConfigEntry[];
  readonly environment: Environment;
  readonly connectTimeoutMs: number;
}

export function openConnections({ config, environment, connectTimeoutMs }: ConnectionOptions): Connections {
  const pools = new Map<string, Promise<Dispatcher>>();
  return {
    async routeTo(url) {
      const settings = settingsFor(config, "http", url);
      const proxy = proxyFor(url, settings, environment);
      // Reading a list of authorities takes 40 ms.
      const inTls = url.protocol === "https:" || proxy?.protocol === "https:";
      const tls = inTls ? tlsSettings(settings, environment) : null;
      const way: Way = { origin: url.origin, proxy, tls, connectTimeoutMs };
      const key = JSON.stringify(way);
      const opened = pools.get(key) ?? openPool(way);
      pools.set(key, opened);
      const dispatcher = await opened.catch((error: unknown) => {
        pools.delete(key);
        throw error;
      });
      const path = `${url.pathname}${url.search}`;
      if (proxy === null || url.protocol === "https:") return { dispatcher, target: path, headers: {}, proxy: null };
      const login: Headers = proxy.authorization === null ? {} : { "proxy-authorization": proxy.authorization };
      return { dispatcher, target: `${url.origin}${path}`, headers: { host: url.host, ...login }, proxy };
    },
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.allSettled(open.map(async (pool) => (await pool).destroy()));
    },
  };
}

interface Way {
  readonly origin: string;
  readonly proxy: HttpProxy | null;
  readonly tls: TlsSettings | null;
  readonly connectTimeoutMs: number;
}

/** Per server; what comes on top waits in line. */
const CONNECTIONS = 16;

async function openPool({ origin, proxy, tls, connectTimeoutMs: timeout }: Way): Promise<Dispatcher> {
  const [{ default: Pool }, { default: connectorOf }, options] = await Promise.all([
    import("undici/lib/dispatcher/pool.js"),
    import("undici/lib/core/connect.js"),
    tls === null ? { rejectUnauthorized: true } : tlsOptions(tls),
  ]);
  const direct = connectorOf({ ...options, timeout });
  if (proxy === null) return new Pool(origin, { connections: CONNECTIONS, connect: direct });
  if (new URL(origin).protocol === "https:") {
    const connect = throughTunnel(direct, { proxy, tls: options, timeoutMs: timeout });
    return new Pool(origin, { connections: CONNECTIONS, connect });
  }
  const connect: buildConnector.connector = (target, callback) =>
    direct(target, (...[error, socket]) =>
      error === null ? callback(null, socket) : callback(proxyFailure(proxy, error), null),
    );
  return new Pool(proxy.origin, { connections: CONNECTIONS, connect });
}

interface TunnelOptions {
  readonly proxy: HttpProxy;
  readonly tls: TlsOptions;
  readonly timeoutMs: number;
}

/** TLS with the server itself, over a connection that the proxy passes on. */
function throughTunnel(direct: buildConnector.connector, options: TunnelOptions): buildConnector.connector {
  return (target, callback) => {
    const host = target.hostname.includes(":") ? `[${target.hostname}]` : target.hostname;
    openTunnel({ ...options, to: `${host}:${target.port || 443}` }).then(
      (httpSocket) => direct({ ...target, httpSocket }, callback),
      (error: Error) => callback(error, null),
    );
  };
}
