import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { isolatedEnvironment } from "./run-git.ts";

export interface GitHttpServer {
  /** `http://127.0.0.1:<port>`; a repository `<root>/a.git` is at `<origin>/a.git`. */
  readonly origin: string;
  /** Method and path of every request, in order. */
  readonly requests: readonly string[];
}

/**
 * Real git over smart HTTP: `git http-backend` behind a loopback server that ends with the test. Pushing needs
 * `http.receivepack=true` in the repository. With `login` (`user:password`) everything else is answered 401.
 */
export async function startGitHttpServer(root: string, login?: string): Promise<GitHttpServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const given = request.headers.authorization?.replace(/^Basic /, "") ?? "";
    if (login !== undefined && Buffer.from(given, "base64").toString() !== login) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    } else {
      serve(root, request, response);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { origin: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`, requests };
}

/** One CGI call: variables and body in, headers, an empty line and the body out. */
function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
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
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.on("close", () => {
    const whole = Buffer.concat(chunks);
    const end = whole.indexOf("\r\n\r\n");
    const headers = whole
      .subarray(0, Math.max(end, 0))
      .toString()
      .split("\r\n")
      .map((line) => line.split(/: (.*)/s));
    const status = headers.find(([name]) => name === "Status")?.[1] ?? (end < 0 ? "500" : "200");
    for (const [name = "", value = ""] of headers)
      if (name !== "Status" && name !== "") response.setHeader(name, value);
    response.writeHead(Number.parseInt(status, 10)).end(whole.subarray(end < 0 ? 0 : end + 4));
  });
}
