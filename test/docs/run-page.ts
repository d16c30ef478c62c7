import { spawn } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isolatedEnvironment } from "../support/run-git.ts";
import { tempDir } from "../support/temp-repo.ts";
import type { Step } from "./page-steps.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** What really happened at a step. */
export interface Outcome {
  readonly step: Step;
  readonly exit: number;
  readonly output: readonly string[];
  /** Lines of the script, counted from 1, that failed although nobody asked for it. */
  readonly failed: readonly string[];
}

/**
 * Runs the steps of a page one after the other in one bash, as a reader with a fresh machine would: real files, the
 * real program, answers as on a terminal of 100 columns. `PROJECT` names this checkout.
 */
export async function runPage(steps: readonly Step[]): Promise<readonly Outcome[]> {
  const home = await tempDir("git-model-docs-");
  const notes = join(home, "notes");
  const work = join(home, "work");
  await Promise.all([mkdir(notes), mkdir(work), mkdir(join(home, "bin"))]);
  await symlink(join(PROJECT, "bin/git-model.js"), join(home, "bin/git-model"));
  await writeFile(join(home, "page.sh"), pageScript(steps, notes));
  await bash(join(home, "page.sh"), { cwd: work, env: readerEnvironment(home) });
  return Promise.all(steps.map((step, index) => outcomeOf(step, join(notes, String(index)))));
}

function pageScript(steps: readonly Step[], notes: string): string {
  const parts = steps.map(({ script, strict }, index) => {
    const note = `'${join(notes, String(index))}`;
    const trap = strict ? `trap 'echo "$BASH_COMMAND" >> ${join(notes, String(index))}.failed' ERR` : "trap - ERR";
    return `${trap}\n{ ${script}\n} > ${note}.out' 2>&1 < /dev/null; echo $? > ${note}.exit'\n`;
  });
  return `set -E\n${parts.join("\n")}`;
}

function readerEnvironment(home: string): NodeJS.ProcessEnv {
  const environment = isolatedEnvironment({
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    PATH: `${join(home, "bin")}:${process.env.PATH}`,
    PROJECT: PROJECT.replace(/\/$/, ""),
    GIT_MODEL_TTY: "100",
    NO_COLOR: "1",
  });
  for (const kind of ["AUTHOR", "COMMITTER"]) {
    environment[`GIT_${kind}_NAME`] = "ada";
    delete environment[`GIT_${kind}_DATE`];
  }
  return environment;
}

function bash(script: string, options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", [script], { ...options, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", () => resolve());
  });
}

async function outcomeOf(step: Step, note: string): Promise<Outcome> {
  const read = (suffix: string) => readFile(note + suffix, "utf8").catch(() => "");
  const [out, exit, failed] = await Promise.all([read(".out"), read(".exit"), read(".failed")]);
  return {
    step,
    exit: exit === "" ? -1 : Number(exit),
    output: linesOf(out),
    failed: linesOf(failed),
  };
}

function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
