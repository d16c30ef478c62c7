import { spawnSync } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, open, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
// biome-ignore lint/correctness/useImportExtensions: it takes the .d.mts beside for the module
import { makeRegistry } from "./make-registry.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PROGRAM = join(ROOT, "bin/git-model.js");

/** A temporary directory with a registry to read and another to write into, isolated from the machine's configuration. */
export async function openWorkshop({ registry, megabytes, files }) {
  if (!existsSync(join(ROOT, "dist/cli/main.js"))) throw new Error("git-model is not built: npm run build");
  const directory = await mkdtemp(join(tmpdir(), "git-model-bench-"));
  const environment = environmentOf(directory);
  const run = (file, args, { cwd = directory, env = environment } = {}) => {
    const { status, stdout, stderr, error } = spawnSync(file, args, { cwd, env, encoding: "utf8", maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(`${file} ${args.join(" ")}: ${error ?? `exit ${status}`}\n${stderr}`);
    return stdout;
  };
  const call = (args, options) => run(process.execPath, [PROGRAM, ...args], options);
  const closing = [];
  const made = async (name, size) => {
    await makeRegistry(join(directory, name), size);
    return join(directory, name);
  };
  return {
    directory,
    environment,
    megabytes,
    files,
    /** Runs a program to its end and answers stdout; throws when it fails. Not measured. */
    run,
    /** The same with git-model. */
    call,
    /** argv of a git-model process */
    ours: (...args) => [process.execPath, PROGRAM, ...args],
    /** A registry with 10,000 versions of 1,000 models to read; made once. */
    large: once(async () =>
      registry === undefined ? made("large", { models: 1000, versions: 10 }) : resolve(registry),
    ),
    /** The same with 100 versions of 10 models. */
    small: once(async () => made("small", { models: 10, versions: 10 })),
    /** An empty registry without a remote. */
    writable: once(async () => {
      call(["init", "writable"]);
      return join(directory, "writable");
    }),
    bigFile: once(() => makeBigFile(join(directory, "big.bin"), megabytes)),
    /** A directory of small files of 100 kB each. */
    manyFiles: once(() => makeManyFiles(join(directory, "many"), files)),
    has: (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined,
    /** What has to end before the directory goes. */
    atClose: (close) => closing.push(close),
    async close() {
      for (const each of closing.reverse()) await each();
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Makes every file of a directory another one. */
export async function stirAll(directory, round) {
  for (const name of await readdir(directory)) await stir(join(directory, name), `${round} of ${name}`);
}

/** Makes the file another one, so that registering it again stores it again. */
export async function stir(path, round) {
  const file = await open(path, "r+");
  try {
    await file.write(Buffer.from(`round ${round} of ${process.pid}`), 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function makeBigFile(path, megabytes) {
  const stream = createWriteStream(path);
  const block = Buffer.alloc(1 << 20);
  for (let index = 0; index < megabytes; index += 1) {
    block.writeUInt32LE(index, 0);
    if (!stream.write(Buffer.from(block))) await new Promise((go) => stream.once("drain", go));
  }
  await new Promise((go, stop) => stream.end((error) => (error ? stop(error) : go())));
  return path;
}

async function makeManyFiles(path, count) {
  await mkdir(path);
  const names = Array.from({ length: count }, (_, index) => `part-${String(index).padStart(4, "0")}.bin`);
  for (const name of names) await writeFile(join(path, name), Buffer.alloc(100_000, name));
  return path;
}

function environmentOf(directory) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(GIT|GITHUB|GH|XDG)_/.test(name));
  return {
    ...Object.fromEntries(kept),
    HOME: directory,
    XDG_CACHE_HOME: join(directory, "cache"),
    GIT_CONFIG_GLOBAL: join(directory, ".gitconfig"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "ada",
    GIT_AUTHOR_EMAIL: "ada@example.org",
    GIT_COMMITTER_NAME: "ada",
    GIT_COMMITTER_EMAIL: "ada@example.org",
  };
}

function once(make) {
  let made;
  return () => {
    made ??= make();
    return made;
  };
}
