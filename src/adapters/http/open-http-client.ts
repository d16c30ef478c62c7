import { RegistryError } from "../../errors.ts";
import type { ConfigEntry } from "../../ports/git-store.ts";
import type { Login, Logins } from "../credentials/logins.ts";
import type { Environment } from "../system/process-world.ts";
import { authenticate, type KnownLogins } from "./authenticate.ts";
import { openConnections } from "./connections.ts";
import { basicAuthorization, type Headers, sendableHeaders } from "./header-values.ts";
import type { HttpClient, HttpReply } from "./http-client.ts";
import { type Hop, nextHop } from "./redirects.ts";
import { transmit } from "./transmit.ts";

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
  const connections = openConnections({ connectTimeoutMs: idleTimeoutMs });
  const known: KnownLogins = new Map();
  const registryOrigin = originOf(options.registryUrl);

  const attempt = async (hop: Hop, given: Headers, login: Login | null): Promise<HttpReply> => {
    const { request, url } = hop;
    const bare = withoutUserinfo(url);
    const authorization = login === null ? {} : { authorization: basicAuthorization(login, url.origin) };
    const headers = { ...STANDARD_HEADERS, ...given, ...authorization };
    const { dispatcher, target } = await connections.routeTo(bare);
    const { method, body, signal } = request;
    return transmit({ dispatcher, method, url: bare, target, headers, body, signal, idleTimeoutMs });
  };

  const exchange = async (hop: Hop): Promise<HttpReply> => {
    const { url, request } = hop;
    const given = hop.elsewhere ? {} : sendableHeaders(request.headers ?? {}, url.origin);
    // A caller that brings its own authorization deals with a refusal itself.
    if (hop.elsewhere || request.access === "none" || "authorization" in given) {
      const login = hop.elsewhere || "authorization" in given ? null : userinfo(url);
      const reply = await attempt(hop, given, login);
      if (reply.status === 401 && hop.elsewhere && request.access === "login")
        throw await strangerWantsLogin(hop, reply);
      return reply;
    }
    const { logins } = options;
    const isRegistry = url.origin === registryOrigin;
    return authenticate({ url, logins, known, isRegistry, attempt: (login) => attempt(hop, given, login) });
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

function withoutUserinfo(url: URL): URL {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return bare;
}

function userinfo({ username, password }: URL): Login | null {
  if (username === "" || password === "") return null;
  return { username: decoded(username), password: decoded(password) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function strangerWantsLogin({ url, request }: Hop, reply: HttpReply): Promise<RegistryError> {
  await reply.discard();
  const from = addressOf(request.url).origin;
  return new RegistryError("auth-failed", `${from} redirects to ${url.origin}, which wants a login`, {
    hint: `Logins do not follow redirects. If you trust it, use the address at ${url.origin}: git remote set-url`,
  });
}
