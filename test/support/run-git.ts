import { spawn } from "node:child_process";

/** Seconds since 1970 of every commit that tests make by git, unless they say otherwise. */
export const TEST_TIME = 1_700_000_000;

/**
 * An environment that knows nothing of the machine: no global or system configuration, no home, one fixed identity
 * and date. `GIT_DIR` and the like of a surrounding hook are gone.
 */
export function isolatedEnvironment(overrides: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(GIT|GITHUB|GH|XDG|SSH)_/.test(name));
  return {
    ...Object.fromEntries(kept),
    HOME: "/nonexistent-home",
    XDG_CONFIG_HOME: "/nonexistent-home/.config",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    LC_ALL: "C",
    GIT_AUTHOR_NAME: "Ada Tester",
    GIT_AUTHOR_EMAIL: "ada@example.org",
    GIT_AUTHOR_DATE: `${TEST_TIME} +0000`,
    GIT_COMMITTER_NAME: "Ada Tester",
    GIT_COMMITTER_EMAIL: "ada@example.org",
    GIT_COMMITTER_DATE: `${TEST_TIME} +0000`,
    ...overrides,
  };
}

export interface GitCall {
  readonly cwd: string;
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  /** Exit codes that are no failure; 0 alone by default. */
  readonly exits?: readonly number[];
}

/** Runs real git in the isolated environment; answers stdout without the last line feed, throws with its stderr. */
export async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  return (await gitBytes({ cwd }, ...args)).toString("utf8").replace(/\n$/, "");
}

/** As `git`, with input and variables, answering the bytes of stdout. */
export function gitBytes(call: GitCall, ...args: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, { cwd: call.cwd, env: isolatedEnvironment(call.env) });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin.on("error", () => undefined);
    child.on("error", reject);
    child.on("close", (code) => {
      if ((call.exits ?? [0]).includes(code ?? -1)) resolve(Buffer.concat(out));
      else reject(new Error(`git ${args.join(" ")} in ${call.cwd}: exit ${code}\n${Buffer.concat(err).toString()}`));
    });
    child.stdin.end(call.input ?? "");
  });
}
