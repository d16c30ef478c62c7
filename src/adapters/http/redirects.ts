import { RegistryError } from "../../errors.ts";
import type { HttpReply, HttpRequest } from "./http-client.ts";
import { shownUrl } from "./shown-url.ts";

/** A request on its way: where to, and with what it still may go. */
export interface Hop {
  readonly request: HttpRequest;
  /** May have userinfo, which is a login. */
  readonly url: URL;
  /** Another origin than the first one: neither the caller's headers nor a login go there. */
  readonly elsewhere: boolean;
}

/** Where a reply sends a request, or null for an answer. Throws `network` for a redirect that is not followed. */
export function nextHop(hop: Hop, reply: HttpReply, followed: number): Hop | null {
  const location = reply.header("location");
  if (!REDIRECTS.has(reply.status) || location === null) return null;
  const url = targetOf(location, hop.url);
  const from = shownUrl(hop.url);
  if (url === null) throw refused(`${from} redirects to what is no address on the web`);
  const to = `${from} redirects to ${shownUrl(url)}`;
  if (followed >= MAX_HOPS) throw refused(`${to}, after ${MAX_HOPS} redirects before`);
  if (hop.url.protocol === "https:" && url.protocol === "http:") throw refused(`${to}, which is not encrypted`);
  const { method } = hop.request;
  if ((method === "PUT" || method === "POST") && !SAME_METHOD.has(reply.status)) {
    throw refused(`${to} with status ${reply.status}, which a ${method} does not follow`);
  }
  const stays = url.origin === hop.url.origin;
  if (stays) {
    url.username = hop.url.username;
    url.password = hop.url.password;
  }
  return { ...hop, url, elsewhere: hop.elsewhere || !stays };
}

const MAX_HOPS = 3;
const SAME_METHOD: ReadonlySet<number> = new Set([307, 308]);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, ...SAME_METHOD]);

/** Userinfo in a Location is not ours and is dropped. */
function targetOf(location: string, base: URL): URL | null {
  if (!URL.canParse(location, base.href)) return null;
  const url = new URL(location, base.href);
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  url.username = "";
  url.password = "";
  url.hash = "";
  return url;
}

function refused(message: string): RegistryError {
  return new RegistryError("network", message, { hint: "Use the address where it ends, if you trust it" });
}
