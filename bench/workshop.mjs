import { spawnSync } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

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
  return {
    directory,
    environment,
    megabytes,
    /** argv of a git-model process */
    ours: (...args) => [process.execPath, PROGRAM, ...args],
    call,
    /** A registry with versions to read; made once. */
    readable: once(async () => (registry === undefined ? makeReadable(directory, call) : resolve(registry))),
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

async function makeReadable(directory, call) {
  const registry = join(directory, "readable");
  call(["init", "readable"]);
  await mkdir(join(directory, "out"));
  for (let index = 0; index < 100; index += 1) {
    await writeFile(join(directory, "out/model.bin"), `weights ${index}`);
    const model = `model-${index % 10}`;
    call(["--registry", registry, "register", model, "out/model.bin", "--metric", `accuracy=0.9${index}`]);
  }
  call(["--registry", registry, "promote", "model-0@1.0.0", "--to", "staging", "--direct"]);
  return registry;
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
