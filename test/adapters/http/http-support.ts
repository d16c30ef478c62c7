import { onTestFinished } from "vitest";
import type { Login, Logins } from "../../../src/adapters/credentials/logins.ts";
import type { HttpClient, StreamBody } from "../../../src/adapters/http/http-client.ts";
import { type HttpClientOptions, openHttpClient } from "../../../src/adapters/http/open-http-client.ts";

/** Nobody knows a login. */
export const NO_LOGINS: Logins = { offer: () => offering([]) };

export interface LoginLog extends Logins {
  /** `asked https://…`, `accepted ada`, `refused ada`. */
  readonly log: readonly string[];
}

/** The same logins for every URL, and what became of them. */
export function fixedLogins(...logins: readonly Login[]): LoginLog {
  const log: string[] = [];
  return {
    log,
    offer(url) {
      log.push(`asked ${url.origin}`);
      return offering(
        logins.map((login) => ({
          ...login,
          accepted: async () => void log.push(`accepted ${login.username}`),
          refused: async () => void log.push(`refused ${login.username}`),
        })),
      );
    },
  };
}

async function* offering<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

/** A client that knows nothing of the machine and ends with the test. */
export function testClient(options: Partial<HttpClientOptions> = {}): HttpClient {
  const client = openHttpClient({ config: [], environment: {}, logins: NO_LOGINS, registryUrl: null, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** A body of `size` bytes in chunks. */
export function streamOf(size: number, chunk = 64 * 1024): StreamBody {
  return {
    size,
    async *open() {
      for (let at = 0; at < size; at += chunk) yield Buffer.alloc(Math.min(chunk, size - at), at % 251);
    },
  };
}

export async function textOf(reply: { bytes(limit: number): Promise<Uint8Array> }): Promise<string> {
  return Buffer.from(await reply.bytes(2 ** 20)).toString("utf8");
}
