import { spawn } from "node:child_process";
import type { Ran } from "./world.ts";

/** Runs a real program to its end; never throws for its exit code. */
export function runProgram(
  program: string,
  args: readonly string[],
  place: { readonly cwd: string; readonly environment: NodeJS.ProcessEnv },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: place.cwd, env: place.environment, stdio: ["ignore", "pipe", "pipe"] });
    const written = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      written.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      written.stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ exit: code ?? -1, ...written }));
  });
}
