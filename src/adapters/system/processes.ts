import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";

export interface ProcessCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the child; nothing is inherited. */
  readonly env: NodeJS.ProcessEnv;
  readonly input?: string | Uint8Array;
  /** The child is killed after this long; no limit by default. */
  readonly timeoutMs?: number;
  /** The child is killed when it prints more than this to stdout. 1 GiB by default. */
  readonly maxBytes?: number;
}

export interface ProcessResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  /** The last 64 KiB, as UTF-8. */
  readonly stderr: string;
}

export type ProcessFault = "not-found" | "not-started" | "time-out" | "too-much-output";

/** A child that could not be run to its end. An exit code other than 0 is no such failure, but a result. */
export class ProcessError extends Error {
  override readonly name = "ProcessError";
  readonly fault: ProcessFault;

  constructor(fault: ProcessFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.fault = fault;
  }
}

/** Runs a program to its end, without a shell. Throws ProcessError only. */
export function runProcess(call: ProcessCall): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const child = startProcess(call);
    const stdout = new CappedOutput(call.maxBytes ?? DEFAULT_MAX_BYTES);
    const stderr = new OutputTail(child.stderr);
    let fault: ProcessError | null = null;
    const stop = (error: ProcessError) => {
      fault ??= error;
      child.kill("SIGKILL");
      // What the child had started may live on and hold these open.
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
    };
    const timer = startTimer(call, stop);
    child.stdout.on("data", (chunk: Buffer) => {
      if (!stdout.take(chunk)) stop(new ProcessError("too-much-output", `${call.command} printed too much`));
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(startFailure(call, error));
    });
    child.on("close", (exitCode, signal) => {
      clearTimeout(timer);
      if (fault !== null) reject(fault);
      else resolve({ exitCode, signal, stdout: stdout.bytes(), stderr: stderr.text() });
    });
    // A child that ends without reading its input says why on stderr; EPIPE adds nothing.
    child.stdin.on("error", () => undefined);
    child.stdin.end(call.input ?? "");
  });
}

/** Starts a child to talk to. The caller listens for `error` and `close`, and ends it. */
export function startProcess(
  call: Pick<ProcessCall, "command" | "args" | "cwd" | "env">,
): ChildProcessWithoutNullStreams {
  return spawn(call.command, call.args, { cwd: call.cwd, env: call.env, windowsHide: true, stdio: "pipe" });
}

/** What `error` of a child means. */
export function startFailure(call: Pick<ProcessCall, "command">, error: Error): ProcessError {
  const absent = "code" in error && error.code === "ENOENT";
  return new ProcessError(absent ? "not-found" : "not-started", `${call.command} could not be started`, error);
}

/** The last part of what a stream says, so that a chatty child cannot fill the memory. */
export class OutputTail {
  #text = "";

  constructor(stream: NodeJS.ReadableStream) {
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      this.#text = (this.#text + chunk).slice(-TAIL_CHARACTERS);
    });
  }

  text(): string {
    return this.#text;
  }
}

const DEFAULT_MAX_BYTES = 2 ** 30;
const TAIL_CHARACTERS = 64 * 1024;

class CappedOutput {
  readonly #chunks: Buffer[] = [];
  readonly #max: number;
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  take(chunk: Buffer): boolean {
    this.#size += chunk.length;
    if (this.#size > this.#max) return false;
    this.#chunks.push(chunk);
    return true;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

function startTimer(call: ProcessCall, stop: (error: ProcessError) => void): NodeJS.Timeout | undefined {
  if (call.timeoutMs === undefined) return undefined;
  const seconds = Math.round(call.timeoutMs / 1000);
  const message = `${call.command} did not end within ${seconds} seconds`;
  return setTimeout(() => stop(new ProcessError("time-out", message)), call.timeoutMs);
}
