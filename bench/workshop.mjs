import { spawnSync } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
// biome-ignore lint/correctness/useImportExtensions: it takes the .d.mts beside for the module
import { makeRegistry } from "./make-registry.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PROGRAM = join(ROOT, "bin/git-model.js");

/** A temporary directory with a registry to read and another to write into, isolated from the machine's configuration. */
export async function openWorkshop({ registry, megabytes }) {
  if (!existsSync(join(ROOT, "dist/cli/main.js"))) throw new Error("git-model is not built: npm run build");
  const directory = await mkdtemp(join(tmpdir(), "git-model-bench-"));
  const environment = environmentOf(directory);
  const call = (args, cwd = directory) => {
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
      cwd,
      env: environment,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`git-model ${args.join(" ")}: exit ${status}\n${stderr}`);
  };
  const made = async (name, size) => {
    await makeRegistry(join(directory, name), size);
    return join(directory, name);
  };
  return {
    directory,
    environment,
    megabytes,
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
    has: (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined,
    close: () => rm(directory, { recursive: true, force: true }),
  };
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
