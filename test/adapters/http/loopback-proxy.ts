import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { onTestFinished } from "vitest";

export interface LoopbackProxy {
  /** `127.0.0.1:<port>`, or `localhost:<port>` for one that is spoken to in TLS. */
  readonly address: string;
  /** `CONNECT localhost:443` and `GET http://…` in order, with the login that came along. */
  readonly asked: readonly string[];
  /** Headers of the requests that were not tunnelled. */
  readonly headers: readonly IncomingMessage["headers"][];
}

export interface ProxyOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  /** `user:password`; others are answered 407. */
  readonly login?: string;
  /** Answers CONNECT with this instead. */
  readonly refuse?: number;
}

/** A proxy that really passes on: absolute-form requests and CONNECT. */
export async function startProxy({ tls, login, refuse }: ProxyOptions = {}): Promise<LoopbackProxy> {
  const asked: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  const loginOf = (request: IncomingMessage) => {
    const given = request.headers["proxy-authorization"]?.replace(/^Basic /, "");
    return given === undefined ? null : Buffer.from(given, "base64").toString();
  };
  const note = (request: IncomingMessage) => {
    const by = loginOf(request);
    asked.push(`${request.method} ${request.url}${by === null ? "" : ` by ${by}`}`);
    return login === undefined || by === login;
  };
  server.on("request", (request, response) => {
    headers.push(request.headers);
    if (!note(request)) {
      response.writeHead(407).end();
      return;
    }
    const { "proxy-authorization": _, ...kept } = request.headers;
    const onward = httpRequest(request.url ?? "", { method: request.method, headers: kept }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on("connect", (request, socket) => {
    socket.on("error", () => undefined);
    if (!note(request) || refuse !== undefined) {
      socket.end(`HTTP/1.1 ${refuse ?? 407} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const [host, port] = (request.url ?? "").split(":");
    const onward = connect(Number(port), host === "localhost" ? "127.0.0.1" : host, () => {
      socket.write("HTTP/1.1 200 Connected\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { address: `${tls === undefined ? "127.0.0.1" : "localhost"}:${port}`, asked, headers };
}
