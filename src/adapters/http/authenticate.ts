import { RegistryError } from "../../errors.ts";
import type { Login, Logins, OfferedLogin } from "../credentials/logins.ts";
import type { HttpReply } from "./http-client.ts";

/** Logins that servers took, by origin and the user that a URL names, for the requests that follow. */
export type KnownLogins = Map<string, OfferedLogin>;

export interface Attempts {
  readonly url: URL;
  readonly logins: Logins;
  readonly known: KnownLogins;
  /** Where GIT_MODEL_TOKEN is good for a login; for the hint. */
  readonly isRegistry: boolean;
  /** It goes with an authorization from `http.extraHeader` where no login is known. */
  readonly withHeader: boolean;
  /** Sends the request once more, from the beginning. */
  attempt(login: Login | null): Promise<HttpReply>;
}

/**
 * Sends a request with the login that its server took before, or without one; a 401 is answered with what is on offer
 * until one is taken. Throws `auth-failed` when none is left.
 */
export async function authenticate({
  url,
  logins,
  known,
  isRegistry,
  withHeader,
  attempt,
}: Attempts): Promise<HttpReply> {
  const key = url.username === "" ? url.origin : `${url.username} ${url.origin}`;
  const before = known.get(key) ?? null;
  let reply = await attempt(before);
  if (reply.status !== 401) return reply;
  if (before !== null) {
    await before.refused();
    if (known.get(key) === before) known.delete(key);
  }
  let refusals = before === null && !withHeader ? 0 : 1;
  for await (const offered of logins.offer(url)) {
    await reply.discard();
    reply = await attempt(offered);
    if (reply.status === 401) {
      refusals += 1;
      await offered.refused();
      continue;
    }
    // 403 and 500 say nothing about the login.
    if (reply.status < 400) {
      known.set(key, offered);
      await offered.accepted();
    }
    return reply;
  }
  await reply.discard();
  throw loginFailed(url.origin, refusals, isRegistry);
}

function loginFailed(origin: string, refusals: number, isRegistry: boolean): RegistryError {
  const why =
    refusals === 0 ? "none is known" : `refused ${refusals === 1 ? "the one" : `all ${refusals}`} that it got`;
  const token = isRegistry ? "Set GIT_MODEL_TOKEN, or s" : "S";
  return new RegistryError("auth-failed", `${origin} wants a login and ${why}`, {
    hint: `${token}tore one for ${origin}: git credential approve, or ~/.netrc`,
  });
}
