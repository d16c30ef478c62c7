import type { Dispatcher } from "undici";
import { RegistryError } from "../../errors.ts";
import type { Headers } from "./header-values.ts";
import type { HttpReply, HttpRequest } from "./http-client.ts";
import { httpFailure, stalled } from "./http-failure.ts";
import { type OutgoingBody, outgoingBody } from "./outgoing-body.ts";
import { shownUrl } from "./shown-url.ts";

export interface Transmission {
  readonly dispatcher: Dispatcher;
  readonly method: HttpRequest["method"];
  /** Where it goes; for messages, too. */
  readonly url: URL;
  /** What stands in the request line: the whole URL for a proxy, else path and query. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: HttpRequest["body"];
  readonly signal: AbortSignal | undefined;
  readonly idleTimeoutMs: number;
}

/** Sends one request on one connection, once, and answers with whatever comes back. */
export function transmit(transmission: Transmission): Promise<HttpReply> {
  return new Exchange(transmission).reply;
}

/**
 * undici's events as a reply whose body is pulled: about 64 KiB wait here. The idle clock runs only while the server
 * has to do something, neither while the caller reads nor while the source of the body is slow, nor in the queue for
 * a connection.
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly reply: Promise<HttpReply>;
  readonly #transmission: Transmission;
  readonly #outgoing: OutgoingBody | null;
  readonly #onAbort = () => this.#fail(this.#transmission.signal?.reason);
  #settle: { resolve(reply: HttpReply): void; reject(error: unknown): void } | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #chunks: Buffer[] = [];
  #waiting = 0;
  #over = false;
  #failure: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;
  #idle: NodeJS.Timeout | undefined;
  #verdict: NodeJS.Immediate | undefined;

  constructor(transmission: Transmission) {
    this.#transmission = transmission;
    const { body, signal, url } = transmission;
    const pace = { toSource: () => this.#clock(false), toConnection: () => this.#clock(this.#settle !== null) };
    this.#outgoing = body === undefined ? null : outgoingBody(body, url, pace);
    this.reply = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    if (signal?.aborted) {
      this.#onAbort();
      return;
    }
    signal?.addEventListener("abort", this.#onAbort);
    this.#dispatch();
  }

  #dispatch(): void {
    const { dispatcher, method, url, target, headers } = this.#transmission;
    const length = this.#outgoing === null ? {} : { "content-length": String(this.#outgoing.size) };
    try {
      dispatcher.dispatch(
        {
          origin: url.origin,
          path: target,
          method,
          headers: { ...headers, ...length },
          body: (this.#outgoing?.content ?? null) as never,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        this,
      );
    } catch (error) {
      this.#fail(httpFailure(error, shownUrl(url)));
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure !== null) controller.abort(asError(this.#failure.error));
    else this.#clock(true);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: ReplyHeaders): void {
    if (status < 200) return;
    this.#clock(false);
    this.#settle?.resolve(this.#replyWith(status, headers));
    this.#settle = null;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#clock(false);
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
    if (this.#waiting >= MAX_WAITING) controller.pause();
    this.#wake?.();
  }

  onResponseEnd(): void {
    this.#over = true;
    this.#leave();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const source = this.#outgoing?.failure() ?? null;
    this.#fail(source ?? httpFailure(error, shownUrl(this.#transmission.url)));
  }

  #replyWith(status: number, headers: ReplyHeaders): HttpReply {
    const { url } = this.#transmission;
    const body = this.#body();
    return {
      status,
      url: shownUrl(url),
      header(name) {
        const value = headers[name.toLowerCase()];
        return (Array.isArray(value) ? value.join(", ") : value) ?? null;
      },
      body,
      bytes: (limit) => collected(body, limit, url),
      discard: () => this.#discard(),
    };
  }

  async *#body(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift() ?? (await this.#nextChunk());
        if (chunk === undefined) return;
        this.#waiting -= chunk.length;
        if (this.#waiting < MAX_WAITING && this.#controller?.paused) this.#controller.resume();
        yield chunk;
      }
    } finally {
      this.#giveUp();
    }
  }

  async #nextChunk(): Promise<Buffer | undefined> {
    while (this.#chunks.length === 0) {
      if (this.#failure !== null) throw this.#failure.error;
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#clock(true);
      });
      this.#wake = null;
    }
    return this.#chunks.shift();
  }

  /** A short rest is read so that the connection stays usable; for a long or slow one it is not worth it. */
  async #discard(): Promise<void> {
    const enough = setTimeout(() => this.#giveUp(), DISCARD_MS);
    try {
      let size = 0;
      for await (const chunk of this.#body()) {
        size += chunk.length;
        if (size > DISCARD_BYTES) return;
      }
    } catch {
      // Nobody wants it.
    } finally {
      clearTimeout(enough);
    }
  }

  #giveUp(): void {
    if (!this.#over && this.#failure === null) this.#fail(new RegistryError("network", "The answer was not wanted"));
  }

  #fail(error: unknown): void {
    if (this.#over || this.#failure !== null) return;
    this.#failure = { error };
    this.#leave();
    this.#settle?.reject(error);
    this.#settle = null;
    this.#controller?.abort(asError(error));
  }

  #leave(): void {
    this.#clock(false);
    this.#transmission.signal?.removeEventListener("abort", this.#onAbort);
    this.#wake?.();
  }

  #clock(running: boolean): void {
    clearTimeout(this.#idle);
    clearImmediate(this.#verdict);
    if (!running || this.#over || this.#failure !== null || this.#controller === null) return;
    const { url, idleTimeoutMs } = this.#transmission;
    // A process that was busy itself reads what is there before it blames the server.
    const blame = () => this.#fail(stalled(url, idleTimeoutMs));
    this.#idle = setTimeout(() => {
      this.#verdict = setImmediate(blame);
    }, idleTimeoutMs);
  }
}

type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

const MAX_WAITING = 64 * 1024;
const DISCARD_BYTES = 64 * 1024;
const DISCARD_MS = 1000;

async function collected(body: AsyncIterable<Uint8Array>, limit: number, url: URL): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) {
      throw new RegistryError("network", `${shownUrl(url)} answered with more than ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error("aborted", { cause: error });
}
