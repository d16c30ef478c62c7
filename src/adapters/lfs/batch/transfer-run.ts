import type { Pointer } from "../../../domain/artifact/pointer.ts";
import { RegistryError } from "../../../errors.ts";
import type { TransferProgress } from "../../../ports/artifact-store.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { HttpClient, HttpReply, HttpRequest } from "../../http/http-client.ts";
import type { Operation } from "../endpoint.ts";
import { type Action, isExpired } from "./action.ts";
import type { ObjectAnswer, ReadyObject, RefusedObject } from "./batch-reply.ts";
import type { OpenGate } from "./bounded-queue.ts";
import type { LfsServer } from "./lfs-server.ts";
import type { Patience } from "./patience.ts";

/** What all transfers of one upload or download share. */
export interface TransferRun {
  readonly operation: Operation;
  /** For messages; without credentials. */
  readonly name: string;
  readonly server: LfsServer;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly patience: Patience;
  /** Aborted when the run has failed. */
  readonly over: AbortSignal;
}

/** One object on its way, with what the server last said about it. */
export interface Errand {
  readonly pointer: Pointer;
  /** False: the server has the object (upload), or lacks it (download). */
  readonly isWanted: boolean;
  /**
   * Sends a request to the object's action: renewed first when it expires, and once when it is refused as if it had.
   * Answers null where the server has nothing to be done any more: it has the object (upload), or lost it (download).
   */
  send(which: "transfer" | "verify", request: ActionRequest): Promise<HttpReply | null>;
}

export type ActionRequest = Pick<HttpRequest, "method" | "headers" | "body">;

export interface AnsweredObject {
  readonly answer: ObjectAnswer;
  /** The endpoint that answered, with its userinfo. */
  readonly endpoint: string;
}

/** Throws `lfs-failed` or `auth-failed` for an object that the server refuses; one that it lacks is not wanted. */
export async function openErrand(run: TransferRun, first: AnsweredObject, openGate: OpenGate): Promise<Errand> {
  const { pointer } = first.answer;
  let current = await ready(run, first);
  const renew = async (): Promise<void> => {
    const { objects, endpoint } = await run.server.ask({ operation: run.operation, pointers: [pointer] }, run.over);
    const [answer] = objects;
    current = answer === undefined ? null : await ready(run, { answer, endpoint });
  };
  return {
    pointer,
    isWanted: (current?.answer.transfer ?? null) !== null,
    async send(which, request) {
      const before = current?.answer[which] ?? null;
      const expired = before !== null && isExpired(before, run.clock.now());
      if (expired) await renew();
      const reply = await sendOnce(run, current, { which, request });
      if (reply !== null && reply.status !== 401) openGate();
      // A signed address that is too old is 403 with some servers, whatever expiry they announced.
      if (expired || reply === null || (reply.status !== 401 && reply.status !== 403)) return reply;
      await reply.discard();
      await renew();
      return sendOnce(run, current, { which, request });
    },
  };
}

interface ReadyErrand {
  readonly answer: ReadyObject;
  readonly endpoint: string;
}

async function ready(run: TransferRun, { answer, endpoint }: AnsweredObject): Promise<ReadyErrand | null> {
  if (answer.kind === "ready") return { answer, endpoint };
  if (isMissing(run.operation, answer)) return null;
  if (!PASSING.has(answer.code)) throw objectRefused(run, answer);
  return run.patience.persist(async () => {
    const question = { operation: run.operation, pointers: [answer.pointer] };
    const again = await run.server.ask(question, run.over);
    const [object] = again.objects;
    if (object === undefined || (object.kind === "refused" && isMissing(run.operation, object))) return null;
    if (object.kind === "refused") throw objectRefused(run, object);
    return { answer: object, endpoint: again.endpoint };
  });
}

/** Whether an answer says that the server lacks the object. */
export function isMissing(operation: Operation, answer: ObjectAnswer): boolean {
  if (operation === "upload") return false;
  return answer.kind === "ready" ? answer.transfer === null : answer.code === 404 || answer.code === 410;
}

const PASSING: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

export function objectRefused({ name }: Pick<TransferRun, "name">, refused: RefusedObject): RegistryError {
  const { pointer, code, message } = refused;
  const why = message === "" ? `code ${code}` : `${message} (code ${code})`;
  const isLogin = code === 401 || code === 403;
  return new RegistryError(isLogin ? "auth-failed" : "lfs-failed", `${name} refuses object ${pointer.sha256}: ${why}`, {
    retryable: PASSING.has(code),
  });
}

interface Sending {
  readonly which: "transfer" | "verify";
  readonly request: ActionRequest;
}

async function sendOnce(
  run: TransferRun,
  errand: ReadyErrand | null,
  { which, request }: Sending,
): Promise<HttpReply | null> {
  const action = errand?.answer[which] ?? null;
  if (errand === null || action === null) return null;
  const { url, access } = addressOf(action, errand);
  const headers = { ...request.headers, ...lowerCased(action.headers) };
  return run.http.send({ ...request, url, headers, access, signal: run.over });
}

/** Git's logins go to the origin that was asked, never to another one, and only where the action brings none of its own. */
function addressOf(action: Action, { answer, endpoint }: ReadyErrand): Pick<HttpRequest, "url" | "access"> {
  const [to, from] = [new URL(action.href), new URL(endpoint)];
  const hasOwn = Object.keys(action.headers).some((name) => name.toLowerCase() === "authorization");
  if (to.origin !== from.origin || hasOwn || answer.authenticated) return { url: to.href, access: "none" };
  if (to.username === "") {
    to.username = from.username;
    to.password = from.password;
  }
  return { url: to.href, access: "login" };
}

function lowerCased(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Bytes of one object, told once however often they travel. */
export interface Counter {
  /** So many bytes of the object are through. */
  to(position: number): void;
  readonly furthest: number;
}

export function openCounter(progress: TransferProgress | undefined): Counter {
  let furthest = 0;
  return {
    get furthest() {
      return furthest;
    },
    to(position) {
      if (position <= furthest) return;
      progress?.(position - furthest);
      furthest = position;
    },
  };
}
