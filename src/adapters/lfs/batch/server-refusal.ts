import { type ErrorCode, type ErrorDetails, RegistryError } from "../../../errors.ts";
import { printable } from "../../git/printable.ts";
import type { HttpReply } from "../../http/http-client.ts";

/** A status that means no; it may say how long to stay away. */
export class ServerRefusal extends RegistryError {
  readonly status: number;
  /** Milliseconds, or null where the server does not say. */
  readonly retryAfterMs: number | null;

  constructor(code: ErrorCode, message: string, details: ErrorDetails & RefusalDetails) {
    super(code, message, details);
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

interface RefusalDetails {
  readonly status: number;
  readonly retryAfterMs: number | null;
}

/** Longer than this nobody waits for a server. */
export const MAX_RETRY_AFTER_MS = 300_000;

/**
 * What a reply with a status of 300 or more means, with the server's own words. `doing` follows "could not":
 * `upload object …`. Retryable are 429, 500, 502, 503 and 504, unless they want more patience than five minutes.
 */
export async function refusalOf(reply: HttpReply, doing: string, now: number): Promise<ServerRefusal> {
  const { status } = reply;
  const said = await wordsOf(reply);
  const meaning = MEANINGS[status] ?? { code: "lfs-failed", why: "refused" };
  const retryAfterMs = retryAfter(reply.header("retry-after"), now);
  const tooLong = retryAfterMs !== null && retryAfterMs > MAX_RETRY_AFTER_MS;
  const patience = tooLong ? `; it wants to be asked again in ${Math.ceil(retryAfterMs / 1000)} s` : "";
  const words = said === "" ? "" : `: ${said}`;
  const message = `${reply.url} could not ${doing}: ${meaning.why} (HTTP ${status})${words}${patience}`;
  return new ServerRefusal(meaning.code, message, {
    status,
    retryAfterMs,
    retryable: meaning.retryable === true,
    ...(meaning.hint === undefined ? {} : { hint: meaning.hint }),
  });
}

interface Meaning {
  readonly code: ErrorCode;
  readonly why: string;
  readonly hint?: string;
  readonly retryable?: true;
}

const LOGIN = "check the login for this server: git ls-remote must work in a terminal";
const ADDRESS = "check the address: git config --get-regexp 'lfs|remote'";

const MEANINGS: Readonly<Record<number, Meaning>> = {
  401: { code: "auth-failed", why: "it wants another login", hint: LOGIN },
  403: { code: "auth-failed", why: "this login may not", hint: LOGIN },
  404: { code: "lfs-failed", why: "it knows nothing there", hint: ADDRESS },
  406: { code: "lfs-failed", why: "it does not speak LFS's media type", hint: ADDRESS },
  410: { code: "lfs-failed", why: "it is gone", hint: ADDRESS },
  413: { code: "lfs-failed", why: "too large for this server", hint: "ask its administrator for a higher limit" },
  422: { code: "lfs-failed", why: "it finds the request wrong" },
  429: { code: "network", why: "too many requests", hint: "try again later", retryable: true },
  500: { code: "lfs-failed", why: "it failed", hint: "try again later", retryable: true },
  501: { code: "lfs-failed", why: "it has no LFS", hint: ADDRESS },
  502: { code: "network", why: "what stands behind it does not answer", hint: "try again later", retryable: true },
  503: { code: "network", why: "it is not available", hint: "try again later", retryable: true },
  504: { code: "network", why: "what stands behind it is too slow", hint: "try again later", retryable: true },
  507: { code: "lfs-failed", why: "its storage is full", hint: "ask its administrator for more space" },
  509: { code: "lfs-failed", why: "its limit of traffic is reached", hint: "try again when the limit is lifted" },
};

const MAX_WORDS_BYTES = 64 * 1024;

/** `message` and `documentation_url` of an error reply, printable; empty where there are none. */
async function wordsOf(reply: HttpReply): Promise<string> {
  try {
    const value: unknown = JSON.parse(Buffer.from(await reply.bytes(MAX_WORDS_BYTES)).toString("utf8"));
    if (typeof value !== "object" || value === null) return "";
    const { message, documentation_url: url } = value as Readonly<Record<string, unknown>>;
    const words = typeof message === "string" ? printable(message).slice(0, 300) : "";
    const link = typeof url === "string" && /^https?:/i.test(url) ? printable(url).slice(0, 200) : "";
    return link === "" ? words : `${words} (see ${link})`.trim();
  } catch {
    return "";
  }
}

/** Seconds or a date. */
function retryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
