import type { Io } from "./io.ts";
import { paint } from "./text/span.ts";

/** Asks a question on the terminal; only `y` and `yes` are a yes. */
export async function confirm(io: Pick<Io, "stdin" | "stderr">, question: string): Promise<boolean> {
  io.stderr.write(`${paint([[question]], false).trimEnd()} [y/N] `);
  let answer = "";
  for await (const chunk of io.stdin.read()) {
    answer += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
    if (answer.includes("\n")) break;
  }
  return /^\s*y(es)?\s*$/i.test(answer);
}
