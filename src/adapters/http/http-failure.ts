import { RegistryError } from "../../errors.ts";
import { shownUrl } from "./shown-url.ts";

/** A failure of the network, of TLS or of undici as the one error of ours that it means. `server` as people know it. */
export function httpFailure(error: unknown, server: string): RegistryError {
  if (error instanceof RegistryError) return error;
  const code = codeOf(error);
  const kind = KINDS.find(({ pattern }) => pattern.test(code));
  const reason = kind?.reason ?? "the connection broke";
  const final = kind?.final === true;
  return new RegistryError("network", `No answer from ${server}: ${reason} (${code})`, {
    retryable: !final,
    cause: error,
    hint: kind?.hint ?? (final ? ADDRESS : AGAIN),
  });
}

/** The server said nothing for too long. */
export function stalled(url: URL, idleTimeoutMs: number): RegistryError {
  const seconds = Math.max(1, Math.round(idleTimeoutMs / 1000));
  return new RegistryError("network", `${shownUrl(url)} stopped: no byte for ${seconds} s`, {
    retryable: true,
    hint: AGAIN,
  });
}

interface FailureKind {
  readonly pattern: RegExp;
  readonly reason: string;
  /** The same call fails again. */
  readonly final?: true;
  readonly hint?: string;
}

const AGAIN = "Run it again later. If it stays so: is the address right, and http.proxy?";
const ADDRESS = "Check the address, and http.proxy if there is one";
const TRUST = "Trust the server's authority: git config --global http.sslCAInfo <file.pem>";

const KINDS: readonly FailureKind[] = [
  { pattern: /^ENOTFOUND|^EAI_/, reason: "this host is not known" },
  { pattern: /^ECONNREFUSED$/, reason: "nothing listens there" },
  { pattern: /^ECONNRESET$|^EPIPE$|^UND_ERR_SOCKET$/, reason: "the connection was closed" },
  { pattern: /^E(HOST|NET)UNREACH$|^ENETDOWN$/, reason: "there is no way to this host" },
  { pattern: /^ETIMEDOUT$|TIMEOUT$|^ABORT_ERR$/, reason: "it takes too long" },
  { pattern: /^UND_ERR_RES_CONTENT_LENGTH_MISMATCH$/, reason: "the answer was cut short" },
  { pattern: /^CERT_HAS_EXPIRED$/, reason: "its certificate has expired", final: true },
  { pattern: /^ERR_TLS_CERT_ALTNAME/, reason: "its certificate is for another name", final: true },
  {
    pattern: /CERT|SELF_SIGNED|UNABLE_TO_|^CRL_/,
    reason: "its certificate is not trusted",
    final: true,
    hint: TRUST,
  },
  { pattern: /^EPROTO$|^ERR_SSL|^ERR_TLS/, reason: "TLS failed", final: true },
  { pattern: /^UND_ERR_HEADERS_OVERFLOW$|^HPE_HEADER_OVERFLOW$/, reason: "its headers are too large", final: true },
  { pattern: /^HPE_|^HTTPParserError$/, reason: "it does not speak HTTP", final: true },
  { pattern: /^UND_ERR_(INVALID_ARG|NOT_SUPPORTED)$/, reason: "the request cannot be sent", final: true },
];

/** Several addresses of one host fail together in an AggregateError. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && !("code" in error)) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
