import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** What a server received. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface LoopbackServer {
  readonly origin: string;
  readonly port: number;
  /** Every request in order, once its body is there. */
  readonly received: readonly Received[];
  /** Connections that were opened. */
  connections(): number;
}

export type Answer = (request: Received, response: ServerResponse, incoming: IncomingMessage) => void | Promise<void>;

export interface ServerOptions {
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string; readonly requestCert?: boolean };
  /** Answers before the body is read, which it leaves alone. */
  readonly early?: boolean;
  readonly keepAliveTimeout?: number;
}

/** A server on a port of its own that ends with the test. */
export async function startServer(answer: Answer, options: ServerOptions = {}): Promise<LoopbackServer> {
  const received: Received[] = [];
  let connections = 0;
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    try {
      if (options.early !== true) for await (const chunk of incoming) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = "", url: path = "", headers } = incoming;
    const request = { method, path, headers, body: Buffer.concat(chunks) };
    received.push(request);
    await answer(request, response, incoming);
  };
  const listener = (incoming: IncomingMessage, response: ServerResponse) => void handle(incoming, response);
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  server.on("connection", () => {
    connections += 1;
  });
  if (options.keepAliveTimeout !== undefined) server.keepAliveTimeout = options.keepAliveTimeout;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const scheme = options.tls === undefined ? "http" : "https";
  const host = options.tls === undefined ? "127.0.0.1" : "localhost";
  return { origin: `${scheme}://${host}:${port}`, port, received, connections: () => connections };
}

/** `user:password` of a Basic authorization, or null. */
export function basicOf(headers: IncomingHttpHeaders): string | null {
  const given = headers.authorization;
  return given?.startsWith("Basic ") ? Buffer.from(given.slice(6), "base64").toString() : null;
}
