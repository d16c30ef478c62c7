/**
 * HTTP as the registry's clients need it (SECURITY, "Redirects and credentials"): LFS batch, LFS transfers and Git's smart
 * protocol go through the same rules for origins, redirects, proxies, certificates and logins.
 */
export interface HttpClient {
  /**
   * Sends one request and answers as soon as the headers are there, whatever the status. At most 3 redirects are
   * followed, never from https to http; where scheme, host or port change, every header that the caller gave and every
   * login is dropped; a PUT or POST follows 307 and 308 only.
   * A reply holds one of 16 connections to its server until its body was read or discarded; more requests wait their turn.
   * Throws `network` (unreachable, reset, no byte for 30 s: `retryable`; a redirect or certificate that is refused: not),
   * `auth-failed` when the server wants a login and takes none that is known.
   */
  send(request: HttpRequest): Promise<HttpReply>;
  /** Ends idle connections. */
  close(): Promise<void>;
}

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  /** Absolute, http or https. Userinfo in it is a login for its origin, and is never sent as part of the URL. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | StreamBody;
  /**
   * `login`: a 401 is answered with the logins that are known for the origin, and `http.extraHeader` goes along; a caller
   * that brings an `Authorization` of its own gets the 401.
   * `none`: only what the caller gives, userinfo included, for the hrefs of LFS actions; a 401 is an answer.
   */
  readonly access: "login" | "none";
  readonly signal?: AbortSignal;
}

/** A body that can be sent again from its beginning. */
export interface StreamBody {
  readonly size: number;
  open(): AsyncIterable<Uint8Array>;
}

export interface HttpReply {
  readonly status: number;
  /** Where the answer came from after redirects, for messages: without userinfo and query. */
  readonly url: string;
  header(name: string): string | null;
  /** Read once; ends in a retryable `network` error when the connection breaks or stalls. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body; more than `limit` bytes is an error of code `network`, not retryable. */
  bytes(limit: number): Promise<Uint8Array>;
  /** For a body that nobody wants. */
  discard(): Promise<void>;
}
