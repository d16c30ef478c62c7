import { exitCodeOf, RegistryError } from "../errors.ts";
import { bad, faint, type Line } from "./text/span.ts";

/** An error as the command line tells it. */
export interface Failure {
  readonly exitCode: number;
  readonly lines: readonly Line[];
  readonly json: object;
}

/** A RegistryError with its code, findings and hint; anything else is our bug: exit 70, a stack only for debugging. */
export async function describeFailure(error: unknown, debug: boolean): Promise<Failure> {
  return error instanceof RegistryError ? known(error, debug) : bug(error, debug);
}

async function known(error: RegistryError, debug: boolean): Promise<Failure> {
  const { code, message, hint, retryable, findings } = error;
  const findingLines = findings.length === 0 ? [] : (await import("./views/parts.ts")).findingLines(findings, "  ");
  const repeated = findings.some((one) => one.hint === hint);
  return {
    exitCode: exitCodeOf(code),
    lines: [
      [bad(`error[${code}]`), `: ${message}`],
      ...findingLines,
      ...(hint === null || repeated
        ? []
        : hint.split("\n").map((line, index): Line => [faint(index === 0 ? "hint: " : "      "), line])),
      ...(debug ? stackLines(error) : []),
    ],
    json: { error: { code, message, hint, retryable, ...(findings.length === 0 ? {} : { findings }) } },
  };
}

const REPORT = "run it again with GIT_MODEL_DEBUG=1 and report what it prints";

function bug(error: unknown, debug: boolean): Failure {
  const message = `git-model has a bug: ${error instanceof Error ? error.message : String(error)}`;
  return {
    exitCode: 70,
    lines: [[bad("error[internal]"), `: ${message}`], [faint("hint: "), REPORT], ...(debug ? stackLines(error) : [])],
    json: { error: { code: "internal", message, hint: REPORT, retryable: false } },
  };
}

function stackLines(error: unknown): readonly Line[] {
  const lines: Line[] = [];
  for (let one = error; one instanceof Error && lines.length < 200; one = one.cause) {
    const caused = lines.length === 0 ? "" : "caused by ";
    lines.push(...`${caused}${one.stack ?? one.message}`.split("\n").map((line) => [faint(line)]));
  }
  return lines;
}
