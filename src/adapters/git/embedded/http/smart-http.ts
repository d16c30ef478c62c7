import { stripUserinfo } from "../../../../documents/strip-userinfo.ts";
import { RegistryError } from "../../../../errors.ts";
import type { HttpClient, HttpReply, StreamBody } from "../../../http/http-client.ts";
import { printable } from "../../printable.ts";
import { type Advertisement, parseAdvertisement } from "./advertisement.ts";
import { startPatience } from "./patience.ts";
import { notGit, PacketReader } from "./pkt-line.ts";

export type Service = "git-upload-pack" | "git-receive-pack";

/** Bytes of an advertisement: half a million refs with long names. */
const LARGEST_ADVERTISEMENT = 128 * 1024 * 1024;
/** Servers know a client of Git by this beginning. */
const USER_AGENT = "git/git-model";
const VERSION_2 = { "git-protocol": "version=2" } as const;

/** A command for a service, and how its answer is read while the request lives. */
export interface Exchange<T> {
  readonly body: Uint8Array | StreamBody;
  /** Bytes of the answer that are read at most. */
  readonly limit: number;
  readonly read: (answer: PacketReader) => Promise<T>;
}

/**
 * Git's smart HTTP protocol with one repository, at the level of requests: what is asked and how an answer is recognised
 * as one of Git. Throws `auth-failed`, `network`, `git-failed`; nothing of a login or a query is in any message.
 */
export class SmartHttp {
  /** The address as it may be shown. */
  readonly shown: string;
  readonly #client: HttpClient;
  #base: string;

  constructor(client: HttpClient, url: string) {
    this.#client = client;
    this.#base = url;
    this.shown = shownAddress(url);
  }

  /** What the service offers. The repository may have moved below the same origin: later requests go where it is. */
  async advertisement(service: Service): Promise<Advertisement> {
    const url = addressAt(this.#base, "info/refs", service);
    const isUpload = service === "git-upload-pack";
    const patience = startPatience(this.shown);
    try {
      const reply = await this.#client.send({
        method: "GET",
        url,
        headers: { "user-agent": USER_AGENT, accept: "*/*", ...(isUpload ? VERSION_2 : {}) },
        access: "login",
        signal: patience.signal,
      });
      this.#follow(url, reply.url);
      const bytes = await this.#answer(reply, `${service}-advertisement`);
      const answer = new PacketReader({ bytes, from: this.shown, limit: LARGEST_ADVERTISEMENT });
      const advertisement = await parseAdvertisement(answer, service);
      await answer.end();
      return advertisement;
    } finally {
      patience.end();
    }
  }

  /** Sends a command to a service. */
  async post<T>(service: Service, { body, limit, read }: Exchange<T>): Promise<T> {
    const patience = startPatience(this.shown);
    try {
      const reply = await this.#client.send({
        method: "POST",
        url: addressAt(this.#base, service),
        headers: {
          "user-agent": USER_AGENT,
          accept: `application/x-${service}-result`,
          "content-type": `application/x-${service}-request`,
          ...(service === "git-upload-pack" ? VERSION_2 : {}),
        },
        body,
        access: "login",
        signal: patience.signal,
      });
      const bytes = counted(await this.#answer(reply, `${service}-result`), patience.progress);
      const answer = new PacketReader({ bytes, from: this.shown, limit });
      const result = await read(answer);
      await answer.end();
      return result;
    } finally {
      patience.end();
    }
  }

  /** The body of an answer that is one of the service. */
  async #answer(reply: HttpReply, type: string): Promise<AsyncIterable<Uint8Array>> {
    if (reply.status !== 200) throw await statusError(this.shown, reply);
    const given = (reply.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
    if (given === `application/x-${type}`) return reply.body;
    await reply.discard();
    throw notGit(this.shown, `it answers with ${printable(given ?? "").slice(0, 100) || "no content type"}`);
  }

  /** A redirect within the origin is followed for good; one to another origin would get what is pushed. */
  #follow(asked: string, answered: string): void {
    if (!URL.canParse(answered)) return;
    const [from, to] = [new URL(asked), new URL(answered)];
    if (from.origin === to.origin && from.pathname === to.pathname) return;
    const base = /^(.*)\/info\/refs$/.exec(to.pathname)?.[1];
    if (base === undefined) return;
    if (from.origin !== to.origin) {
      throw new RegistryError("git-failed", `${this.shown} has moved to ${to.origin}${base}`, {
        hint: `if you trust it: git remote set-url <remote> ${to.origin}${base}`,
      });
    }
    const moved = new URL(this.#base);
    moved.pathname = base;
    this.#base = moved.href;
  }
}

/** An address without userinfo and query. */
function shownAddress(url: string): string {
  return stripUserinfo(url).replace(/[?#].*$/s, "");
}

function addressAt(base: string, path: string, service?: Service): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${path}`;
  if (service !== undefined) url.searchParams.append("service", service);
  return url.href;
}

async function* counted(body: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    onBytes(chunk.byteLength);
    yield chunk;
  }
}

async function statusError(shown: string, reply: HttpReply): Promise<RegistryError> {
  const { status } = reply;
  const words = await wordsOf(reply);
  const said = `${shown} answered ${status}${words === "" ? "" : `: ${words}`}`;
  if (status === 401 || status === 403 || status === 407) {
    return new RegistryError("auth-failed", said, { hint: "check the login for this remote and what it may do" });
  }
  if (status === 404 || status === 410) {
    const hint =
      "check the address (git remote -v, or the URL that was named); some servers answer so where a login is missing";
    return new RegistryError("git-failed", said, { hint });
  }
  if (status === 408 || status === 429 || status >= 500) {
    return new RegistryError("network", said, { retryable: true, hint: "run it again later" });
  }
  return new RegistryError("git-failed", said, {
    hint: "check the address (git remote -v, or the URL that was named)",
  });
}

/** What a server explains in plain text, on one line. */
async function wordsOf(reply: HttpReply): Promise<string> {
  if (!/^text\/plain\b/i.test(reply.header("content-type") ?? "")) {
    await reply.discard();
    return "";
  }
  const bytes = await reply.bytes(4096).catch(() => Buffer.alloc(0));
  return printable(Buffer.from(bytes).toString("utf8")).slice(0, 200);
}
