import { invariant } from "../errors.ts";
import type { Arranged } from "./arrange-arguments.ts";
import type { CommandSpec, Outcome } from "./command.ts";
import { type Io, processIo as ioOfProcess, type TextOutput } from "./io.ts";
import { paint, type View } from "./text/span.ts";

declare const GIT_MODEL_VERSION: string;

/** The world as the launcher hands it to `main`. */
export function processIo(): Io {
  return ioOfProcess();
}

/**
 * Runs a command line and answers its exit code (CLI.md "Exit codes"): answers on stdout, everything else on stderr,
 * with `--json` one document on stdout, errors too. Never ends the process. What is heavy is loaded by the command
 * that needs it: `--version` and help load nothing of the registry.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  if (argv.length === 1 && argv[0] === "--version") return printVersion(io, false);
  if (argv[0] === "__complete") return complete(argv.slice(1), io);
  const { arrangeArguments, wantsJson } = await import("./arrange-arguments.ts");
  const json = wantsJson(argv);
  try {
    return await run(arrangeArguments(argv), io);
  } catch (error) {
    if (isClosedPipe(error)) return 0;
    return fail(error, io, { json, colour: !argv.includes("--no-color") });
  }
}

async function run(arranged: Arranged, io: Io): Promise<number> {
  if (arranged.version) return printVersion(io, arranged.json);
  const { command } = arranged;
  const outcome = command === null || arranged.help ? await explain(command) : await answer(command, arranged, io);
  await print(outcome, io, arranged);
  return outcome.exitCode;
}

async function explain(command: CommandSpec | null): Promise<Outcome> {
  const { helpOutcome } = await import("./commands/help.ts");
  return helpOutcome(command === null ? "" : command.name);
}

async function answer(command: CommandSpec, arranged: Arranged, io: Io): Promise<Outcome> {
  const [{ parseCommand }, { openSession }, { HANDLERS }] = await Promise.all([
    import("./parse-command.ts"),
    import("./session.ts"),
    import("./handlers.ts"),
  ]);
  const given = parseCommand(command, arranged);
  const handler = await HANDLERS.get(command.name)?.();
  invariant(handler !== undefined, `nothing runs ${command.name}`);
  const session = openSession(io, { ...arranged, colour: isColoured(io.stderr, io, arranged.colour) });
  try {
    const { json, yes } = arranged;
    return await handler({ given, io, json, yes, ...session.call });
  } finally {
    await session.close();
  }
}

async function print(outcome: Outcome, io: Io, { json, colour }: Arranged): Promise<void> {
  if (json) {
    const { formatJson } = await import("./json.ts");
    io.stdout.write(formatJson(outcome.json, outcome.shape));
    return;
  }
  const { text } = outcome;
  const shown = typeof text === "string" ? text : paint(text(viewOf(io)), isColoured(io.stdout, io, colour));
  if (shown !== "") io.stdout.write(shown);
}

function viewOf(io: Io): View {
  return { isTerminal: io.stdout.isTerminal, columns: io.stdout.columns, now: io.now() };
}

function isColoured(output: TextOutput, { environment }: Io, wanted: boolean): boolean {
  const refused = (environment.NO_COLOR ?? "") !== "" || environment.TERM === "dumb";
  return wanted && output.isTerminal && !refused;
}

async function fail(
  error: unknown,
  io: Io,
  how: { readonly json: boolean; readonly colour: boolean },
): Promise<number> {
  const { describeFailure } = await import("./failure.ts");
  const debug = (io.environment.GIT_MODEL_DEBUG ?? "") !== "";
  const { exitCode, lines, json } = await describeFailure(error, debug);
  if (how.json) {
    const [{ formatJson }, { SHAPES }] = await Promise.all([import("./json.ts"), import("./json-shapes.ts")]);
    io.stdout.write(formatJson(json, SHAPES.error));
  }
  if (!how.json || debug) io.stderr.write(paint(lines, isColoured(io.stderr, io, how.colour)));
  return exitCode;
}

function printVersion(io: Io, json: boolean): number {
  io.stdout.write(
    json ? `{\n  "version": ${JSON.stringify(GIT_MODEL_VERSION)}\n}\n` : `git-model ${GIT_MODEL_VERSION}\n`,
  );
  return 0;
}

/** A shell asks for words in the middle of typing: whatever goes wrong, it gets none and no noise. */
async function complete(words: readonly string[], io: Io): Promise<number> {
  try {
    const { completeWords } = await import("./complete.ts");
    const found = await completeWords(words[0] === "--" ? words.slice(1) : words, io);
    io.stdout.write(found.map((word) => `${word}\n`).join(""));
  } catch {
    // Nothing to offer.
  }
  return 0;
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}
