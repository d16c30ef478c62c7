#!/usr/bin/env node
import { spawn } from "node:child_process";
import { createServer } from "node:http";

/*
 * `git http-backend` for the repositories below a directory, on a loopback port that is the first line of stdout. A
 * process of its own, so that what it costs is not counted as the client's.
 */
const [root] = process.argv.slice(2);
const HEADERS_END = "\r\n\r\n";

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  const backend = spawn("git", ["http-backend"], { env: environmentOf(request, url) });
  backend.stdin.on("error", () => undefined);
  backend.stderr.pipe(process.stderr);
  request.pipe(backend.stdin);
  answer(backend.stdout, response);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.on("SIGTERM", () => process.exit(0));

function environmentOf({ method, headers }, url) {
  return {
    ...process.env,
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: "1",
    GIT_PROTOCOL: headers["git-protocol"] ?? "",
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: method,
    CONTENT_TYPE: headers["content-type"] ?? "",
    HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
    REMOTE_USER: "bench",
    REMOTE_ADDR: "127.0.0.1",
  };
}

/** The CGI's headers and an empty line, then the body as it comes. */
function answer(output, response) {
  let head = Buffer.alloc(0);
  const untilBody = (chunk) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf(HEADERS_END);
    if (end < 0) return;
    output.off("data", untilBody);
    const fields = head.subarray(0, end).toString().split("\r\n");
    const headers = fields.map((field) => field.split(/: (.*)/s).slice(0, 2));
    const status = headers.find(([name]) => name === "Status")?.[1] ?? "200";
    response.writeHead(Number.parseInt(status, 10), headers.filter(([name]) => name !== "Status").flat());
    response.write(head.subarray(end + HEADERS_END.length));
    output.pipe(response);
  };
  output.on("data", untilBody);
  output.on("end", () => {
    if (!response.headersSent) response.writeHead(500).end();
  });
}
