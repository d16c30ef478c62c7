import { RegistryError } from "../../../errors.ts";
import { printable } from "../../git/printable.ts";

/** What a server tells a client to do for an object: a request to an address of the server's choice. */
export interface Action {
  /** Absolute, http or https; never http where the server itself was asked by https. */
  readonly href: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since 1970; null for never. */
  readonly expiresAt: number | null;
}

/** Where and when a reply came, and what messages call it. */
export interface ReplySource {
  /** For messages; without userinfo and query. */
  readonly name: string;
  readonly secure: boolean;
  /** Milliseconds since 1970 when the question was sent. */
  readonly askedAt: number;
}

/** An action is used up this long before it expires. */
const LEEWAY_MS = 5000;

export function isExpired({ expiresAt }: Pick<Action, "expiresAt">, now: number): boolean {
  return expiresAt !== null && now + LEEWAY_MS >= expiresAt;
}

/** Reads an action. Throws `lfs-failed` for an address or a header that is refused. */
export function parseAction(value: unknown, source: ReplySource): Action {
  const fields = asRecord(value, source, "an action");
  return {
    href: parseHref(fields.href, source),
    headers: parseHeaders(fields.header, source),
    expiresAt: parseExpiry(fields, source),
  };
}

export function parseHref(value: unknown, source: ReplySource): string {
  if (typeof value !== "string" || value.length > MAX_TEXT || /[\p{Cc}\s]/u.test(value) || !URL.canParse(value)) {
    throw malformed(source, "an address that is none");
  }
  const { protocol } = new URL(value);
  if (protocol === "https:" || (protocol === "http:" && !source.secure)) return value;
  if (protocol === "http:") {
    throw malformed(source, "an address without encryption, though it was asked by https", {
      hint: "tell the server its public address: it has to answer with https",
    });
  }
  throw malformed(source, `an address with the scheme ${printable(protocol).slice(0, 40)}`);
}

/** Null counts as none. */
export function parseHeaders(value: unknown, source: ReplySource): Readonly<Record<string, string>> {
  const entries = Object.entries(value === undefined || value === null ? {} : asRecord(value, source, "headers"));
  if (entries.length > MAX_HEADERS) throw malformed(source, `${entries.length} headers for one request`);
  return Object.fromEntries(entries.map(([name, text]) => [name, headerValue(name, text, source)]));
}

function headerValue(name: string, value: unknown, source: ReplySource): string {
  const isSound = typeof value === "string" && value.length <= MAX_TEXT && !/[\r\n\0]/.test(value);
  if (isSound && /^[\w!#$%&'*+.^`|~-]{1,200}$/.test(name)) return value;
  throw malformed(source, `a header that cannot be sent: ${JSON.stringify(printable(name).slice(0, 60))}`);
}

/** `expires_in` (seconds) wins over `expires_at`; both absent, 0 or the year 1: never. */
export function parseExpiry(fields: Readonly<Record<string, unknown>>, source: ReplySource): number | null {
  const { expires_in: seconds, expires_at: at } = fields;
  if (seconds !== undefined && seconds !== null && seconds !== 0) {
    if (typeof seconds !== "number" || !Number.isFinite(seconds)) throw malformed(source, "an expires_in that is none");
    return source.askedAt + Math.min(seconds, MAX_SECONDS) * 1000;
  }
  if (at === undefined || at === null || at === "") return null;
  const time = typeof at === "string" && at.length <= 64 ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(time)) throw malformed(source, "an expires_at that is no date");
  return time < 0 ? null : time;
}

const MAX_TEXT = 16 * 1024;
const MAX_HEADERS = 100;
const MAX_SECONDS = 2 ** 31;

export function asRecord(value: unknown, source: ReplySource, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw malformed(source, `something that is not ${what}`);
}

/** The server does not follow the protocol; asking again would not help. */
export function malformed(
  { name }: Pick<ReplySource, "name">,
  what: string,
  details: { readonly hint?: string } = {},
): RegistryError {
  return new RegistryError("lfs-failed", `${name} answered with ${what}`, {
    hint: "check that this is the address of an LFS server: git config --get-regexp 'lfs|remote'",
    ...details,
  });
}
