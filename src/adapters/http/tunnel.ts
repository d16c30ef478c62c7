import type { Socket } from "node:net";
import { RegistryError } from "../../errors.ts";
import { httpFailure } from "./http-failure.ts";
import type { HttpProxy } from "./proxies.ts";
import type { TlsOptions } from "./tls-settings.ts";

export interface Tunnel {
  readonly proxy: HttpProxy;
  /** For a proxy that is spoken to in TLS. */
  readonly tls: TlsOptions;
  /** `example.org:443` */
  readonly to: string;
  readonly timeoutMs: number;
}

/** Asks a proxy for a connection to a server (CONNECT). Throws `network`, and `auth-failed` when the proxy wants a login. */
export async function openTunnel({ proxy, tls, to, timeoutMs }: Tunnel): Promise<Socket> {
  const { request } = proxy.protocol === "https:" ? await import("node:https") : await import("node:http");
  const { hostname: host, port, authorization } = proxy;
  return new Promise((resolve, reject) => {
    const asking = request({
      ...(proxy.protocol === "https:" ? tls : {}),
      host,
      port,
      method: "CONNECT",
      path: to,
      agent: false,
      headers: { host: to, ...(authorization === null ? {} : { "proxy-authorization": authorization }) },
      signal: AbortSignal.timeout(timeoutMs),
    });
    asking.once("error", (error) => reject(proxyFailure(proxy, error)));
    asking.once("connect", ({ statusCode = 0 }, socket: Socket, head) => {
      if (statusCode >= 200 && statusCode < 300) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(statusCode === 407 ? proxyWantsLogin(proxy) : refusedTunnel(proxy, to, statusCode));
    });
    asking.end();
  });
}

export function proxyFailure(proxy: HttpProxy, error: unknown): RegistryError {
  return httpFailure(error, `the proxy ${proxy.origin}`);
}

export function proxyWantsLogin(proxy: HttpProxy): RegistryError {
  const why = proxy.authorization === null ? "wants a login" : "refused its login";
  return new RegistryError("auth-failed", `The proxy ${proxy.origin} ${why}`, {
    hint: "git config --global http.proxy http://<user>:<password>@<host>:<port>",
  });
}

function refusedTunnel(proxy: HttpProxy, to: string, status: number): RegistryError {
  return new RegistryError("network", `The proxy ${proxy.origin} answered ${status} instead of connecting to ${to}`, {
    retryable: status >= 500,
    hint: `If ${to} needs no proxy, add its host to no_proxy`,
  });
}
