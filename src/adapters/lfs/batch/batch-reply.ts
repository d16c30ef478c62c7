import { isSha256 } from "../../../domain/artifact/digest.ts";
import type { Pointer } from "../../../domain/artifact/pointer.ts";
import { printable } from "../../git/printable.ts";
import type { Operation } from "../endpoint.ts";
import { type Action, asRecord, malformed, parseAction, type ReplySource } from "./action.ts";

/** What the server says of one object. */
export type ObjectAnswer = ReadyObject | RefusedObject;

export interface ReadyObject {
  readonly kind: "ready";
  readonly pointer: Pointer;
  /** Null: the server has it already (upload), or not at all (download). */
  readonly transfer: Action | null;
  /** Uploads: to be told when the bytes are there. */
  readonly verify: Action | null;
  /** The server says that the actions need no login. */
  readonly authenticated: boolean;
}

export interface RefusedObject {
  readonly kind: "refused";
  readonly pointer: Pointer;
  /** Like HTTP's: 404, 409, 410, 422. */
  readonly code: number;
  /** Printable; may be empty. */
  readonly message: string;
}

export interface Question {
  readonly operation: Operation;
  /** At most a hundred, no digest twice. */
  readonly pointers: readonly Pointer[];
}

/**
 * Reads a batch reply: one answer for each object that was asked for, in the order asked. Throws `lfs-failed` for anything
 * else: text that is not JSON, an object that nobody asked for, that is missing or doubled, another size, another
 * transfer than basic, an address that is not http or https, headers that cannot be sent.
 */
export function parseBatchReply(text: string, question: Question, source: ReplySource): readonly ObjectAnswer[] {
  const reply = asRecord(parseJson(text, source), source, "a batch reply");
  requireKnown(reply, { transfer: "basic", hash_algo: "sha256" }, source);
  const { objects } = reply;
  if (!Array.isArray(objects)) throw malformed(source, "no list of objects");
  const asked = new Map<string, Pointer>(question.pointers.map((pointer) => [pointer.sha256, pointer]));
  if (objects.length > asked.size) throw malformed(source, `${objects.length} objects for ${asked.size}`);
  const answers = new Map<string, ObjectAnswer>();
  for (const each of objects as readonly unknown[]) {
    const fields = asRecord(each, source, "an object");
    const pointer = pointerOf(fields, asked, source);
    if (answers.has(pointer.sha256)) throw malformed(source, `object ${pointer.sha256} twice`);
    answers.set(pointer.sha256, answerOf(fields, { pointer, operation: question.operation }, source));
  }
  return question.pointers.map(({ sha256 }) => {
    const answer = answers.get(sha256);
    if (answer === undefined) throw malformed(source, `nothing about object ${sha256}`);
    return answer;
  });
}

function parseJson(text: string, source: ReplySource): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(source, /^\s*</.test(text) ? "a web page" : "something that is not JSON");
  }
}

function requireKnown(
  reply: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, string>>,
  source: ReplySource,
): void {
  for (const [key, only] of Object.entries(known)) {
    const value = reply[key];
    if (value !== undefined && value !== null && value !== "" && value !== only) {
      throw malformed(
        source,
        `${key} ${printable(JSON.stringify(value)).slice(0, 40)}, where only ${only} is understood`,
      );
    }
  }
}

function pointerOf(
  { oid }: Readonly<Record<string, unknown>>,
  asked: ReadonlyMap<string, Pointer>,
  source: ReplySource,
): Pointer {
  const pointer = typeof oid === "string" ? asked.get(oid) : undefined;
  if (pointer !== undefined) return pointer;
  const isDigest = typeof oid === "string" && isSha256(oid);
  throw malformed(source, isDigest ? `object ${oid}, which nobody asked for` : "an object without a sha256");
}

function answerOf(
  fields: Readonly<Record<string, unknown>>,
  { pointer, operation }: { readonly pointer: Pointer; readonly operation: Operation },
  source: ReplySource,
): ObjectAnswer {
  const { error, size, actions, authenticated } = fields;
  if (error !== undefined && error !== null) return refusedObject(error, pointer, source);
  if (size !== pointer.size) {
    const said = typeof size === "number" ? `${size} bytes` : "no size";
    throw malformed(source, `${said} for object ${pointer.sha256}, which has ${pointer.size}`);
  }
  const wanted = actions === undefined || actions === null ? {} : asRecord(actions, source, "actions");
  const action = (name: string): Action | null => {
    const value = wanted[name];
    return value === undefined || value === null ? null : parseAction(value, source);
  };
  const transfer = action(operation);
  const verify = operation === "upload" && transfer !== null ? action("verify") : null;
  return { kind: "ready", pointer, transfer, verify, authenticated: authenticated === true };
}

function refusedObject(error: unknown, pointer: Pointer, source: ReplySource): RefusedObject {
  const { code, message } = asRecord(error, source, "an error");
  if (typeof code !== "number" || !Number.isInteger(code)) throw malformed(source, "an error without a code");
  return {
    kind: "refused",
    pointer,
    code,
    message: typeof message === "string" ? printable(message).slice(0, 300) : "",
  };
}
