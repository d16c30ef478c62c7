import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { answerBatch } from "./answer-batch.ts";
import { type ObjectFolder, openObjectFolder } from "./object-folder.ts";
import type { BatchReply, BatchRequest, RecordedRequest } from "./wire.ts";

/** One request to an object's address. */
export interface ObjectExchange {
  readonly method: "GET" | "PUT";
  readonly oid: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly objects: ObjectFolder;
  /** How often this method was called for this object, this time included. */
  readonly turn: number;
  /** What an honest server would do. */
  honest(): Promise<void>;
}

/** How a server departs from what is right. Whatever is left out is done honestly. */
export interface Behaviour {
  /** Changes the honest reply, or answers a batch request itself and gives null. */
  readonly batch?: (reply: BatchReply, exchange: BatchExchange) => BatchReply | null | Promise<BatchReply | null>;
  readonly object?: (exchange: ObjectExchange) => void | Promise<void>;
  readonly verify?: (response: ServerResponse) => void;
}

export interface BatchExchange {
  readonly batch: BatchRequest;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** How often a batch was asked for, this time included. */
  readonly turn: number;
  readonly origin: string;
}

export interface LfsServerOptions {
  readonly behaviour?: Behaviour;
  /** `user:password` without which batch, objects and verify answer 401. */
  readonly login?: string;
  /** Where objects lie; a new folder by default. */
  readonly directory?: string;
  /** Whether uploads come with a verify action; true by default. */
  readonly verify?: boolean;
  /** Origin that actions point to; the server's own by default. */
  readonly actionOrigin?: string;
  /** Headers that actions carry. */
  readonly actionHeaders?: Readonly<Record<string, string>>;
}

export interface TestLfsServer {
  readonly origin: string;
  /** What `lfs.url` would be. */
  readonly endpoint: string;
  readonly objects: ObjectFolder;
  readonly requests: readonly RecordedRequest[];
  /** Requests whose path begins so. */
  to(prefix: "/lfs/objects/batch" | "/object/" | "/verify"): readonly RecordedRequest[];
  /** Connections that were ever opened. */
  readonly connections: number;
  close(): Promise<void>;
}

/** An LFS server of our own on loopback, which ends with the test; it does as it is told, for good or bad. */
export async function startLfsServer(options: LfsServerOptions = {}): Promise<TestLfsServer> {
  const server = await openLfsTestServer(options);
  onTestFinished(() => server.close());
  return server;
}

export async function openLfsTestServer(options: LfsServerOptions = {}): Promise<TestLfsServer> {
  const objects = await openObjectFolder(options.directory);
  const requests: RecordedRequest[] = [];
  const turns = new Map<string, number>();
  const turnOf = (key: string) => {
    turns.set(key, (turns.get(key) ?? 0) + 1);
    return turns.get(key) ?? 1;
  };
  let connections = 0;
  const server = createServer((request, response) => {
    serve({ request, response, objects, requests, turnOf, options, origin: originOf(server) }).catch(() => {
      response.destroy();
    });
  });
  server.on("connection", () => {
    connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = originOf(server);
  return {
    origin,
    endpoint: `${origin}/lfs`,
    objects,
    requests,
    to: (prefix) => requests.filter(({ path }) => path.startsWith(prefix)),
    get connections() {
      return connections;
    },
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function originOf(server: Server): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly objects: ObjectFolder;
  readonly requests: RecordedRequest[];
  readonly turnOf: (key: string) => number;
  readonly options: LfsServerOptions;
  readonly origin: string;
}

async function serve(call: Call): Promise<void> {
  const { request, response, requests, options } = call;
  const path = request.url ?? "/";
  const json = request.method === "POST" ? await jsonOf(request) : null;
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  requests.push({ method: request.method ?? "", path, headers, json });
  const given = Buffer.from(headers.authorization?.replace(/^Basic /, "") ?? "", "base64").toString();
  if (options.login !== undefined && given !== options.login) {
    response.writeHead(401, { "lfs-authenticate": 'Basic realm="lfs"', "content-length": "0" }).end();
    return;
  }
  if (path === "/lfs/objects/batch") return serveBatch(call, json as BatchRequest);
  if (path === "/verify") return serveVerify(call, json as { readonly oid: string; readonly size: number });
  const [, oid] = /^\/object\/([0-9a-f]{64})(?:\?.*)?$/.exec(path) ?? [];
  if (oid !== undefined) return serveObject(call, oid);
  response.writeHead(404).end();
}

async function serveBatch(call: Call, batch: BatchRequest): Promise<void> {
  const { request, response, objects, options, origin, turnOf } = call;
  const { verify = true, actionOrigin = origin, actionHeaders = {}, behaviour } = options;
  const honest = await answerBatch(batch, { objects, origin: actionOrigin, headers: actionHeaders, verify });
  const exchange = { batch, request, response, turn: turnOf("batch"), origin };
  const reply = behaviour?.batch === undefined ? honest : await behaviour.batch(honest, exchange);
  if (reply === null) return;
  response.writeHead(200, { "content-type": "application/vnd.git-lfs+json" }).end(JSON.stringify(reply));
}

async function serveVerify(
  { response, objects, options }: Call,
  { oid, size }: { readonly oid: string; readonly size: number },
): Promise<void> {
  if (options.behaviour?.verify !== undefined) options.behaviour.verify(response);
  else response.writeHead((await objects.sizeOf(oid)) === size ? 200 : 404).end();
}

async function serveObject({ request, response, objects, options, turnOf }: Call, oid: string): Promise<void> {
  const method = request.method === "PUT" ? "PUT" : "GET";
  const honest = () => (method === "PUT" ? objects.take(oid, request, response) : objects.give(oid, request, response));
  const turn = turnOf(`${method} ${oid}`);
  if (options.behaviour?.object === undefined) await honest();
  else await options.behaviour.object({ method, oid, request, response, objects, turn, honest });
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
