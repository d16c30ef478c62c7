import { spawnSync } from "node:child_process";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
// biome-ignore lint/correctness/useImportExtensions: it takes the .d.mts beside for the module
import { makeRegistry } from "./make-registry.mjs";
import { time } from "./measure.mjs";
import { startGitServer, startLfsServer } from "./servers.mjs";
import { stir, stirAll } from "./workshop.mjs";

const NODE = [process.execPath, "-e", "0"];
const MEMORY = 150e6;
const TAG = "measured@v1.0.0";
const VERSION = "measured@1.0.0";

/**
 * What is measured over loopback: pushes and pulls against the official client on the same LFS server, readers by URL
 * against a smaller registry. Refs go over smart HTTP, bytes to a server that others wrote.
 */
export async function networkCasesOf(workshop, { server }) {
  const lab = await openLab(workshop, server);
  const { megabytes, files } = workshop;
  const big = { name: `${megabytes} MiB`, make: workshop.bigFile, stir, budgets: { push: 1, pull: 0.4 } };
  const many = { name: `${files} x 100 kB`, make: workshop.manyFiles, stir: stirAll, budgets: { push: 1, pull: 0.6 } };
  const cases = [
    pushCase(lab, big),
    pushCase(lab, many),
    publishCase(lab, big),
    publishCase(lab, many),
    pullCase(lab, big),
    pullCase(lab, many),
    ...cachedCases(lab, big),
    directoryCase(lab, big),
    ...urlCases(lab),
  ];
  return { cases, versions: lab.versions };
}

/** Servers start with the first row that needs them. */
async function openLab(workshop, serverName) {
  const { directory, environment: env, run, has } = workshop;
  const absent = ["git-lfs", "cp", "sync"].filter((program) => !has(program));
  const lfs = await startLfsServer(serverName, directory);
  if (lfs === null) absent.push(serverName);
  else workshop.atClose(lfs.close);
  const root = join(directory, "remotes");
  await mkdir(root);
  for (const [key, value] of CONFIGURATION) run("git", ["config", "--global", key, value]);
  const refs = await startGitServer(root, env);
  workshop.atClose(refs.close);
  let made = 0;
  return {
    ...workshop,
    root,
    refs,
    lfs,
    skip: absent.length === 0 ? undefined : `${absent.join(", ")} not installed`,
    versions: [
      has("git-lfs") ? run("git-lfs", ["--version"]).split(" ")[0] : null,
      lfs?.version,
      run("git", ["--version"]).trim(),
    ].filter(Boolean),
    /** A name that nothing has yet. */
    fresh: (what) => `${what}-${made++}`,
    /** What was written before is on the disk: nobody waits for the writes of others. */
    settle: () => void spawnSync("sync"),
  };
}

/** git-lfs as `git lfs install` sets it up, without the request for locks; what hosts allow a fetch to ask for. */
const CONFIGURATION = [
  ["filter.lfs.clean", "git-lfs clean -- %f"],
  ["filter.lfs.smudge", "git-lfs smudge -- %f"],
  ["filter.lfs.process", "git-lfs filter-process"],
  ["filter.lfs.required", "true"],
  ["lfs.locksverify", "false"],
  ["http.receivepack", "true"],
  ["uploadpack.allowFilter", "true"],
  ["uploadpack.allowAnySHA1InWant", "true"],
  ["advice.detachedHead", "false"],
];

function pushCase(lab, source) {
  return {
    name: `push, ${source.name}`,
    against: "git lfs push",
    skip: lab.skip,
    budget: source.budgets.push,
    memoryBudget: MEMORY,
    ours: (round) => pushed(lab, source, { commands: [lab.ours("push")], round }),
    floor: (round) => pushed(lab, source, { commands: [LFS_PUSH], round }),
  };
}

/** The same work on both sides: `git lfs push` moves no refs, and a version that nobody can see is not published. */
function publishCase(lab, source) {
  return {
    name: `push, ${source.name}, refs on both sides`,
    against: "git lfs push, git push",
    skip: lab.skip,
    budget: null,
    memoryBudget: MEMORY,
    ours: (round) => pushed(lab, source, { commands: [lab.ours("push")], round }),
    floor: (round) => pushed(lab, source, { commands: [LFS_PUSH, REF_PUSH], round }),
  };
}

const LFS_PUSH = ["git", "lfs", "push", "origin", TAG];
const REF_PUSH = ["git", "push", "-q", "--no-verify", "origin", TAG];

/** Content that no server has seen, in a registry and a store of its own. */
async function pushed(lab, { make, stir: change }, { commands, round }) {
  const source = await make();
  await change(source, lab.fresh(`round ${round}`));
  const draft = await draftOf(lab, source);
  try {
    lab.settle();
    const sample = await time(commands, { cwd: draft.registry, env: lab.environment, memory: true });
    await requireStored(draft);
    return sample;
  } finally {
    await draft.remove();
  }
}

/** A registry with one draft, its remote and its place at the LFS server. */
async function draftOf(lab, source) {
  const name = lab.fresh("push");
  const project = await lab.lfs.project(name);
  const registry = await emptyRegistry(lab, { name, remote: await bareRepository(lab, name), lfs: project.url });
  lab.call(["register", "measured", source, "--version", "1.0.0", "--no-push"], { cwd: registry });
  const { artifacts } = JSON.parse(lab.call(["resolve", VERSION, "--json"], { cwd: registry }));
  return {
    registry,
    project,
    artifacts,
    async remove() {
      await project.remove();
      for (const path of [registry, join(lab.root, `${name}.git`)]) await rm(path, { recursive: true, force: true });
    },
  };
}

async function bareRepository(lab, name) {
  lab.run("git", ["init", "-q", "--bare", "-b", "main", join(lab.root, `${name}.git`)]);
  return `${lab.refs.origin}/${name}.git`;
}

async function emptyRegistry(lab, { name, remote, lfs }) {
  const registry = join(lab.directory, name);
  lab.run("git", ["init", "-q", "-b", "main", registry]);
  lab.run("git", ["remote", "add", "origin", remote], { cwd: registry });
  if (lfs !== undefined) lab.run("git", ["config", "lfs.url", lfs], { cwd: registry });
  lab.call(["init"], { cwd: registry });
  return registry;
}

/** A push that sent nothing would be a fast one. */
async function requireStored({ project, artifacts }) {
  const { username, password, href } = new URL(project.url);
  const objects = artifacts.slice(-100).map(({ sha256, size }) => ({ oid: sha256, size }));
  const plain = href.replace(/\/\/[^@/]*@/, "//");
  const reply = await fetch(`${plain}/objects/batch`, {
    method: "POST",
    headers: {
      accept: "application/vnd.git-lfs+json",
      "content-type": "application/vnd.git-lfs+json",
      ...(username === "" ? {} : { authorization: `Basic ${btoa(`${username}:${password}`)}` }),
    },
    body: JSON.stringify({ operation: "download", transfers: ["basic"], objects }),
  });
  const answer = await reply.json();
  const stored = answer.objects?.filter(({ actions }) => actions?.download !== undefined).length;
  if (stored !== objects.length) throw new Error(`the server stores ${stored} of ${objects.length} objects`);
}

function pullCase(lab, source) {
  const published = publishedOf(lab, source);
  const expected = async (directory) => {
    const { files } = await published();
    const names = await readdir(directory);
    if (names.length < files) throw new Error(`${names.length} files of ${files} arrived in ${directory}`);
  };
  return {
    name: `pull, ${source.name}`,
    against: "git lfs pull",
    skip: lab.skip,
    budget: source.budgets.pull,
    memoryBudget: MEMORY,
    async ours() {
      const { clone } = await published();
      const [cache, out] = ["cache", "out"].map((what) => join(lab.directory, lab.fresh(what)));
      const env = { ...lab.environment, XDG_CACHE_HOME: cache };
      lab.settle();
      const sample = await time([lab.ours("pull", VERSION, "-o", out)], { cwd: clone, env, memory: true });
      await expected(out);
      for (const path of [cache, out, join(clone, ".git/lfs")]) await rm(path, { recursive: true, force: true });
      return sample;
    },
    async floor() {
      const { remote, lfs } = await published();
      const clone = join(lab.directory, lab.fresh("lfs-clone"));
      const env = { ...lab.environment, GIT_LFS_SKIP_SMUDGE: "1" };
      lab.run("git", ["clone", "-q", "-b", TAG, "-c", `lfs.url=${lfs}`, remote, clone], { env });
      lab.settle();
      const sample = await time([["git", "lfs", "pull"]], { cwd: clone, env: lab.environment });
      await expected(join(clone, "artifacts"));
      await rm(clone, { recursive: true, force: true });
      return sample;
    },
  };
}

/** A published version, its remote, and a clone that has everything but the bytes; made by the official clients. */
function publishedOf(lab, { make }) {
  let made;
  return () => {
    made ??= publish(lab, make);
    return made;
  };
}

async function publish(lab, make) {
  const name = lab.fresh("published");
  const { url: lfs } = await lab.lfs.project(name);
  const remote = await bareRepository(lab, name);
  const registry = await emptyRegistry(lab, { name, remote, lfs });
  lab.call(["register", "measured", await make(), "--version", "1.0.0", "--no-push"], { cwd: registry });
  lab.run("git", ["lfs", "push", "origin", TAG], { cwd: registry });
  lab.run("git", ["push", "-q", "--no-verify", "origin", TAG], { cwd: registry });
  const { artifacts } = JSON.parse(lab.call(["resolve", VERSION, "--json"], { cwd: registry }));
  await rm(registry, { recursive: true, force: true });
  const clone = join(lab.directory, `${name}-clone`);
  lab.run("git", ["clone", "-q", "-c", `lfs.url=${lfs}`, remote, clone]);
  return { remote, lfs, clone, files: artifacts.length };
}

/** A service asks for its model again: everything is in the cache. */
function cachedCases(lab, source) {
  const published = publishedOf(lab, source);
  const link = join(lab.directory, "current-model");
  const ways = { "--print-path": ["--print-path"], "--link": ["--link", link] };
  return Object.entries(ways).flatMap(([way, options]) =>
    [[], ["--offline"]].map((online) => ({
      name: `${["pull", way, ...online].join(" ")}, ${source.name} in the cache`,
      against: "node -e 0",
      skip: lab.skip,
      budget: 3,
      async ours() {
        const { clone } = await published();
        return time([lab.ours("pull", VERSION, ...options, ...online)], { cwd: clone, env: lab.environment });
      },
      floor: () => time([NODE], { env: lab.environment }),
    })),
  );
}

function directoryCase(lab, { name, make, stir: change }) {
  return {
    name: `push to a directory, ${name}`,
    against: "cp, sync",
    skip: lab.skip,
    budget: 1.3,
    memoryBudget: MEMORY,
    async ours(round) {
      const source = await make();
      await change(source, lab.fresh(`round ${round}`));
      const place = lab.fresh("directory");
      const bare = join(lab.root, `${place}.git`);
      await bareRepository(lab, place);
      const registry = await emptyRegistry(lab, { name: place, remote: bare });
      lab.call(["register", "measured", source, "--version", "1.0.0", "--no-push"], { cwd: registry });
      lab.settle();
      const sample = await time([lab.ours("push")], { cwd: registry, env: lab.environment, memory: true });
      for (const path of [registry, bare]) await rm(path, { recursive: true, force: true });
      return sample;
    },
    async floor() {
      const source = await make();
      const copy = join(lab.directory, "copy.bin");
      lab.settle();
      const commands = [
        ["cp", source, copy],
        ["sync", copy],
      ];
      const sample = await time(commands, { cwd: lab.directory, env: lab.environment });
      await rm(copy);
      return sample;
    },
  };
}

/** A reader with nothing but a URL must not pay for versions that it does not ask for. */
function urlCases(lab) {
  const many = once(() => servedRegistry(lab, { models: 1000, versions: 10 }));
  const few = once(() => servedRegistry(lab, { models: 10, versions: 10 }));
  const pull = async (registry, cache) => {
    const out = join(lab.directory, lab.fresh("url-out"));
    const env = { ...lab.environment, XDG_CACHE_HOME: cache, GIT_CONFIG_GLOBAL: registry.configuration };
    const command = lab.ours("pull", "model-0000@production", "--registry", registry.url, "-o", out);
    const sample = await time([command], { cwd: lab.directory, env });
    await rm(out, { recursive: true });
    return sample;
  };
  const first = async (registry) => {
    const cache = join(lab.directory, lab.fresh("url-cache"));
    const sample = await pull(registry, cache);
    await rm(cache, { recursive: true, force: true });
    return sample;
  };
  const warm = (registry) => pull(registry, join(lab.directory, `${registry.name}-cache`));
  return Object.entries({ "first time": first, warm }).map(([name, ask]) => ({
    name: `pull --registry URL, ${name}, 10000 versions`,
    against: "100 versions",
    skip: lab.skip,
    budget: 2,
    ours: async () => ask(await many()),
    floor: async () => ask(await few()),
  }));
}

async function servedRegistry(lab, size) {
  const name = lab.fresh("served");
  const bare = join(lab.root, `${name}.git`);
  await makeRegistry(bare, { ...size, bare: true, bytes: true });
  const project = await lab.lfs.project(name);
  lab.run("git", ["config", "lfs.url", project.url], { cwd: bare });
  const [oid] = /[0-9a-f]{64}/.exec(
    lab.run("git", ["show", "stage/production:models/model-0000/manifest.yaml"], { cwd: bare }),
  );
  lab.run("git", ["lfs", "push", "--object-id", project.url, oid], { cwd: bare });
  const configuration = join(lab.directory, `${name}.gitconfig`);
  lab.run("git", ["config", "--file", configuration, "lfs.url", project.url]);
  return { name, url: `${lab.refs.origin}/${name}.git`, configuration };
}

function once(make) {
  let made;
  return () => {
    made ??= make();
    return made;
  };
}
