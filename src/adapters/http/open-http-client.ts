import { RegistryError } from "../../errors.ts";
import type { ConfigEntry } from "../../ports/git-store.ts";
import type { Login, Logins } from "../credentials/logins.ts";
import { userinfoOf, withoutUserinfo } from "../credentials/userinfo.ts";
import type { Environment } from "../system/process-world.ts";
import { authenticate, type KnownLogins } from "./authenticate.ts";
import { openConnections } from "./connections.ts";
import { extraHeaders } from "./extra-headers.ts";
import { basicAuthorization, type Headers, sendableHeaders } from "./header-values.ts";
import type { HttpClient, HttpReply } from "./http-client.ts";
import { type Hop, nextHop } from "./redirects.ts";
import { transmit } from "./transmit.ts";
import { proxyWantsLogin } from "./tunnel.ts";
import { settingsFor } from "./url-settings.ts";

declare const GIT_MODEL_VERSION: string;

export interface HttpClientOptions {
  /** Git's configuration: `http.*` counts as it does for git. */
  readonly config: readonly ConfigEntry[];
  readonly environment: Environment;
  readonly logins: Logins;
  /** Address of the registry's remote: `http.extraHeader` without a URL goes to its origin alone. */
  readonly registryUrl: string | null;
  /** How long a server may say nothing; 30 s by default. */
  readonly idleTimeoutMs?: number;
}

/** Loads and connects nothing before the first request. */
export function openHttpClient(options: HttpClientOptions): HttpClient {
  const idleTimeoutMs = options.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
  const { config, environment } = options;
  const connections = openConnections({ config, environment, connectTimeoutMs: idleTimeoutMs });
  const known: KnownLogins = new Map();
  const registryOrigin = originOf(options.registryUrl);

  const attempt = async (hop: Hop, given: Headers, login: Login | null): Promise<HttpReply> => {
    const url = withoutUserinfo(hop.url);
    const { dispatcher, target, headers: forProxy, proxy } = await connections.routeTo(hop.url);
    const authorization = login === null ? {} : { authorization: basicAuthorization(login, url.origin) };
    const headers = { ...STANDARD_HEADERS, ...given, ...authorization, ...forProxy };
    const { method, body, signal } = hop.request;
    const reply = await transmit({ dispatcher, method, url, target, headers, body, signal, idleTimeoutMs });
    if (reply.status !== 407 || proxy === null) return reply;
    await reply.discard();
    throw proxyWantsLogin(proxy);
  };

  const exchange = async (hop: Hop): Promise<HttpReply> => {
    const { url, request } = hop;
    const given = hop.elsewhere ? {} : sendableHeaders(request.headers ?? {}, url.origin);
    // A caller that brings its own authorization deals with a refusal itself.
    if (hop.elsewhere || request.access === "none" || "authorization" in given) {
      const login = hop.elsewhere || "authorization" in given || url.password === "" ? null : userinfoOf(url);
      const reply = await attempt(hop, given, login);
      if (reply.status === 401 && hop.elsewhere && request.access === "login")
        throw await strangerWantsLogin(hop, reply);
      return reply;
    }
    const { logins } = options;
    const isRegistry = url.origin === registryOrigin;
    const extra = sendableHeaders(extraHeaders(settingsFor(config, "http", url), isRegistry), url.origin);
    const headers = { ...extra, ...given };
    const withHeader = "authorization" in extra;
    return authenticate({
      url,
      logins,
      known,
      isRegistry,
      withHeader,
      attempt: (login) => attempt(hop, headers, login),
    });
  };

  return {
    async send(request) {
      let hop: Hop = { request, url: addressOf(request.url), elsewhere: false };
      for (let followed = 0; ; followed++) {
        const reply = await exchange(hop);
        const next = await followedHop(hop, reply, followed);
        if (next === null) return reply;
        hop = next;
      }
    },
    close: () => connections.close(),
  };
}

const IDLE_TIMEOUT_MS = 30_000;

/** What was compressed on the way could not be counted, resumed and hashed as it comes. */
const STANDARD_HEADERS: Headers = { "user-agent": `git-model/${GIT_MODEL_VERSION}`, "accept-encoding": "identity" };

async function followedHop(hop: Hop, reply: HttpReply, followed: number): Promise<Hop | null> {
  try {
    const next = nextHop(hop, reply, followed);
    if (next !== null) await reply.discard();
    return next;
  } catch (error) {
    await reply.discard();
    throw error;
  }
}

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new RegistryError("network", "An address that should be requested is not one of http or https");
  }
  url.hash = "";
  return url;
}

function originOf(url: string | null): string | null {
  return url !== null && URL.canParse(url) ? new URL(url).origin : null;
}

async function strangerWantsLogin({ url, request }: Hop, reply: HttpReply): Promise<RegistryError> {
  await reply.discard();
  const from = addressOf(request.url).origin;
  return new RegistryError("auth-failed", `${from} redirects to ${url.origin}, which wants a login`, {
    hint: `Logins do not follow redirects. If you trust it, use the address at ${url.origin}: git remote set-url`,
  });
}
