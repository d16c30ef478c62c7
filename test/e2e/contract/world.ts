import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Io } from "../../../src/cli/io.ts";
import { main } from "../../../src/cli/main.ts";
import { initRegistry, openRegistry, validateAnywhere } from "../../../src/compose.ts";
import { type Adapter, registryEnvironment } from "../../support/registry.ts";
import { git } from "../../support/run-git.ts";
import { tempDir } from "../../support/temp-repo.ts";

/** What a command line printed and how it ended. */
export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Typing {
  readonly stdin?: string;
  /** Columns of the terminal; absent: piped. */
  readonly terminal?: number;
  readonly environment?: NodeJS.ProcessEnv;
  readonly directory?: string;
}

/** A directory where somebody types, a registry with a bare directory as its server, isolated from the machine. */
export interface World {
  readonly adapter: Adapter;
  /** Where the commands are typed; no repository. */
  readonly directory: string;
  /** The registry's working tree: `<directory>/models`. */
  readonly path: string;
  readonly server: string;
  readonly environment: NodeJS.ProcessEnv;
  run(words: readonly string[], typing?: Typing): Promise<Ran>;
  /** Runs with `--json` and reads the one document; throws unless stdout is exactly that. */
  json(words: readonly string[], typing?: Typing): Promise<Answered>;
  file(name: string, content: string | Uint8Array): Promise<string>;
  /** Commits registry.yaml on the default branch and pushes it. */
  policy(text: string): Promise<void>;
  /** A digest of every ref and of the names of all objects, here and at the server. */
  state(): Promise<string>;
}

export interface Answered extends Ran {
  // biome-ignore lint/suspicious/noExplicitAny: documents of any shape, checked by the schemas of shapes.ts
  readonly document: any;
}

/** Nothing yet but an empty directory, an empty bare repository and an environment. */
export async function emptyWorld(adapter: Adapter): Promise<World> {
  const directory = await tempDir("git-model-contract-");
  const environment = await registryEnvironment(adapter, { GIT_MODEL_REGISTRY: join(directory, "models") });
  await git(directory, "init", "-q", "--bare", "-b", "main", join(directory, "server.git"));
  return worldAt(directory, adapter, environment);
}

function worldAt(directory: string, adapter: Adapter, environment: NodeJS.ProcessEnv): World {
  const path = join(directory, "models");
  const server = join(directory, "server.git");
  const world: World = {
    adapter,
    directory,
    path,
    server,
    environment,
    run: (words, typing = {}) => runWords(words, { directory, ...typing, base: environment }),
    async json(words, typing = {}) {
      const ran = await world.run([...words, "--json"], typing);
      return { ...ran, document: oneDocument(ran, words) };
    },
    async file(name, content) {
      const place = join(directory, name);
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, content);
      return place;
    },
    async policy(text) {
      await writeFile(join(path, "registry.yaml"), text);
      await git(path, "commit", "-qm", "Change the policy", "registry.yaml");
      await git(path, "push", "-q", "origin", "main");
    },
    async state() {
      const parts = await Promise.all([refsAndObjects(join(path, ".git")), refsAndObjects(server)]);
      return parts.join(" ");
    },
  };
  return world;
}

/** The registry of most rows: initialised, with its server, policy published. */
export async function initialised(adapter: Adapter, policy: string): Promise<World> {
  const world = await emptyWorld(adapter);
  await expectZero(world.run(["init", "models"]));
  await git(world.path, "remote", "add", "origin", world.server);
  await world.policy(policy);
  await expectZero(world.run(["push"]));
  return world;
}

/** The same registry and server once more, in a directory of its own, to be damaged at will. */
export async function copyOf(world: World): Promise<World> {
  const directory = await tempDir("git-model-contract-");
  await cp(world.directory, directory, { recursive: true, verbatimSymlinks: true });
  const config = join(directory, "models/.git/config");
  await writeFile(config, (await readFile(config, "utf8")).replaceAll(world.directory, directory));
  return worldAt(directory, world.adapter, {
    ...(await registryEnvironment(world.adapter)),
    GIT_MODEL_REGISTRY: join(directory, "models"),
  });
}

export async function expectZero(running: Promise<Ran>): Promise<Ran> {
  const ran = await running;
  if (ran.exit !== 0) throw new Error(`exit ${ran.exit}: ${ran.stdout}${ran.stderr}`);
  return ran;
}

async function runWords(
  words: readonly string[],
  typing: Typing & { readonly base: NodeJS.ProcessEnv; readonly directory: string },
): Promise<Ran> {
  const written = { stdout: "", stderr: "" };
  const output = (name: "stdout" | "stderr") => ({
    isTerminal: typing.terminal !== undefined,
    columns: typing.terminal ?? 80,
    write(text: string) {
      written[name] += text;
    },
  });
  const environment = Object.entries({ ...typing.base, ...typing.environment });
  const io: Io = {
    stdout: output("stdout"),
    stderr: output("stderr"),
    stdin: { isTerminal: typing.terminal !== undefined, read: () => inputOf(typing.stdin ?? "") },
    environment: Object.fromEntries(environment.filter(([, value]) => value !== undefined)),
    directory: typing.directory,
    now: () => Date.now(),
    openRegistry,
    initRegistry,
    validateAnywhere,
  };
  return { exit: await main(words, io), ...written };
}

async function* inputOf(text: string): AsyncGenerator<string> {
  yield text;
}

function oneDocument(ran: Ran, words: readonly string[]): unknown {
  try {
    return JSON.parse(ran.stdout);
  } catch {
    throw new Error(`${words.join(" ")} printed no JSON document: ${JSON.stringify(ran)}`);
  }
}

/** Read from the files themselves: both adapters write the same layout, and no process is needed. */
async function refsAndObjects(gitDir: string): Promise<string> {
  const hash = createHash("sha256");
  for (const folder of ["refs", "objects", "lfs/objects"]) {
    const names = await readdir(join(gitDir, folder), { recursive: true, withFileTypes: true }).catch(() => []);
    const files = names.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
    for (const file of files.sort()) hash.update(folder === "refs" ? `${file} ${await readFile(file, "utf8")}` : file);
  }
  for (const file of ["packed-refs", "HEAD"]) hash.update(await readFile(join(gitDir, file), "utf8").catch(() => ""));
  return hash.digest("hex");
}
