import { RegistryError } from "../../errors.ts";
import { userinfoOf } from "../credentials/userinfo.ts";
import type { Environment } from "../system/process-world.ts";
import { basicAuthorization } from "./header-values.ts";
import { lastSetting, type UrlSetting } from "./url-settings.ts";

export interface HttpProxy {
  readonly protocol: "http:" | "https:";
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** `http://proxy.example:3128`, for messages and as a key. */
  readonly origin: string;
  /** The value of `Proxy-Authorization`. */
  readonly authorization: string | null;
}

/**
 * The proxy on the way to a URL, as git and curl choose it: `http.proxy` (empty: none), else the environment; nowhere that
 * `no_proxy` names. Throws `network` for one that is no HTTP proxy.
 */
export function proxyFor(url: URL, settings: readonly UrlSetting[], environment: Environment): HttpProxy | null {
  const configured = lastSetting(settings, "proxy");
  const written = configured ?? proxyOfEnvironment(url, environment);
  if (written === null || written === "") return null;
  if (isExcepted(url, environment.no_proxy ?? environment.NO_PROXY ?? "")) return null;
  return parseProxy(written, configured === null ? "environment" : "http.proxy");
}

/** HTTP_PROXY in capitals is left alone: a web server sets it from a request's `Proxy` header. */
function proxyOfEnvironment(url: URL, environment: Environment): string | null {
  const names = url.protocol === "https:" ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"];
  const values = [...names, "all_proxy", "ALL_PROXY"].map((name) => environment[name]);
  return values.find((value) => value !== undefined && value !== "") ?? null;
}

function parseProxy(written: string, from: string): HttpProxy {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `http://${written}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol.startsWith("socks")) throw unusable(`The proxy of the ${from} is a SOCKS proxy`);
  if (url === null || url.hostname === "" || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw unusable(`The proxy of the ${from} is not the address of an HTTP proxy`);
  }
  const port = Number(/:(\d+)\/?$/.exec(text)?.[1] ?? (url.protocol === "https:" ? 443 : CURLS_PROXY_PORT));
  const origin = `${url.protocol}//${url.hostname}:${port}`;
  return {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port,
    origin,
    authorization: url.username === "" ? null : basicAuthorization(userinfoOf(url), origin),
  };
}

/** `no_proxy`: names with everything below them, with or without a port, addresses, or `*`. */
function isExcepted(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const usual = url.protocol === "https:" ? "443" : "80";
  const port = url.port === "" ? usual : url.port;
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === "*") return true;
    const parts = /^\.?\*?\.?(\[[^\]]*\]|[^:]*|[^:]*:[^:]*:.*?)(?::(\d+))?$/.exec(entry.toLowerCase());
    const name = parts?.[1]?.replace(/^\[|\]$/g, "").replace(/\.$/, "") ?? "";
    if (name === "" || (parts?.[2] ?? port) !== port) return false;
    return host === name || (host.endsWith(`.${name}`) && !/^[\d.]+$/.test(host));
  });
}

const CURLS_PROXY_PORT = 1080;

function unusable(message: string): RegistryError {
  return new RegistryError("network", message, { hint: "git config --global http.proxy http://<host>:<port>" });
}
