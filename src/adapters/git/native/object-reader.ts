import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { RepositoryLocation } from "../../../ports/git-store.ts";
import { OutputTail, startFailure } from "../../system/processes.ts";
import type { ObjectKind } from "../object-format.ts";
import type { GitCommand } from "./git-command.ts";
import { gitFailure, usefulLine } from "./git-failure.ts";

/** An object as `cat-file --batch` gives it. */
export type RawObject =
  /** `bytes` null: larger than asked for, and not read. */
  | { readonly kind: ObjectKind; readonly size: number; readonly bytes: Buffer | null }
  | { readonly kind: "unreadable"; readonly reason: string };

interface Batch {
  readonly answers: (RawObject | null)[];
  open: number;
  readonly resolve: (answers: readonly (RawObject | null)[]) => void;
  readonly reject: (error: Error) => void;
}

interface Request {
  readonly id: ObjectId;
  readonly limit: number;
  readonly index: number;
  readonly batch: Batch;
  /** A child has died over it already. */
  suspect: boolean;
}

/** One long-lived `cat-file --batch`, started when first asked; requests are sent without waiting for answers. */
export class ObjectReader {
  readonly #git: GitCommand;
  readonly #digits: number;
  #session: Session | null = null;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(git: GitCommand, format: RepositoryLocation["objectFormat"]) {
    this.#git = git;
    this.#digits = format === "sha1" ? 40 : 64;
  }

  /** In the order asked; null for an absent object. */
  read(ids: readonly ObjectId[], limit: number): Promise<readonly (RawObject | null)[]> {
    return new Promise((resolve, reject) => {
      const batch: Batch = { answers: new Array(ids.length).fill(null), open: 0, resolve, reject };
      const requests = ids.map((id, index) => ({ id, limit, index, batch, suspect: false }));
      // Git would take an id of the shorter format for the beginning of one of the longer.
      const own = requests.filter(({ id }) => id.length === this.#digits);
      batch.open = own.length;
      if (own.length === 0) resolve(batch.answers);
      else if (own.length < BULK) this.#send(own);
      else this.#sendInBulk(own);
    });
  }

  async close(): Promise<void> {
    this.#session?.end();
    this.#session = null;
    await this.#ended;
  }

  #send(requests: readonly Request[]): void {
    this.#session ??= this.#start();
    this.#session.send(requests);
  }

  /** A child of its own, which need not flush after each object: three times as fast. */
  #sendInBulk(requests: readonly Request[]): void {
    const child = this.#git.start(["cat-file", "--batch", "--buffer"]);
    const session = new Session(child, (left) => {
      if (left.length > 0) this.#send(left);
    });
    session.send(requests);
    session.end();
  }

  #start(): Session {
    const child = this.#git.start(["cat-file", "--batch"]);
    this.#ended = new Promise((resolve) => child.on("close", resolve).on("error", resolve));
    const session: Session = new Session(child, (left) => {
      if (this.#session === session) this.#session = null;
      if (left.length > 0) this.#send(left);
    });
    return session;
  }
}

const BULK = 200;
// Reading this much for nothing is cheaper than another process.
const SKIP_LIMIT = 1 << 20;
const HEADER_LIMIT = 4096;
const DAMAGE =
  /corrupt|is empty|inflate|unpack|mismatch|packed object|bad object|object header|failed to read|premature end/i;

/** One child and the requests that it has not answered. */
class Session {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #stderr: OutputTail;
  readonly #onEnd: (left: readonly Request[]) => void;
  #queue: Request[] = [];
  #head = 0;
  #content: { readonly kind: ObjectKind; readonly size: number; readonly keep: boolean; missing: number } | null = null;
  #chunks: Buffer[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #over = false;

  constructor(child: ChildProcessWithoutNullStreams, onEnd: (left: readonly Request[]) => void) {
    this.#child = child;
    this.#stderr = new OutputTail(child.stderr);
    this.#onEnd = onEnd;
    child.stdin.on("error", () => undefined);
    child.stdout.on("data", (chunk: Buffer) => this.#take(chunk));
    child.on("error", (error) => this.#fail(startFailure({ command: "git" }, error)));
    child.on("close", (exitCode, signal) => this.#died({ exitCode, signal, stderr: this.#stderr.text() }));
  }

  send(requests: readonly Request[]): void {
    this.#hold(true);
    this.#queue.push(...requests);
    this.#child.stdin.write(`${requests.map(({ id }) => id).join("\n")}\n`);
  }

  end(): void {
    this.#hold(true);
    this.#child.stdin.end();
  }

  /** A store that nobody closed must not keep the program alive. */
  #hold(busy: boolean): void {
    for (const part of [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr]) {
      const method = busy ? "ref" : "unref";
      if (method in part) (part as { ref(): void; unref(): void })[method]();
    }
  }

  #take(chunk: Buffer): void {
    let bytes = chunk;
    while (bytes.length > 0 && !this.#over) {
      bytes = this.#content === null ? this.#takeHeader(bytes) : this.#takeContent(bytes);
    }
  }

  #takeHeader(bytes: Buffer): Buffer {
    const end = bytes.indexOf(0x0a);
    const part = end < 0 ? bytes : bytes.subarray(0, end);
    this.#rest = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part]);
    if (end < 0) {
      if (this.#rest.length > HEADER_LIMIT) this.#fail(new Error("cat-file does not keep to its format"));
      return Buffer.alloc(0);
    }
    const header = this.#rest.toString("latin1");
    this.#rest = Buffer.alloc(0);
    this.#begin(header);
    return bytes.subarray(end + 1);
  }

  #begin(header: string): void {
    const request = this.#queue[this.#head];
    const [id, kind, digits] = header.split(" ");
    const size = Number(digits);
    if (request === undefined || id !== request.id) {
      this.#fail(new Error("cat-file answers out of order"));
    } else if (kind === "missing") {
      this.#answer(null);
    } else if (isKind(kind) && Number.isSafeInteger(size)) {
      this.#expect(kind, size, request.limit);
    } else {
      this.#fail(new Error("cat-file does not keep to its format"));
    }
  }

  #expect(kind: ObjectKind, size: number, limit: number): void {
    const keep = size <= limit;
    if (keep || size <= SKIP_LIMIT) {
      this.#content = { kind, size, keep, missing: size + 1 };
      return;
    }
    this.#answer({ kind, size, bytes: null });
    this.#abandon();
  }

  #takeContent(bytes: Buffer): Buffer {
    const content = this.#content;
    if (content === null) return bytes;
    const part = bytes.subarray(0, content.missing);
    content.missing -= part.length;
    if (content.keep) this.#chunks.push(part);
    if (content.missing === 0) {
      const { kind, size, keep } = content;
      // A copy: a slice would keep the whole chunk of the pipe alive.
      const whole = keep ? Buffer.concat(this.#chunks).subarray(0, size) : null;
      this.#chunks = [];
      this.#content = null;
      this.#answer({ kind, size, bytes: whole });
    }
    return bytes.subarray(part.length);
  }

  #answer(object: RawObject | null): void {
    const request = this.#queue[this.#head];
    if (request === undefined) return;
    this.#head += 1;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
      this.#hold(false);
    }
    answerRequest(request, object);
  }

  /** Leaves a child that is about to send more than anybody wants. */
  #abandon(): void {
    if (this.#over) return;
    this.#over = true;
    this.#kill();
    this.#onEnd(this.#queue.slice(this.#head));
  }

  /** Held until it is gone: whoever closes the store waits for that, and a program that nothing holds just ends. */
  #kill(): void {
    this.#child.kill("SIGKILL");
    this.#hold(true);
  }

  #died(result: {
    readonly exitCode: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly stderr: string;
  }): void {
    if (this.#over) return;
    this.#over = true;
    const left = this.#queue.slice(this.#head);
    const [first] = left;
    if (first === undefined || !first.suspect) {
      if (first !== undefined) first.suspect = true;
      this.#onEnd(left);
    } else if (DAMAGE.test(result.stderr)) {
      answerRequest(first, { kind: "unreadable", reason: usefulLine(result.stderr) ?? "cannot be read" });
      this.#onEnd(left.slice(1));
    } else {
      this.#reject(left, gitFailure("read objects", result));
    }
  }

  #fail(cause: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#kill();
    const error = new RegistryError("git-failed", `Git could not read objects: ${cause.message}.`, { cause });
    this.#reject(this.#queue.slice(this.#head), error);
  }

  #reject(left: readonly Request[], error: RegistryError): void {
    this.#onEnd([]);
    for (const { batch } of left) batch.reject(error);
  }
}

function answerRequest({ batch, index }: Request, object: RawObject | null): void {
  batch.answers[index] = object;
  batch.open -= 1;
  if (batch.open === 0) batch.resolve(batch.answers);
}

function isKind(text: string | undefined): text is ObjectKind {
  return text === "blob" || text === "tree" || text === "commit" || text === "tag";
}
