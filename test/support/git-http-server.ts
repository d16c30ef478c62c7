import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { isolatedEnvironment } from "./run-git.ts";

export interface GitHttpServer {
  /** `http://127.0.0.1:<port>`; a repository `<root>/a.git` is at `<origin>/a.git`. */
  readonly origin: string;
  /** Method and path of every request, in order. */
  readonly requests: readonly string[];
  /** The same requests with what was sent: headers, and the bytes of the body so far. */
  readonly received: readonly ReceivedRequest[];
  /** Ends it before the test does: from here on connections are refused. */
  stop(): Promise<void>;
}

export interface ReceivedRequest {
  readonly line: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: () => Buffer;
}

/** Sees a request before Git does; true: it is answered. */
export type Elsewhere = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Real git over smart HTTP: `git http-backend` behind a loopback server that ends with the test. Pushing needs
 * `http.receivepack=true` in the repository. With `login` (`user:password`) everything else is answered 401. Both bodies
 * are streamed.
 */
export async function startGitHttpServer(
  root: string,
  login?: string,
  elsewhere: Elsewhere = () => false,
): Promise<GitHttpServer> {
  const requests: string[] = [];
  const received: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    requests.push(line);
    received.push({ ...recorded(request), line });
    const given = request.headers.authorization?.replace(/^Basic /, "") ?? "";
    if (login !== undefined && Buffer.from(given, "base64").toString() !== login) {
      request.resume();
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    } else if (!elsewhere(request, response)) {
      serve(root, request, response);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  onTestFinished(stop);
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    requests,
    received,
    stop,
  };
}

function recorded(request: IncomingMessage): Omit<ReceivedRequest, "line"> {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  return {
    headers: request.headers,
    body: () => Buffer.concat(chunks),
  };
}

/** One CGI call: variables and body in, headers, an empty line and the body out. */
export function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://localhost");
  const child = spawn("git", ["http-backend"], {
    env: isolatedEnvironment({
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"],
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"],
      REMOTE_USER: "tester",
      REMOTE_ADDR: "127.0.0.1",
    }),
  });
  child.stdin.on("error", () => undefined);
  request.pipe(child.stdin);
  response.on("close", () => child.kill());
  let head: Buffer | null = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    if (head === null) {
      if (!response.write(chunk)) child.stdout.pause();
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    writeHead(response, head.subarray(0, end).toString());
    response.write(head.subarray(end + 4));
    head = null;
  });
  response.on("drain", () => child.stdout.resume());
  child.on("close", () => {
    if (head !== null) response.writeHead(500);
    response.end();
  });
}

function writeHead(response: ServerResponse, text: string): void {
  const headers = text.split("\r\n").map((line) => line.split(/: (.*)/s));
  const status = headers.find(([name]) => name === "Status")?.[1] ?? "200";
  for (const [name = "", value = ""] of headers) if (name !== "Status" && name !== "") response.setHeader(name, value);
  response.writeHead(Number.parseInt(status, 10));
}
