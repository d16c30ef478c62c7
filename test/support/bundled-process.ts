import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { basename, join } from "node:path";
import { buildSync } from "esbuild";
import { tempDir } from "./temp-repo.ts";

/** A script of the tests as one file that node runs without a loader, also for another user. */
export async function bundle(entry: string): Promise<string> {
  const script = join(await tempDir(), `${basename(entry, ".ts")}.mjs`);
  const options = {
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
    define: { GIT_MODEL_VERSION: '"0.0.0"' },
    // Libraries written for require find it.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  } as const;
  buildSync({ entryPoints: [entry], outfile: script, ...options });
  return script;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** Everything that it printed until now. */
  printed(): string;
  /** Waits until what it printed matches. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Closes its stdin and waits for its end; an end with anything but 0 throws what it said on stderr. */
  ends(): Promise<string>;
  /** Kills it with SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts a bundled script. */
export function run(script: string, ...args: readonly string[]): Running {
  const child = spawn(process.execPath, [script, ...args], { stdio: "pipe" });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  const ended = closed.then(() => "ended");
  return {
    child,
    printed: () => out,
    async says(pattern) {
      for (;;) {
        const match = pattern.exec(out);
        if (match !== null) return match;
        const next = await Promise.race([once(child.stdout, "data"), ended]);
        if (next === "ended" && pattern.exec(out) === null) throw new Error(`it ended with: ${out}${err}`);
      }
    },
    async ends() {
      child.stdin.end();
      const [code, signal] = await closed;
      if (code !== 0) throw new Error(`it ended with ${code ?? signal}: ${err}`);
      return out;
    },
    async kill() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
