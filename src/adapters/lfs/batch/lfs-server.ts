import type { Pointer } from "../../../domain/artifact/pointer.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { HttpClient, HttpReply } from "../../http/http-client.ts";
import type { Operation } from "../endpoint.ts";
import { type ObjectAnswer, parseBatchReply, type Question } from "./batch-reply.ts";
import { refusalOf } from "./server-refusal.ts";

/** Where an LFS server is asked, and as whom. */
export interface ServerAccess {
  /** Endpoint without `/objects/batch`; userinfo in it is a login. */
  readonly url: string;
  /** What `git-lfs-authenticate` said to send along. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Answers the access for an operation; `renew` when the last one was refused. */
export type FindAccess = (operation: Operation, renew: boolean) => Promise<ServerAccess>;

export interface LfsServerOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly access: FindAccess;
  /** Full name of the ref that the objects are for, where it is known. */
  readonly ref?: string;
}

export interface BatchAnswer {
  /** In the order asked. */
  readonly objects: readonly ObjectAnswer[];
  /** The endpoint that answered, with its userinfo. */
  readonly endpoint: string;
}

/** An LFS server's batch API. */
export interface LfsServer {
  /**
   * Asks about at most a hundred objects, once. Throws `lfs-failed` for a reply that does not follow the protocol, a
   * `ServerRefusal` for a status that means no, `network`, `auth-failed`.
   */
  ask(question: Question, signal: AbortSignal): Promise<BatchAnswer>;
}

export const MEDIA_TYPE = "application/vnd.git-lfs+json";

/** A reply about a hundred objects with long signed addresses has a tenth of this. */
const MAX_REPLY_BYTES = 4 * 1024 * 1024;

export function openLfsServer(options: LfsServerOptions): LfsServer {
  return {
    async ask(question, signal) {
      const { operation } = question;
      const access = await options.access(operation, false);
      const asking = { question, access, signal };
      const first = await post(options, asking);
      if (first.reply.status !== 401 || !bringsLogin(access)) return answered(options, asking, first);
      await first.reply.discard();
      const again = { ...asking, access: await options.access(operation, true) };
      return answered(options, again, await post(options, again));
    },
  };
}

interface Asking {
  readonly question: Question;
  readonly access: ServerAccess;
  readonly signal: AbortSignal;
}

interface Posted {
  readonly reply: HttpReply;
  readonly askedAt: number;
}

async function post({ http, clock, ref }: LfsServerOptions, { question, access, signal }: Asking): Promise<Posted> {
  const askedAt = clock.now();
  const reply = await http.send({
    method: "POST",
    url: batchUrl(access.url),
    headers: { ...access.headers, accept: MEDIA_TYPE, "content-type": MEDIA_TYPE },
    body: Buffer.from(JSON.stringify(requestOf(question, ref))),
    access: bringsLogin(access) ? "none" : "login",
    signal,
  });
  return { reply, askedAt };
}

function bringsLogin({ headers }: ServerAccess): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
}

async function answered(
  { clock }: LfsServerOptions,
  { question, access }: Asking,
  { reply, askedAt }: Posted,
): Promise<BatchAnswer> {
  if (reply.status !== 200) {
    const what = question.operation === "upload" ? "take" : "give";
    throw await refusalOf(reply, `say what it can ${what}`, clock.now());
  }
  const text = Buffer.from(await reply.bytes(MAX_REPLY_BYTES)).toString("utf8");
  const source = { name: reply.url, secure: reply.url.startsWith("https:"), askedAt };
  return { objects: parseBatchReply(text, question, source), endpoint: access.url };
}

function requestOf({ operation, pointers }: Question, ref: string | undefined): unknown {
  return {
    operation,
    transfers: ["basic"],
    ...(ref === undefined ? {} : { ref: { name: ref } }),
    objects: pointers.map(({ sha256, size }: Pointer) => ({ oid: sha256, size })),
    hash_algo: "sha256",
  };
}

function batchUrl(endpoint: string): string {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/objects/batch`;
  return url.href;
}
