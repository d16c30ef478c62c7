import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * A registry of any size in seconds, through `git fast-import`: what register, promote and reconcile would have written,
 * to the byte. Ids are computed here as well, because release tags name them.
 *
 * @param {string} directory A new directory.
 * @param {import("./make-registry.d.mts").RegistrySize} size
 * @returns {Promise<import("./make-registry.d.mts").MadeRegistry>}
 */
export async function makeRegistry(directory, size) {
  const { models, versions, bare = false, bytes = false } = size;
  await mkdir(directory, { recursive: true });
  await git(directory, ["init", "-q", "-b", "main", ...(bare ? ["--bare"] : [])]);
  const names = Array.from({ length: models }, (_, index) => `model-${String(index).padStart(4, "0")}`);
  const importer = startImport(directory);
  const registry = new Writer(importer);
  await registry.begin();
  for (let round = 0; round < versions; round++) {
    for (const name of names) await registry.register(name, round);
    if (round % 2 === 0) for (const name of names) await registry.release(name, "staging");
    if (round % 4 === 0) for (const name of names) await registry.release(name, "production");
  }
  await importer.end();
  await git(directory, ["pack-refs", "--all"]);
  await git(directory, ["update-ref", "-d", "refs/scratch"]);
  if (!bare) await git(directory, ["reset", "-q", "--hard", "main"]);
  if (bytes) await storeBytes(bare ? directory : join(directory, ".git"), registry.artifacts);
  return { models: names, versions: models * versions, releases: registry.releases };
}

export const POLICY = `schemaVersion: 1
name: measured
stages:
  staging: {}
  production:
    from: [staging]
    gates:
      - { metric: f1, maxRegression: 0.2 }
score: { weights: { accuracy: 0.6, f1: 0.4 } }
`;

const ATTRIBUTES = "/artifacts/** filter=lfs diff=lfs merge=lfs -text linguist-generated=true\n";
const BY = "Bench <bench@example.org>";
const START = 1_700_000_000;
const METRICS = ["accuracy", "auc", "f1", "log_loss", "precision", "recall"];

class Writer {
  artifacts = [];
  releases = 0;
  #out;
  #seconds = START;
  #models = new Map();
  #stages = new Map();
  #marks = new Map();

  constructor(out) {
    this.#out = out;
  }

  async begin() {
    const policy = blob(POLICY);
    await this.#out.write(blobCommand(POLICY) + blobCommand(ATTRIBUTES));
    const tree = treeOf([{ name: "registry.yaml", mode: "100644", id: policy }]);
    await this.#commit("refs/heads/main", { message: "Make the registry\n", tree, parent: null }, [
      `M 100644 ${policy} registry.yaml`,
    ]);
    for (const stage of ["staging", "production"]) {
      const root = { message: `Create stage ${stage}\n`, tree: treeOf([]), parent: null };
      const by = "git-model <git-model@invalid> 0 +0000";
      const tip = await this.#commit(`refs/heads/stage/${stage}`, root, [], by);
      this.#stages.set(stage, { tip, held: new Map(), numbers: new Map(), last: new Map() });
    }
  }

  async register(name, round) {
    const version = `1.${round}.0`;
    const content = `${name} ${version}\n`;
    const sha256 = createHash("sha256").update(content).digest("hex");
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${content.length}\n`;
    const manifest = manifestText(name, version, { sha256, size: content.length, round });
    const files = [
      { name: ".gitattributes", mode: "100644", id: blob(ATTRIBUTES) },
      { name: "artifacts", mode: "40000", id: treeOf([{ name: "model.onnx", mode: "100644", id: blob(pointer) }]) },
      { name: "manifest.yaml", mode: "100644", id: blob(manifest) },
    ];
    const before = this.#models.get(name);
    await this.#out.write(blobCommand(pointer) + blobCommand(manifest));
    const message = `${name} ${version}\n`;
    const tree = treeOf(files);
    const commit = await this.#commit("refs/scratch", { message, tree, parent: before?.commit ?? null }, [
      "deleteall",
      `M 100644 ${files[0].id} .gitattributes`,
      `M 100644 ${blob(pointer)} artifacts/model.onnx`,
      `M 100644 ${files[2].id} manifest.yaml`,
    ]);
    const tag = await this.#tag(`${name}@v${version}`, { commit, message, by: `${BY} ${this.#seconds} +0000` });
    this.#models.set(name, { version, commit, tree, tag });
    this.artifacts.push({ sha256, content });
  }

  async release(name, stage) {
    const { version, commit, tree, tag } = this.#models.get(name);
    const view = this.#stages.get(stage);
    const previous = view.held.get(name)?.version ?? "none";
    view.held.set(name, { version, tree });
    const entries = [...view.held].map(([model, held]) => ({ name: model, mode: "40000", id: held.tree }));
    const root = treeOf([{ name: "models", mode: "40000", id: treeOf(entries) }]);
    const line = `Release ${name} ${version} to ${stage}`;
    view.tip = await this.#commit(`refs/heads/stage/${stage}`, { message: `${line}\n`, tree: root, parent: view.tip }, [
      `M 040000 ${tree} models/${name}`,
    ]);
    const number = (view.numbers.get(name) ?? 0) + 1;
    view.numbers.set(name, number);
    const facts = `Kind: release\nVersion: ${version}\nPrevious: ${previous}\nStage-Commit: ${view.tip}\nVersion-Tag: ${tag}`;
    await this.#tag(`${name}#${stage}#${number}`, {
      commit,
      message: `${line}\n\n${facts}\n`,
      by: `${BY} ${this.#seconds} +0000`,
    });
    this.releases += 1;
  }

  async #commit(ref, { message, tree, parent }, changes, by = `${BY} ${++this.#seconds} +0000`) {
    const text = `tree ${tree}\n${parent === null ? "" : `parent ${parent}\n`}author ${by}\ncommitter ${by}\n\n${message}`;
    const from = parent === null ? `reset ${ref}\n` : "";
    // An object of the pack that is being written can be named by its mark alone.
    const lines = parent === null ? changes : [`from :${this.#marks.get(parent)}`, ...changes];
    const id = hash("commit", text);
    this.#marks.set(id, this.#marks.size + 1);
    await this.#out.write(
      `${from}commit ${ref}\nmark :${this.#marks.size}\nauthor ${by}\ncommitter ${by}\n${data(message)}${lines.map((line) => `${line}\n`).join("")}\n`,
    );
    return id;
  }

  async #tag(name, { commit, message, by }) {
    await this.#out.write(`tag ${name}\nfrom ${commit}\ntagger ${by}\n${data(message)}`);
    return hash("tag", `object ${commit}\ntype commit\ntag ${name}\ntagger ${by}\n\n${message}`);
  }
}

function manifestText(name, version, { sha256, size, round }) {
  const seed = Number.parseInt(sha256.slice(0, 6), 16);
  const metrics = METRICS.map((metric, index) => `  ${metric}: 0.${8000 + ((seed >> index) % 1000) + round}\n`).join(
    "",
  );
  return `schemaVersion: 1
model: ${name}
version: ${version}
title: "Model ${name} of the measured registry"
task: binary-classification
framework: { name: lightgbm, version: "4.5.0" }
artifacts:
  - { path: model.onnx, role: model, format: onnx, sha256: "${sha256}", size: ${size} }
metrics:
${metrics}evaluation:
  dataset:
    name: holdout-2026q3
    sha256: "${"ab".repeat(32)}"
params:
  learning_rate: 0.05
  max_depth: 8
  n_estimators: ${400 + round}
labels:
  team: ${seed % 2 === 0 ? "risk" : "growth"}
`;
}

async function storeBytes(gitDir, artifacts) {
  for (const { sha256, content } of artifacts) {
    const path = join(gitDir, "lfs/objects", sha256.slice(0, 2), sha256.slice(2, 4), sha256);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

function startImport(directory) {
  const child = spawn("git", ["fast-import", "--quiet", "--force", "--date-format=raw"], {
    cwd: directory,
    stdio: ["pipe", "ignore", "inherit"],
  });
  const closed = once(child, "close");
  return {
    async write(text) {
      if (!child.stdin.write(text)) await once(child.stdin, "drain");
    },
    async end() {
      child.stdin.end("done\n");
      const [code] = await closed;
      if (code !== 0) throw new Error(`git fast-import: exit ${code}`);
    },
  };
}

async function git(directory, args) {
  const child = spawn("git", args, { cwd: directory, stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`git ${args.join(" ")}: exit ${code}`);
}

function blobCommand(text) {
  return `blob\n${data(text)}`;
}

function data(text) {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

function blob(text) {
  return hash("blob", text);
}

function treeOf(entries) {
  const sorted = entries.map(sortKey).sort((a, b) => (a.key < b.key ? -1 : 1));
  return hash(
    "tree",
    Buffer.concat(sorted.flatMap(({ mode, name, id }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, "hex")])),
  );
}

/** Git sorts a folder as if its name ended in a slash. */
function sortKey(entry) {
  return { ...entry, key: entry.mode === "40000" ? `${entry.name}/` : entry.name };
}

function hash(kind, content) {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return createHash("sha1").update(`${kind} ${bytes.length}\0`).update(bytes).digest("hex");
}
