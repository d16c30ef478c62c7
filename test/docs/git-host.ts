import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import { serve as serveGit } from "../support/git-http-server.ts";
import { openLfsTestServer, type TestLfsServer } from "../support/lfs-server/lfs-server.ts";
import { git } from "../support/run-git.ts";

const NAME = "git.example.org";

/** What it takes to be somebody, by the last part of the login. */
const TOKENS = { write: "token-that-may-write", read: "token-that-may-read" } as const;

/** A Git host as pages speak of one: `https://git.example.org`, with Git and LFS behind the same origin and the same tokens. */
export interface GitHost {
  /**
   * Variables of the page's commands: the tokens, and a folder in which a file `down` makes the host unavailable, and a file `stall`
   * stops every object in mid-transfer, after which there is a file `stalled`.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** What leads to the host, for the reader's global Git configuration. */
  readonly config: string;
  close(): void;
}

/**
 * Starts the host on loopback. The name leads there by a proxy, and its certificate is trusted by `http.sslCAInfo`, both
 * for this host alone: everything else is as it would be on the network. `acme/models.git` exists and is empty.
 */
export async function startGitHost(directory: string): Promise<GitHost> {
  const repositories = join(directory, "repositories");
  const objects = join(directory, "objects");
  await Promise.all([mkdir(repositories, { recursive: true }), mkdir(objects, { recursive: true })]);
  await makeRepository(join(repositories, "acme/models.git"));
  const actionOrigin = `https://${NAME}/acme/models.git/info/lfs`;
  const lfs = await openLfsTestServer({ directory: objects, actionOrigin });
  const { key, cert, file } = await makeCertificate(directory);
  const isDown = () => existsSync(join(directory, "down"));
  const stall = () => {
    const stalls = existsSync(join(directory, "stall"));
    if (stalls) writeFileSync(join(directory, "stalled"), "");
    return stalls;
  };
  const host = createTlsServer({ key, cert }, (request, response) => {
    if (isDown()) response.writeHead(503, { "content-length": "0" }).end();
    else answer({ request, response, repositories, lfs, stall });
  });
  const proxy = createServer();
  proxy.on("connect", (request: IncomingMessage, socket) => {
    socket.on("error", () => undefined);
    const isKnown = request.url === `${NAME}:443`;
    socket.write(`HTTP/1.1 ${isKnown ? "200 Connected" : "502 Unknown"}\r\n\r\n`);
    if (isKnown) host.emit("connection", socket);
    else socket.end();
  });
  const port = await listen(proxy);
  return {
    environment: { GIT_HOST: directory, TOKEN: TOKENS.write, READ_TOKEN: TOKENS.read },
    config: `[http "https://${NAME}/"]\n\tproxy = http://127.0.0.1:${port}\n\tsslCAInfo = ${file}\n`,
    close() {
      host.closeAllConnections();
      proxy.closeAllConnections();
      proxy.close();
      void lfs.close();
    },
  };
}

/** As hosts configure it: partial clones and objects by id are allowed. */
async function makeRepository(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await git(path, "init", "--quiet", "--bare", "--initial-branch=main");
  for (const key of ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"]) await git(path, "config", key, "true");
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly repositories: string;
  readonly lfs: TestLfsServer;
  /** Asked in mid-transfer: whether nothing more is to come. */
  readonly stall: () => boolean;
}

function answer({ request, response, repositories, lfs, stall }: Call): void {
  const who = tokenOf(request);
  const path = request.url ?? "/";
  const [, below] = /^\/[\w.-]+\/[\w.-]+\.git\/info\/lfs(\/.*)$/.exec(path) ?? [];
  const isPush = /[/=]git-receive-pack$/.test(path) || request.method === "PUT";
  if (who === null) {
    request.resume();
    response.writeHead(401, { "www-authenticate": `Basic realm="${NAME}"`, "content-length": "0" }).end();
  } else if (isPush && who !== TOKENS.write) {
    request.resume();
    response.writeHead(403, { "content-length": "0" }).end();
  } else if (below === undefined) {
    serveGit(repositories, request, response);
  } else {
    const to = lfs.origin + (below === "/objects/batch" ? "/lfs/objects/batch" : below);
    passOn({ request, response, to, stall: below.startsWith("/object/") ? stall : () => false });
  }
}

/** The token in a Basic authorization, if it is one; the user name is nothing to such hosts. */
function tokenOf(request: IncomingMessage): string | null {
  const given = Buffer.from(request.headers.authorization?.replace(/^Basic /, "") ?? "", "base64").toString();
  const token = given.slice(given.indexOf(":") + 1);
  return Object.values<string>(TOKENS).includes(token) ? token : null;
}

interface Passing extends Pick<Call, "request" | "response" | "stall"> {
  readonly to: string;
}

function passOn({ request, response, stall, to }: Passing): void {
  const { authorization: _, host: __, ...headers } = request.headers;
  const onward = httpRequest(to, { method: request.method, headers }, (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    pump(reply, response, stall);
  });
  onward.on("error", () => response.destroy());
  request.on("error", () => onward.destroy());
  pump(request, onward, stall);
}

/** As `pipe`, but it may stop for good after a piece. */
function pump(from: Readable, to: Writable, stall: () => boolean): void {
  from.on("data", (piece: Buffer) => {
    const goesOn = to.write(piece);
    if (stall()) from.removeAllListeners("end").pause();
    else if (!goesOn) from.pause();
  });
  to.on("drain", () => {
    if (from.listenerCount("end") > 0) from.resume();
  });
  from.on("end", () => to.end());
}

/** Its own authority. */
async function makeCertificate(directory: string) {
  const at = (name: string) => join(directory, name);
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  const names = ["-subj", `/CN=${NAME}`, "-addext", `subjectAltName=DNS:${NAME}`];
  await promisify(execFile)("openssl", ["req", ...kind, ...names, "-keyout", at("host.key"), "-out", at("host.pem")]);
  const [key, cert] = await Promise.all([readFile(at("host.key"), "utf8"), readFile(at("host.pem"), "utf8")]);
  return { key, cert, file: at("host.pem") };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
