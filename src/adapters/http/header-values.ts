import { RegistryError } from "../../errors.ts";
import type { Login } from "../credentials/logins.ts";

/** Names in lower case. */
export type Headers = Readonly<Record<string, string>>;

/**
 * Headers as they may be sent to an origin: names in lower case, values as the bytes of their UTF-8, without those that
 * belong to the connection. Throws `network` for a line break, NUL or another control character in any of them.
 */
export function sendableHeaders(headers: Readonly<Record<string, string>>, origin: string): Headers {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[\p{Cc}]/u.test(value.replaceAll("\t", ""))) {
      throw new RegistryError(
        "network",
        `A header for ${origin} has a line break or another character that it may not have`,
      );
    }
    if (!OF_THE_CONNECTION.has(name.toLowerCase())) kept[name.toLowerCase()] = asBytes(value);
  }
  return kept;
}

/** The value of `Authorization: Basic`. Throws `auth-failed` for line breaks and NUL in the login. */
export function basicAuthorization({ username, password }: Login, origin: string): string {
  if (/[\r\n\0]/.test(username + password)) {
    throw new RegistryError("auth-failed", `The login for ${origin} has a line break in it`);
  }
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

/** What the client itself says, or what would make one request look like two. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function asBytes(value: string): string {
  return Buffer.from(value, "utf8").toString("latin1");
}
