import type { CheckAnswer, InitAnswer } from "../operations/answers.ts";
import type { InitQuestion } from "../operations/questions.ts";
import type { Registry } from "../operations/registry.ts";
import type { Given } from "./given.ts";
import type { Io } from "./io.ts";
import type { JsonShape } from "./json.ts";
import type { Line, View } from "./text/span.ts";

/** What a word or a value can be completed with. */
export type Completes = "command" | "file" | "folder" | "model" | "ref" | "shell" | "stage" | "none";

export interface ArgumentSpec {
  readonly name: string;
  readonly says: string;
  readonly completes: Completes;
  /** Default true. */
  readonly required?: boolean;
  readonly variadic?: boolean;
}

export interface OptionSpec {
  /** `--stage`, `--no-push` */
  readonly name: string;
  readonly short?: string;
  readonly says: string;
  /** Placeholder of its value; absent: the option takes none. */
  readonly value?: string;
  readonly completes?: Completes;
  readonly choices?: readonly string[];
  readonly repeats?: boolean;
  readonly required?: boolean;
}

export interface Example {
  readonly command: string;
  readonly says: string;
}

/** A command as data: the parser, help, completion, the man page and docs/commands.md are made from it. */
export interface CommandSpec {
  /** `promote`, `pr merge` */
  readonly name: string;
  readonly group: CommandGroup;
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Three of them, the usual one first. */
  readonly examples: readonly Example[];
  /** Paragraphs about what the options do not say. */
  readonly notes?: readonly string[];
}

export type CommandGroup = "start" | "look" | "release" | "measure" | "requests" | "check" | "use";

/** A parsed command line and what a handler may do with it. */
export interface Call {
  readonly given: Given;
  readonly io: Io;
  /** The caller's directory, after -C. */
  readonly directory: string;
  readonly json: boolean;
  readonly yes: boolean;
  /** Opens the registry; once per program, closed by its end. */
  open(): Promise<Registry>;
  init(directory: string | null, question: InitQuestion): Promise<InitAnswer>;
  validateFiles(files: readonly string[]): Promise<CheckAnswer>;
}

/** What a command has to say: one answer, two ways of telling it. */
export interface Outcome {
  readonly exitCode: number;
  readonly json: unknown;
  /** Order of the JSON's keys. */
  readonly shape: JsonShape;
  /** Lines for people; a plain string is printed as it is, for texts that other programs read. */
  readonly text: string | ((view: View) => readonly Line[]);
}

export type Handler = (call: Call) => Promise<Outcome>;
