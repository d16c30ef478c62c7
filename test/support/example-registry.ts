import { readFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "../../src/cli/main.ts";
import { initRegistry, openRegistry, validateAnywhere } from "../../src/compose.ts";
import { git, isolatedEnvironment } from "./run-git.ts";
import { tempDir } from "./temp-repo.ts";

/** The folder registry.example/ of this project, where its commands are typed. */
export const EXAMPLE = fileURLToPath(new URL("../../registry.example/", import.meta.url));

/** What a command line printed and how it ended. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExampleRegistry {
  /** The registry's working tree. */
  readonly path: string;
  /** The bare directory that plays the server. */
  readonly server: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Runs `git model …` in this process; the words are separated by blanks. */
  run(line: string, directory?: string): Promise<Ran>;
}

export interface ExampleOptions {
  readonly git?: "native" | "embedded";
}

/** The example's registry with its policy, a directory remote and no version yet. */
export async function emptyExampleRegistry({ git: kind = "native" }: ExampleOptions = {}): Promise<ExampleRegistry> {
  const home = await tempDir("git-model-example-");
  const path = join(home, "registry");
  const server = join(home, "server.git");
  const environment = isolatedEnvironment({ HOME: home, GIT_MODEL_REGISTRY: path, GIT_MODEL_GIT: kind });
  for (const name of ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"]) delete environment[name];
  const run = (line: string, directory = EXAMPLE) => runLine(line, { directory, environment });
  await git(home, "init", "-q", "--bare", server);
  await expectZero(run(`git model init ${path}`, home));
  await copyFile(join(EXAMPLE, "registry.yaml"), join(path, "registry.yaml"));
  await git(path, "commit", "-qm", "Add the gates", "registry.yaml");
  await git(path, "remote", "add", "origin", server);
  await git(path, "push", "-q", "origin", "main");
  await expectZero(run("git model push"));
  return { path, server, environment, run };
}

/** The whole example: every command of commands.txt has run. */
export async function exampleRegistry(options: ExampleOptions = {}): Promise<ExampleRegistry> {
  const registry = await emptyExampleRegistry(options);
  await Promise.all([...commandsByModel().values()].map((lines) => inOrder(registry, lines)));
  return registry;
}

/** Models are registered side by side, as training jobs do; the versions of one in their order. */
function commandsByModel(): ReadonlyMap<string, readonly string[]> {
  const models = new Map<string, readonly string[]>();
  for (const { line } of exampleCommands("commands.txt")) {
    const model = line.split(" ")[3] ?? "";
    models.set(model, [...(models.get(model) ?? []), line]);
  }
  return models;
}

async function inOrder(registry: ExampleRegistry, lines: readonly string[]): Promise<void> {
  for (const line of lines) await expectZero(registry.run(line));
}

/** The command lines of commands.txt or story.txt, with the exit code that their comment announces. */
export function exampleCommands(file: string): readonly { readonly line: string; readonly exit: number }[] {
  return readFileSync(join(EXAMPLE, file), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("git model "))
    .map((line) => ({ line: line.replace(/ *#.*$/, ""), exit: Number(/# exit (\d+)$/.exec(line)?.[1] ?? 0) }));
}

async function runLine(
  line: string,
  { directory, environment }: { readonly directory: string; readonly environment: NodeJS.ProcessEnv },
): Promise<Ran> {
  const written = { stdout: "", stderr: "" };
  const output = (name: "stdout" | "stderr") => ({
    isTerminal: false,
    columns: 100,
    write(text: string) {
      written[name] += text;
    },
  });
  const exitCode = await main(line.replace(/^git model /, "").split(/ +/), {
    stdout: output("stdout"),
    stderr: output("stderr"),
    stdin: { isTerminal: false, read: noInput },
    environment,
    directory,
    now: () => Date.now(),
    openRegistry,
    initRegistry,
    validateAnywhere,
  });
  return { exitCode, ...written };
}

async function* noInput(): AsyncGenerator<string> {}

async function expectZero(running: Promise<Ran>): Promise<Ran> {
  const ran = await running;
  if (ran.exitCode !== 0) throw new Error(`exit ${ran.exitCode}: ${ran.stdout}${ran.stderr}`);
  return ran;
}
