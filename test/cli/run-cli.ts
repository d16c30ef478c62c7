import type { Io } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";
import type { Registry } from "../../src/operations/registry.ts";

export interface RunOptions {
  /** Answers of the registry by operation; a function is called with the question. An error is thrown. */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** Columns of the terminal; absent: piped. */
  readonly terminal?: number;
  readonly stdin?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the registry was asked, in order. */
  readonly asked: readonly { readonly operation: string; readonly question: unknown }[];
}

/** 2026-11-05T10:00:00Z */
export const NOW = Date.parse("2026-11-05T10:00:00Z");

/** Runs a command line in this process on a registry that gives fixed answers. */
export async function runCli(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const asked: { operation: string; question: unknown }[] = [];
  const written = { stdout: "", stderr: "" };
  const reply = async (operation: string, question: unknown) => {
    asked.push({ operation, question });
    const answer = options.answers?.[operation];
    if (answer instanceof Error) throw answer;
    if (answer === undefined) throw new Error(`the fake has no answer to ${operation}`);
    return typeof answer === "function" ? answer(question) : answer;
  };
  const registry = new Proxy({} as Registry, {
    get: (_, operation: string) => {
      if (operation === "then") return undefined;
      if (operation === "close") return async () => undefined;
      if (operation === "complete") return async (...question: unknown[]) => completeWith(options, question);
      return (question: unknown) => reply(operation, question);
    },
  });
  const isTerminal = options.terminal !== undefined;
  const columns = options.terminal ?? 80;
  const output = (name: "stdout" | "stderr") => ({
    write: (text: string) => {
      written[name] += text;
    },
    isTerminal,
    columns,
  });
  const io: Io = {
    stdout: output("stdout"),
    stderr: output("stderr"),
    stdin: { isTerminal, read: () => inputOf(options.stdin ?? "") },
    environment: { NO_COLOR: "1", ...options.environment },
    directory: options.directory ?? "/work",
    now: () => NOW,
    openRegistry: async (question) => {
      asked.push({ operation: "open", question });
      return registry;
    },
    initRegistry: (directory, question) => reply("init", { directory, ...question }),
    validateAnywhere: (question) => reply("validateAnywhere", question),
  };
  const code = await main(argv, io);
  return { code, ...written, asked };
}

function completeWith(options: RunOptions, question: readonly unknown[]): unknown {
  const words = options.answers?.complete;
  return typeof words === "function" ? words(...question) : [];
}

async function* inputOf(text: string): AsyncIterable<string> {
  yield text;
}
