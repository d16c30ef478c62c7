import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { type Adapter, registryEnvironment } from "../../support/registry.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { runProgram } from "../contract/run-program.ts";
import type { Host } from "./hosts.ts";

const PROGRAM = fileURLToPath(new URL("../../../bin/git-model.js", import.meta.url));
const LFS = [
  '[filter "lfs"]',
  "clean = git-lfs clean -- %f",
  "smudge = git-lfs smudge -- %f",
  "process = git-lfs filter-process",
  "required = true",
];

/** Somebody at a machine of his own: an empty home and cache, and a directory where commands are typed. */
export interface Person {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Runs the real program with `--json`; throws unless it ends with this exit code. Answers its document. */
  model(words: readonly string[], options?: { readonly exit?: number; readonly at?: string }): Promise<Document>;
  /** Runs real git, with git-lfs installed; answers stdout. */
  git(words: readonly string[], options?: { readonly at?: string; readonly skipSmudge?: boolean }): Promise<string>;
  write(name: string, bytes: Uint8Array | string): Promise<string>;
  read(name: string): Promise<Buffer>;
}

// biome-ignore lint/suspicious/noExplicitAny: documents of any shape, checked elsewhere
type Document = any;

export async function personAt(host: Host, adapter: Adapter, changes: NodeJS.ProcessEnv = {}): Promise<Person> {
  const directory = await tempDir("git-model-person-");
  const config = join(await tempDir("git-model-config-"), "gitconfig");
  await writeFile(config, [...LFS, ...host.config, ""].join("\n"));
  const environment = await registryEnvironment(adapter, {
    GIT_CONFIG_GLOBAL: config,
    ...host.environment,
    ...changes,
  });
  const run = async (program: string, words: readonly string[], at = ".", more: NodeJS.ProcessEnv = {}) => {
    const place = { cwd: join(directory, at), environment: { ...environment, ...more } };
    const ran = await runProgram(program, words, place);
    for (const secret of host.secrets) expect(ran.stdout + ran.stderr).not.toContain(secret);
    return ran;
  };
  return {
    directory,
    environment,
    async model(words, { exit = 0, at } = {}) {
      const ran = await run(process.execPath, [PROGRAM, ...words, "--json"], at);
      if (ran.exit !== exit)
        throw new Error(`git model ${words.join(" ")}: exit ${ran.exit}\n${ran.stdout}${ran.stderr}`);
      return JSON.parse(ran.stdout);
    },
    async git(words, { at, skipSmudge = false } = {}) {
      const ran = await run("git", words, at, skipSmudge ? { GIT_LFS_SKIP_SMUDGE: "1" } : {});
      if (ran.exit !== 0) throw new Error(`git ${words.join(" ")}: exit ${ran.exit}\n${ran.stdout}${ran.stderr}`);
      return ran.stdout.replace(/\n$/, "");
    },
    async write(name, bytes) {
      const path = join(directory, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes);
      return path;
    },
    read: (name) => readFile(join(directory, name)),
  };
}
