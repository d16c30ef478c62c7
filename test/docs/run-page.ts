import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isolatedEnvironment } from "../support/run-git.ts";
import { tempDir } from "../support/temp-repo.ts";
import { startGitHost } from "./git-host.ts";
import type { Step } from "./page-steps.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = join(PROJECT, "bin/git-model.js");

/** What really happened at a step. */
export interface Outcome {
  readonly step: Step;
  readonly exit: number;
  readonly output: readonly string[];
  /** Lines of the script, counted from 1, that failed although nobody asked for it. */
  readonly failed: readonly string[];
}

interface PageOptions {
  /** There is a Git host: see `startGitHost`. */
  readonly withServer?: boolean;
}

/**
 * Runs the steps of a page one after the other in one bash, as a reader with a fresh machine would: real files, the
 * real program, answers as on a terminal of 100 columns. `PROJECT` names this checkout, `SLIM` a folder of programs
 * without Git, to be a PATH, and `FULL_PATH` the PATH that is given.
 */
export async function runPage(steps: readonly Step[], { withServer = false }: PageOptions = {}) {
  const home = await tempDir("git-model-docs-");
  const notes = join(home, "notes");
  const work = join(home, "work");
  const slim = join(home, "slim");
  await Promise.all([notes, work, slim, join(home, "bin")].map((path) => mkdir(path)));
  for (const folder of ["bin", "slim"]) await symlink(PROGRAM, join(home, folder, "git-model"));
  for (const name of SLIM_PROGRAMS) await symlink(await programPath(name), join(slim, name));
  await writeFile(join(home, "page.sh"), pageScript(steps, notes));
  const host = withServer ? await startGitHost(join(home, "host")) : null;
  try {
    await writeFile(join(home, ".gitconfig"), host?.config ?? "");
    const reader = readerEnvironment(home);
    const env = { ...reader, ...host?.environment, SLIM: slim, FULL_PATH: reader.PATH };
    await bash(join(home, "page.sh"), { cwd: work, env });
  } finally {
    host?.close();
  }
  return Promise.all(steps.map((step, index) => outcomeOf(step, join(notes, String(index)))));
}

/** What a slim image with Node has, as far as pages need it. */
const SLIM_PROGRAMS = "node env sh bash cat ls mkdir readlink sleep test touch rm cp mv".split(" ");

async function programPath(name: string): Promise<string> {
  if (name === "node") return process.execPath;
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.endsWith("node_modules/.bin"));
  for (const folder of folders) {
    const path = join(folder, name);
    if (existsSync(path)) return path;
  }
  throw new Error(`${name} is not on the PATH`);
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
  const environment: NodeJS.ProcessEnv = isolatedEnvironment({
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    GIT_CONFIG_GLOBAL: undefined,
    PATH: `${join(home, "bin")}:${process.env.PATH}`,
    PROJECT: PROJECT.replace(/\/$/, ""),
    GIT_MODEL_TTY: "100",
    NO_COLOR: "1",
  });
  for (const kind of ["AUTHOR", "COMMITTER"]) {
    environment[`GIT_${kind}_NAME`] = "ada";
    delete environment[`GIT_${kind}_DATE`];
  }
  for (const name of Object.keys(environment)) if (/^(https?|all|no)_proxy$/i.test(name)) delete environment[name];
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
