import { RegistryError } from "../errors.ts";
import type { CheckAnswer, InitAnswer } from "../operations/answers.ts";
import type { InitQuestion, ValidateQuestion } from "../operations/questions.ts";
import type { Registry, RegistryOptions } from "../operations/registry.ts";

/** A stream that text is written to. */
export interface TextOutput {
  write(text: string): unknown;
  readonly isTerminal: boolean;
  /** Width of the terminal; 80 where it is not known. */
  readonly columns: number;
}

/** Everything the command line knows of the world: a test hands in its own. */
export interface Io {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Standard input; read only for `-` and for an answer to a question. */
  readonly stdin: { readonly isTerminal: boolean; read(): AsyncIterable<string | Uint8Array> };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  /** Milliseconds since 1970. */
  now(): number;
  openRegistry(options: RegistryOptions): Promise<Registry>;
  /** A null directory: the repository around the caller. */
  initRegistry(directory: string | null, question: InitQuestion, options: RegistryOptions): Promise<InitAnswer>;
  /** Checks files where there is no registry around. */
  validateAnywhere(question: ValidateQuestion, options: RegistryOptions): Promise<CheckAnswer>;
}

/**
 * The process's own streams, environment, directory and clock. `GIT_MODEL_TTY=100` shows answers as on a terminal of
 * 100 columns where stdout is none: for recordings, and for CI logs that understand colours.
 */
export function processIo(): Io {
  const asTerminal = Number(process.env.GIT_MODEL_TTY);
  const stdout = outputOf(process.stdout);
  return {
    stdout: asTerminal > 0 ? { write: stdout.write, isTerminal: true, columns: asTerminal } : stdout,
    stderr: outputOf(process.stderr),
    stdin: { isTerminal: process.stdin.isTTY === true, read: () => process.stdin },
    environment: process.env,
    get directory() {
      return workingDirectory();
    },
    now: () => Date.now(),
    openRegistry: async (options) => (await import("../compose.ts")).openRegistry(options),
    initRegistry: async (directory, question, options) =>
      (await import("../compose.ts")).initRegistry(directory, question, options),
    validateAnywhere: async (question, options) => (await import("../compose.ts")).validateAnywhere(question, options),
  };
}

/** Throws `usage` where somebody removed it meanwhile: nothing can be relative to it any more. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new RegistryError("usage", "the current directory does not exist any more", {
      hint: "change to a directory that exists, with cd",
      cause,
    });
  }
}

function outputOf(stream: NodeJS.WriteStream): TextOutput {
  return {
    write: (text) => stream.write(text),
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 80;
    },
  };
}
