import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { describeWith } from "../../support/oracles.ts";
import { ADAPTERS, type Adapter } from "../../support/registry.ts";
import { git, gitBytes, isolatedEnvironment } from "../../support/run-git.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { runProgram } from "./run-program.ts";
import { expectZero, initialised, type World } from "./world.ts";

const POLICY = `schemaVersion: 1
name: acme-models
stages:
  staging: {}
  production: { gates: [{ metric: f1, min: 0.5 }] }
  edge: { kind: tag }
`;

const STORY = [
  "register fraud model.onnx --version 1.0.0 --metric f1=0.9300 --metric accuracy=0.95 --param depth=8",
  "register fraud model.onnx --version 1.1.0 --metric f1=0.94 --metric accuracy=0.95 --param depth=8",
  "register fraud two/model.onnx words.txt --version 1.2.0 --metric f1=0.93 --metric accuracy=0.97 --param depth=9",
  "register vision/resnet50 empty.bin --card card.md",
  "promote fraud@1.0.0 vision/resnet50 --to staging --direct",
  "promote fraud@1.1.0 --to staging --direct",
  "promote fraud@1.2.0 --to staging --direct",
  "rollback fraud --stage staging --direct",
  "promote fraud@1.0.0 --to production --direct",
  "promote fraud@1.2.0 --to production --direct",
  "promote fraud@1.2.0 --to edge",
  "evaluate fraud@1.1.0 --metrics later.json",
  "yank fraud@1.0.0 --reason leaked",
  "promote fraud@1.1.0 --to production",
];

const worlds = new Map<Adapter, World>();

// Each adapter writes the same story, side by side; what they wrote is only read from then on.
beforeAll(async () => {
  await Promise.all(ADAPTERS.map(async (adapter) => worlds.set(adapter, await told(adapter))));
});

async function told(adapter: Adapter): Promise<World> {
  const world = await initialised(adapter, POLICY);
  await world.file("model.onnx", "weights one\n");
  await world.file("two/model.onnx", "weights two\n");
  await world.file("words.txt", "a\nb\n");
  await world.file("empty.bin", "");
  await world.file("card.md", "# ResNet\n");
  await world.file("later.json", '{"f1": 0.91}');
  for (const line of STORY) await expectZero(world.run(line.split(" ")));
  return world;
}

function worldOf(adapter: Adapter): World {
  const world = worlds.get(adapter);
  if (world === undefined) throw new Error(`the story was not told on ${adapter}`);
  return world;
}

describe("the two adapters", () => {
  const READS = [
    "list",
    "list fraud",
    "show fraud@1.0.0",
    "show fraud@staging",
    "show vision/resnet50",
    "history --all",
    "history fraud --stage staging",
    "resolve fraud#production",
    "resolve fraud@^1.0",
    "diff fraud@1.0.0 fraud@1.2.0",
    "compare fraud",
    "best fraud --metric f1",
    "pr list",
    "pr show fraud --stage production",
    "review fraud --stage production",
    "doctor",
  ];

  test.each(ADAPTERS)("read alike what %s Git wrote", async (writer) => {
    const world = worldOf(writer);
    for (const line of READS) {
      const [native, embedded] = await Promise.all(
        ADAPTERS.map((reader) => world.json(line.split(" "), { environment: { GIT_MODEL_GIT: reader } })),
      );
      expect(native?.exit, line).toBe(0);
      expect(atAnyTime(embedded), line).toEqual(atAnyTime(native));
    }
  });

  test("write the same trees, messages and release tags", async () => {
    const [native, embedded] = await Promise.all(ADAPTERS.map((adapter) => shapeOf(worldOf(adapter).server)));
    expect(embedded).toEqual(native);
  });
});

describe.each(ADAPTERS)("what %s Git wrote, read by git", (adapter) => {
  test("git fsck --strict has nothing to say of the registry and its server", async () => {
    const { path, server } = worldOf(adapter);
    for (const repository of [path, server]) {
      expect(await git(repository, "fsck", "--strict", "--full", "--no-dangling", "--no-progress")).toBe("");
    }
  });

  test("git log of a version is the model's own history, git diff one line a change", async () => {
    const { path } = worldOf(adapter);
    expect((await git(path, "log", "--format=%s", "fraud@v1.2.0")).split("\n")).toEqual([
      "fraud 1.2.0",
      "fraud 1.1.0",
      "fraud 1.0.0",
    ]);
    const changed = async (from: string, to: string) => {
      const lines = (await git(path, "diff", "-U0", `fraud@v${from}`, `fraud@v${to}`, "--", "manifest.yaml")).split(
        "\n",
      );
      return lines.filter((line) => /^[-+](?![-+])/.test(line)).map((line) => line.replace(/\s+/g, " "));
    };
    expect(await changed("1.0.0", "1.1.0")).toEqual([
      "-version: 1.0.0",
      "+version: 1.1.0",
      "- f1: 0.9300",
      "+ f1: 0.94",
    ]);
    expect(await git(path, "diff", "--stat", "fraud@v1.0.0", "fraud@v1.1.0")).toContain("1 file changed");
    const patch = await git(path, "log", "-p", "--format=", "fraud@v1.1.0");
    expect(patch).toMatch(/^\+ {2}f1: 0\.94$/m);
    expect(patch).toContain("+oid sha256:");
  });

  test("a stage's models are the versions' trees, and a request changes one of them", async () => {
    const { server } = worldOf(adapter);
    const id = (revision: string) => git(server, "rev-parse", "--verify", revision);
    expect(await id("stage/production:models/fraud")).toBe(await id("fraud@v1.2.0^{tree}"));
    expect(await id("stage/staging:models/fraud")).toBe(await id("fraud@v1.1.0^{tree}"));
    expect(await id("promote/production/fraud:models/fraud")).toBe(await id("fraud@v1.1.0^{tree}"));
    expect(await id("promote/production/fraud^")).toBe(await id("stage/production"));
  });
});

describeWith(["git-lfs"], "git-lfs", () => {
  test.each(ADAPTERS)("clones, pulls and checks what %s Git wrote", async (adapter) => {
    const { directory, path, server } = worldOf(adapter);
    const environment = isolatedEnvironment({ HOME: directory, GIT_CONFIG_GLOBAL: join(directory, "lfs.gitconfig") });
    const run = async (cwd: string, ...args: readonly string[]) => {
      const ran = await runProgram("git", args, { cwd, environment });
      expect(ran.exit, `git ${args.join(" ")}: ${ran.stderr}`).toBe(0);
      return ran.stdout;
    };
    await run(directory, "lfs", "install", "--skip-repo");
    const clone = join(await tempDir(), "clone");
    await run(directory, "clone", "-q", "-b", "stage/production", server, clone);
    await run(clone, "lfs", "pull");
    const { document } = await worldOf(adapter).json(["resolve", "fraud@production"]);
    expect(document.artifacts).toHaveLength(2);
    for (const artifact of document.artifacts) {
      const bytes = await readFile(join(clone, "models/fraud/artifacts", artifact.path));
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(artifact.sha256);
      expect(bytes.length).toBe(artifact.size);
    }
    expect(await run(clone, "lfs", "fsck")).toMatch(/OK/);
    expect(await run(clone, "status", "--porcelain")).toBe("");
    expect(await run(path, "lfs", "fsck", "--objects", "fraud@v1.0.0..fraud@v1.2.0")).toMatch(/OK/);
  });

  test.each(ADAPTERS)("finds every pointer of %s Git canonical", async (adapter) => {
    const { path } = worldOf(adapter);
    for (const pointer of ["fraud@v1.0.0:artifacts/model.onnx", "fraud@v1.2.0:artifacts/words.txt"]) {
      const text = await gitBytes({ cwd: path }, "cat-file", "blob", pointer);
      await gitBytes({ cwd: path, input: text }, "lfs", "pointer", "--check", "--strict", "--stdin");
    }
    expect(await git(path, "cat-file", "-s", "vision/resnet50@v1.0.0:artifacts/empty.bin")).toBe("0");
  });
});

describeWith(["gto"], "gto", () => {
  test.each(ADAPTERS)("shows of %s Git what list and history show", async (adapter) => {
    const world = worldOf(adapter);
    const gto = async (...args: readonly string[]) => {
      const ran = await runProgram("gto", [...args, "--repo", world.path, "--json"], {
        cwd: world.directory,
        environment: world.environment,
      });
      expect(ran.exit, ran.stderr).toBe(0);
      return JSON.parse(ran.stdout);
    };
    const [shown, journal] = await Promise.all([gto("show"), gto("history")]);
    const { document: listed } = await world.json(["list"]);
    for (const { model, latest, stages } of listed.models) {
      const held = Object.entries(stages).filter(([, version]) => version !== null);
      expect(shown[model], model).toMatchObject({
        version: `v${latest}`,
        stage: Object.fromEntries(held.map(([stage, version]) => [stage, `v${version}`])),
      });
    }
    const { document: history } = await world.json(["history", "--all"]);
    const tags = history.events.flatMap(({ tag }: { readonly tag: string | null }) => (tag === null ? [] : [tag]));
    expect(journal.map(({ ref }: { readonly ref: string }) => ref).sort()).toEqual([...tags].sort());
    for (const entry of journal) {
      const event = history.events.find(({ tag }: { readonly tag: string }) => tag === entry.ref);
      expect([entry.artifact, entry.version, entry.stage]).toEqual([event.model, `v${event.version}`, event.stage]);
      if (event.stage !== null) expect(Date.parse(entry.timestamp)).toBe(Date.parse(event.at));
    }
  });
});

interface Read {
  readonly exit: number;
  readonly stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: any document
  readonly document: any;
}

/** Asked at another moment: all but the time of the last fetch is the same. */
function atAnyTime(read: Read | undefined): unknown {
  return { exit: read?.exit, stderr: read?.stderr, document: { ...read?.document, fetchedAt: null } };
}

/** Every ref with its tree and message, without what carries the time of writing. */
async function shapeOf(repository: string): Promise<readonly string[]> {
  const format = "%(refname) %(objecttype) %(tree)%(*tree) %(contents)";
  const text = await git(repository, "for-each-ref", `--format=${format}`);
  return text.split("\n").map((line) => line.replace(/^(Stage-Commit|Version-Tag): .*$/, "$1"));
}
