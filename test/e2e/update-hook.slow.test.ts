import { chmod, cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { initRegistry, openRegistry } from "../../src/compose.ts";
import { UPDATE_HOOK } from "../../src/documents/update-hook.ts";
import type { ObjectId } from "../../src/domain/object-id.ts";
import { buildSample, doctor, using } from "../operations/check-fixture.ts";
import { isolatedEnvironment } from "../support/run-git.ts";
import { checkedId, repoAt, type TempRepo, tempDir, tempRepo } from "../support/temp-repo.ts";

/**
 * A bare repository with the hook, as somebody would set it up, and a clone that pushes to it with plain git. It holds
 * two models, one of them with dots and slashes in its name, a stage that holds both, and evaluations.
 */
interface World {
  readonly server: TempRepo;
  readonly clone: TempRepo;
  readonly ids: Readonly<Record<Named, ObjectId>>;
}

const NAMES = ["main", "owners", "v100", "v110", "unpublished", "team", "root", "stage", "evaluations"] as const;
type Named = (typeof NAMES)[number];

const DOTTED = "team/my.model";
const ROOT_OF_PRODUCTION = "64550ce082848f3b9d390d94c88c240326088155";

let world: World;

beforeAll(async () => {
  world = await buildWorld();
});

describe("what git-model itself pushes passes", () => {
  test("a version, then the stage that holds it with its release tag in one atomic push", async () => {
    const { clone, server, ids } = await freshServer();
    await push(clone, `${await tagObject(clone, "fraud@v1.2.0", ids.unpublished)}:refs/tags/fraud@v1.2.0`);
    const head = await stageCommit(clone, ids.stage, {
      fraud: await treeOf(clone, ids.unpublished),
      [DOTTED]: await treeOf(clone, ids.team),
    });
    const release = await tagObject(clone, "fraud#production#2", ids.unpublished);
    await push(clone, "--atomic", `${head}:refs/heads/stage/production`, `${release}:refs/tags/fraud#production#2`);
    expect(await server.git("rev-parse", "stage/production", "fraud#production#2")).toBe(`${head}\n${release}`);
  });

  test("a demotion, a yank, a new stage from its root, an appended evaluation", async () => {
    const { clone, ids } = await freshServer();
    const head = await stageCommit(clone, ids.stage, { fraud: await treeOf(clone, ids.v110) });
    await push(
      clone,
      `${head}:refs/heads/stage/production`,
      `${await tagObject(clone, "team/my.model#production!#2", ids.team)}:refs/tags/${DOTTED}#production!#2`,
    );
    await push(clone, `${await tagObject(clone, "fraud@v1.0.0!#1", ids.v100)}:refs/tags/fraud@v1.0.0!#1`);
    await push(clone, `${await stageRoot(clone, "staging")}:refs/heads/stage/staging`);
    const more = { "v1.0.0/aaaaaaaaaaaa.yaml": "a: 1\n", "v1.1.0/bbbbbbbbbbbb.yaml": "b: 2\n" };
    await push(
      clone,
      `${await commit(clone, await treeOfFiles(clone, more), [ids.evaluations])}:refs/heads/evaluations/fraud`,
    );
    await push(
      clone,
      `${await commit(clone, await treeOfFiles(clone, { "v2.0.0/cccccccccccc.yaml": "c: 3\n" }), [])}:refs/heads/evaluations/${DOTTED}`,
    );
  });

  test("a request branch, opened, renewed by force and deleted", async () => {
    const { clone, ids } = await freshServer();
    await push(clone, `${ids.stage}:refs/heads/promote/production/${DOTTED}`);
    await push(clone, `+${ids.v100}:refs/heads/promote/production/${DOTTED}`);
    await push(clone, `:refs/heads/promote/production/${DOTTED}`);
  });

  test("the default branch's CODEOWNERS on a stage, a merge of a request, and other people's refs", async () => {
    const { clone, ids } = await freshServer();
    const held = { fraud: await treeOf(clone, ids.v110), [DOTTED]: await treeOf(clone, ids.team) };
    const head = await stageCommit(clone, ids.stage, held, "* @risk\n");
    const request = await stageCommit(clone, head, { ...held, fraud: await treeOf(clone, ids.v100) }, "* @risk\n");
    const merge = await commit(clone, await treeOf(clone, request), [head, request]);
    await push(clone, `${head}:refs/heads/stage/production`);
    await push(clone, `${merge}:refs/heads/stage/production`);
    await push(clone, `${ids.main}:refs/heads/feature/a`, `${ids.main}:refs/tags/v1`, `${ids.main}:refs/notes/x`);
    await push(clone, `+${ids.v100}:refs/tags/v1`, ":refs/heads/feature/a");
  });

  test("a whole stage history for a server that has the versions but not the stage", async () => {
    const { clone, ids } = await freshServer(
      async (server) => void (await server.git("update-ref", "-d", "refs/heads/stage/production")),
    );
    await push(clone, `${ids.stage}:refs/heads/stage/production`);
  });
});

describe("our own operations against a server with the hook", () => {
  test("a registry's whole life passes", async () => {
    const server = await tempRepo({ bare: true });
    const repo = await tempRepo();
    await installHook(server);
    await repo.git("remote", "add", "origin", server.path);
    const environment = isolatedEnvironment();
    await initRegistry(repo.path, { stages: ["staging", "production"] }, { directory: repo.path, environment });
    const registry = await openRegistry({ directory: repo.path, environment });
    onTestFinished(() => registry.close());
    const file = join(await tempDir(), "model.bin");
    await writeFile(file, "bytes\n");
    for (const version of ["1.0.0", "1.1.0"]) {
      await registry.register({
        model: DOTTED,
        version,
        files: [file],
        details: { metrics: { f1: Number(version.slice(2, 3)) } },
      });
      const [opened] = await registry.promote({ references: [`${DOTTED}@${version}`], to: "staging" });
      expect(opened?.findings).toEqual([]);
      expect((await registry.mergeRequest({ model: DOTTED, stage: "staging" })).kind).toBe("released");
      await registry.promote({ references: [`${DOTTED}@${version}`], to: "production", direct: true });
    }
    await registry.evaluate({ reference: `${DOTTED}@1.1.0`, metrics: { f1: 0.5 } });
    await registry.evaluate({ reference: `${DOTTED}@1.1.0`, metrics: { f1: 0.6 } });
    await registry.rollback({ reference: DOTTED, stage: "production", direct: true });
    await registry.demote({ model: DOTTED, stage: "staging", direct: true });
    await registry.yank({ reference: `${DOTTED}@1.1.0`, reason: "leaks" });
    await registry.reconcile();
    expect((await registry.doctor()).findings).toMatchObject([]);
  });

  test("a registry that was made without a remote is pushed as a whole", async () => {
    const { repo } = await buildSample({ remote: false });
    const server = await tempRepo({ bare: true });
    await installHook(server);
    await repo.git("remote", "add", "origin", server.path);
    await repo.git("push", "-q", "origin", "main");
    const answer = await using(repo, (registry) => registry.push());
    expect(answer.rejected).toEqual([]);
    expect((await doctor(repo)).findings).toEqual([]);
  });
});

describe("tags are created once", () => {
  test.each([
    [
      "moving a version",
      () => [`+${world.ids.v110}:refs/tags/fraud@v1.0.0`],
      "fraud@v1.0.0 cannot be moved: a version never changes",
    ],
    [
      "deleting a version",
      () => [":refs/tags/team/my.model@v2.0.0"],
      "team/my.model@v2.0.0 cannot be deleted: a version stays on record",
    ],
    [
      "moving a release",
      () => [`+${world.ids.v100}:refs/tags/fraud#production#1`],
      "fraud#production#1 cannot be moved: a release never changes",
    ],
    ["deleting a release", () => [":refs/tags/fraud#production#1"], "fraud#production#1 cannot be deleted"],
    [
      "deleting a yank",
      () => [":refs/tags/fraud@v1.1.0!#1"],
      "fraud@v1.1.0!#1 cannot be deleted: a yank stays on record",
    ],
    [
      "a lightweight version",
      () => [`${world.ids.v110}:refs/tags/fraud@v9.0.0`],
      "fraud@v9.0.0 is not an annotated tag",
    ],
    [
      "a lightweight release",
      () => [`${world.ids.v110}:refs/tags/fraud#production#9`],
      "fraud#production#9 is not an annotated tag",
    ],
  ])("%s is refused", async (_, refspecs, sentence) => {
    await expectRefused(sentence, ...refspecs());
  });

  test("a version whose tag object says another name is refused", async () => {
    await expectRefused("says another name of itself", "refs/tags/fraud@v1.0.0:refs/tags/fraud@v1.0.1");
  });

  test("a version without a manifest, or of no commit, is refused", async () => {
    const { clone, ids } = world;
    const bare = await tagObject(clone, "fraud@v3.0.0", ids.main);
    await expectRefused("has no manifest.yaml", `${bare}:refs/tags/fraud@v3.0.0`);
    const ofTree = await tagObject(clone, "fraud@v3.0.0", await treeOf(clone, ids.v100), "tree");
    await expectRefused("does not name a commit", `${ofTree}:refs/tags/fraud@v3.0.0`);
    const linked = await link(clone);
    const ofLink = await tagObject(clone, "fraud@v3.0.0", await commit(clone, linked, []));
    await expectRefused("has no manifest.yaml", `${ofLink}:refs/tags/fraud@v3.0.0`);
  });
});

describe("a stage holds registered versions and keeps its history", () => {
  test("deleting and rewriting it are refused", async () => {
    const { clone, ids } = world;
    await expectRefused("the branch stage/production cannot be deleted", ":refs/heads/stage/production");
    await expectRefused("the branch stage/production cannot be rewritten", `+${ids.root}:refs/heads/stage/production`);
    const beside = await stageCommit(clone, ids.root, { fraud: await treeOf(clone, ids.v110) });
    const swapped = await commit(clone, await treeOf(clone, beside), [beside, ids.stage]);
    await expectRefused("leaves the first-parent history", `${swapped}:refs/heads/stage/production`);
  });

  test("a tree that no version of that model has is refused, also where another model has it", async () => {
    const { clone, ids } = world;
    const team = await treeOf(clone, ids.team);
    const push = async (held: Readonly<Record<string, ObjectId>>) =>
      `${await stageCommit(clone, ids.stage, held)}:refs/heads/stage/production`;
    const sentence = "the tree of models/fraud is not that of a version";
    await expectRefused(sentence, await push({ fraud: await treeOf(clone, ids.unpublished), [DOTTED]: team }));
    await expectRefused(sentence, await push({ fraud: team, [DOTTED]: team }));
    const tampered = await treeOfFiles(clone, {
      "manifest.yaml": "model: fraud\n",
      "artifacts/sub/manifest.yaml": "x",
    });
    await expectRefused(sentence, await push({ fraud: tampered, [DOTTED]: team }));
    await expectRefused(
      "the tree of models/team/my.model is not",
      await push({ fraud: await treeOf(clone, ids.v110), [DOTTED]: tampered }),
    );
  });

  test("a registered tree that a yank tag alone names is refused", async () => {
    const { clone, ids } = await freshServer(async (server) => {
      await server.git(
        "update-ref",
        "refs/tags/fraud@v7.0.0!#1",
        await tagObject(server, "fraud@v7.0.0!#1", world.ids.unpublished),
      );
    });
    const held = { fraud: await treeOf(clone, ids.unpublished), [DOTTED]: await treeOf(clone, ids.team) };
    const refspec = `${await stageCommit(clone, ids.stage, held)}:refs/heads/stage/production`;
    await expect(push(clone, refspec)).rejects.toThrow("the tree of models/fraud is not that of a version");
  });

  test("an unregistered tree in the middle of the push is refused although the last commit is sound", async () => {
    const { clone, ids } = world;
    const held = { fraud: await treeOf(clone, ids.v110), [DOTTED]: await treeOf(clone, ids.team) };
    const bad = await stageCommit(clone, ids.stage, { ...held, fraud: await treeOf(clone, ids.unpublished) });
    await expectRefused(
      "the tree of models/fraud",
      `${await stageCommit(clone, bad, held)}:refs/heads/stage/production`,
    );
  });

  test.each([
    ["registry.yaml", "registry.yaml is not a model"],
    ["docs/readme.md", "docs does not belong into a stage"],
    [".github/workflows/ci.yml", ".github/workflows does not belong into a stage"],
    ["models/loose.txt", "models/loose.txt is not a model"],
    ["models/fraud/extra.txt", "the tree of models/fraud is not that of a version"],
    ["models/a/b/c/d/manifest.yaml", "models/a/b/c/d is deeper than a model can lie"],
    ["models/-rf/manifest.yaml", "models/-rf does not belong into a stage"],
    ["models/a$(id) `x`/manifest.yaml", "does not name a model"],
    ["models/new\nline/manifest.yaml", "does not belong into a stage"],
    ["models/tab\tname/manifest.yaml", "does not belong into a stage"],
    [".github/CODEOWNERS", ".github/CODEOWNERS of stage/production is not the default branch's"],
  ])("a push that adds %j is refused", async (path, sentence) => {
    const { clone, ids } = world;
    const files = { ...(await filesOf(clone, ids.stage)), [path]: await blob(clone, "x\n") };
    const head = await commit(clone, await nestedTree(clone, files), [ids.stage]);
    await expectRefused(sentence, `${head}:refs/heads/stage/production`);
  });

  test("a stage that does not begin with its root is refused, and so are names that are no stage's", async () => {
    const { ids } = world;
    await expectRefused("does not begin with a stage's root", `${ids.v100}:refs/heads/stage/edge`);
    await expectRefused("does not begin with a stage's root", `${ids.root}:refs/heads/stage/edge`);
    await expectRefused("is not a stage's name", `${ids.root}:refs/heads/stage/Edge`);
    await expectRefused("is not a stage's name", `${ids.root}:refs/heads/stage/a/b`);
  });

  test("a replaced object does not fool the hook", async () => {
    const { clone, server, ids } = await freshServer();
    const held = { fraud: await treeOf(clone, ids.unpublished), [DOTTED]: await treeOf(clone, ids.team) };
    const head = await stageCommit(clone, ids.stage, held);
    const innocent = await stageCommit(clone, ids.stage, { ...held, fraud: await treeOf(clone, ids.v100) });
    await push(clone, `${head}:refs/heads/a`, `${innocent}:refs/heads/b`);
    await server.git("update-ref", `refs/replace/${head}`, innocent);
    await expect(push(clone, `${head}:refs/heads/stage/production`)).rejects.toThrow("the tree of models/fraud");
  });
});

describe("evaluations are only ever added", () => {
  test("deleting and rewriting the branch are refused", async () => {
    await expectRefused("the branch evaluations/fraud cannot be deleted", ":refs/heads/evaluations/fraud");
    await expectRefused(
      "the branch evaluations/fraud cannot be rewritten",
      `+${world.ids.v100}:refs/heads/evaluations/fraud`,
    );
  });

  test.each([
    ["a change", { "v1.0.0/aaaaaaaaaaaa.yaml": "a: 2\n" }, "v1.0.0/aaaaaaaaaaaa.yaml of evaluations/fraud is changed"],
    ["a removal", {}, "v1.0.0/aaaaaaaaaaaa.yaml of evaluations/fraud is changed"],
    [
      "another file",
      { "v1.0.0/aaaaaaaaaaaa.yaml": "a: 1\n", "notes.md": "x" },
      "notes.md of evaluations/fraud is not an evaluation",
    ],
    [
      "a deep file",
      { "v1.0.0/aaaaaaaaaaaa.yaml": "a: 1\n", "v1.0.0/b/bbbbbbbbbbbb.yaml": "x" },
      "is not an evaluation",
    ],
  ])("%s is refused", async (_, files, sentence) => {
    const { clone, ids } = world;
    const head = await commit(clone, await treeOfFiles(clone, files as Readonly<Record<string, string>>), [
      ids.evaluations,
    ]);
    await expectRefused(sentence, `${head}:refs/heads/evaluations/fraud`);
  });

  test("a removal that a later commit of the push takes back is refused", async () => {
    const { clone, ids } = world;
    const removed = await commit(clone, await treeOfFiles(clone, {}), [ids.evaluations]);
    const again = await commit(clone, await treeOf(clone, ids.evaluations), [removed]);
    await expectRefused("is changed: evaluations are only ever added", `${again}:refs/heads/evaluations/fraud`);
  });
});

describe("branches that everything rests on", () => {
  test("the default branch cannot be deleted, even where git would allow it", async () => {
    await expectRefused("the default branch cannot be deleted", ":refs/heads/main");
  });

  test("a branch that would block all stages or evaluations is refused", async () => {
    const { clone } = await freshServer(async (server) => {
      for (const name of ["stage/production", "evaluations/fraud"])
        await server.git("update-ref", "-d", `refs/heads/${name}`);
    });
    await expect(push(clone, "main:refs/heads/stage")).rejects.toThrow("would stand in the way");
    await expect(push(clone, "main:refs/heads/evaluations")).rejects.toThrow("would stand in the way");
  });

  test("an atomic push is refused as a whole", async () => {
    const { clone, server, ids } = await freshServer();
    const refspecs = [`${ids.main}:refs/heads/feature`, `+${ids.v100}:refs/tags/fraud@v1.1.0`];
    await expect(push(clone, "--atomic", ...refspecs)).rejects.toThrow("a version never changes");
    await expect(server.git("rev-parse", "--verify", "-q", "refs/heads/feature")).rejects.toThrow();
  });
});

async function expectRefused(sentence: string, ...refspecs: readonly string[]): Promise<void> {
  const before = await world.server.git("for-each-ref");
  await expect(push(world.clone, ...refspecs)).rejects.toThrow(sentence);
  expect(await world.server.git("for-each-ref")).toBe(before);
}

async function push(clone: TempRepo, ...args: readonly string[]): Promise<void> {
  await clone.git("push", "-q", "origin", ...args);
}

async function buildWorld(): Promise<World> {
  const server = await tempRepo({ bare: true });
  const clone = await tempRepo();
  await clone.git("remote", "add", "origin", server.path);
  const owners = await commit(clone, await treeOfFiles(clone, { "registry.yaml": "schemaVersion: 1\n" }), []);
  const main = await commit(
    clone,
    await treeOfFiles(clone, { "registry.yaml": "schemaVersion: 1\n", ".github/CODEOWNERS": "* @risk\n" }),
    [owners],
  );
  const v100 = await versionCommit(clone, "fraud", "1.0.0");
  const v110 = await versionCommit(clone, "fraud", "1.1.0");
  const unpublished = await versionCommit(clone, "fraud", "1.2.0");
  const team = await versionCommit(clone, DOTTED, "2.0.0");
  const root = await stageRoot(clone, "production");
  expect(root).toBe(ROOT_OF_PRODUCTION);
  const first = await stageCommit(clone, root, { fraud: await treeOf(clone, v110) });
  const stage = await stageCommit(clone, first, {
    fraud: await treeOf(clone, v110),
    [DOTTED]: await treeOf(clone, team),
  });
  const evaluations = await commit(clone, await treeOfFiles(clone, { "v1.0.0/aaaaaaaaaaaa.yaml": "a: 1\n" }), []);
  const tags = {
    "fraud@v1.0.0": v100,
    "fraud@v1.1.0": v110,
    [`${DOTTED}@v2.0.0`]: team,
    "fraud@v1.1.0!#1": v110,
    "fraud#production#1": v110,
  };
  for (const [name, target] of Object.entries(tags))
    await clone.git("update-ref", `refs/tags/${name}`, await tagObject(clone, name, target));
  await clone.git("update-ref", "refs/heads/main", main);
  await installHook(server);
  await push(clone, "main", "--tags");
  await push(clone, `${stage}:refs/heads/stage/production`, `${evaluations}:refs/heads/evaluations/fraud`);
  return { server, clone, ids: { main, owners, v100, v110, unpublished, team, root, stage, evaluations } };
}

/** A copy of the server, and a clone that pushes to it. */
async function freshServer(prepare: (server: TempRepo) => Promise<void> = async () => undefined): Promise<World> {
  const [serverPath, clonePath] = [await tempDir(), await tempDir()];
  await cp(world.server.path, serverPath, { recursive: true });
  await cp(world.clone.path, clonePath, { recursive: true });
  const [server, clone] = [repoAt(serverPath, true), repoAt(clonePath)];
  await clone.git("remote", "set-url", "origin", serverPath);
  await clone.git("push", "-q", "--no-verify", "origin", `${world.ids.unpublished}:refs/heads/objects`);
  await prepare(server);
  return { server, clone, ids: world.ids };
}

async function installHook(server: TempRepo): Promise<void> {
  const path = join(server.path, "hooks", "update");
  await writeFile(path, UPDATE_HOOK);
  await chmod(path, 0o755);
  await server.git("config", "receive.denyDeleteCurrent", "ignore");
  await server.git("config", "receive.fsckObjects", "true");
}

async function versionCommit(repo: TempRepo, model: string, version: string): Promise<ObjectId> {
  const files = {
    "manifest.yaml": `schemaVersion: 1\nmodel: ${model}\nversion: ${version}\n`,
    "artifacts/m.bin": "pointer\n",
  };
  return commit(repo, await treeOfFiles(repo, files), []);
}

async function stageCommit(
  repo: TempRepo,
  parent: ObjectId,
  held: Readonly<Record<string, ObjectId>>,
  owners?: string,
): Promise<ObjectId> {
  const entries = Object.entries(held).map(([model, tree]) => [`models/${model}`, tree] as const);
  const codeowners = owners === undefined ? {} : { ".github/CODEOWNERS": await blob(repo, owners) };
  return commit(repo, await nestedTree(repo, codeowners, Object.fromEntries(entries)), [parent]);
}

async function stageRoot(repo: TempRepo, stage: string): Promise<ObjectId> {
  const who = "git-model <git-model@invalid> 0 +0000";
  const empty = checkedId(await repo.git("hash-object", "-w", "-t", "tree", "/dev/null"));
  const input = `tree ${empty}\nauthor ${who}\ncommitter ${who}\n\nCreate stage ${stage}\n`;
  return idFrom(repo.gitBytes({ input }, "hash-object", "-w", "-t", "commit", "--stdin"));
}

async function commit(repo: TempRepo, tree: ObjectId, parents: readonly ObjectId[]): Promise<ObjectId> {
  return checkedId(await repo.git("commit-tree", tree, ...parents.flatMap((parent) => ["-p", parent]), "-m", "x"));
}

async function tagObject(repo: TempRepo, name: string, target: ObjectId, type = "commit"): Promise<ObjectId> {
  const input = `object ${target}\ntype ${type}\ntag ${name}\ntagger Ada Tester <ada@example.org> 1700000000 +0000\n\nmade\n`;
  return idFrom(repo.gitBytes({ input }, "mktag"));
}

async function treeOf(repo: TempRepo, commitId: ObjectId): Promise<ObjectId> {
  return repo.id(`${commitId}^{tree}`);
}

async function blob(repo: TempRepo, input: string): Promise<ObjectId> {
  return idFrom(repo.gitBytes({ input }, "hash-object", "-w", "--stdin"));
}

async function treeOfFiles(repo: TempRepo, files: Readonly<Record<string, string>>): Promise<ObjectId> {
  const blobs: Record<string, ObjectId> = {};
  for (const [path, content] of Object.entries(files)) blobs[path] = await blob(repo, content);
  return nestedTree(repo, blobs);
}

/** A root tree from blobs and whole subtrees by path. */
async function nestedTree(
  repo: TempRepo,
  blobs: Readonly<Record<string, ObjectId>>,
  trees: Readonly<Record<string, ObjectId>> = {},
): Promise<ObjectId> {
  const lines: string[] = [];
  const folders = new Map<string, { blobs: Record<string, ObjectId>; trees: Record<string, ObjectId> }>();
  for (const [kind, entries] of [
    ["blobs", blobs],
    ["trees", trees],
  ] as const) {
    for (const [path, id] of Object.entries(entries)) {
      const slash = path.indexOf("/");
      if (slash < 0) {
        lines.push(kind === "blobs" ? `100644 blob ${id}\t${path}` : `040000 tree ${id}\t${path}`);
        continue;
      }
      const name = path.slice(0, slash);
      const folder = folders.get(name) ?? { blobs: {}, trees: {} };
      folder[kind][path.slice(slash + 1)] = id;
      folders.set(name, folder);
    }
  }
  for (const [name, inside] of folders) {
    lines.push(`040000 tree ${await nestedTree(repo, inside.blobs, inside.trees)}\t${name}`);
  }
  return idFrom(repo.gitBytes({ input: lines.map((line) => `${line}\0`).join("") }, "mktree", "-z"));
}

async function filesOf(repo: TempRepo, commitId: ObjectId): Promise<Readonly<Record<string, ObjectId>>> {
  const listing = await repo.git("ls-tree", "-r", "-z", commitId);
  const lines = listing.split("\0").filter((line) => line !== "");
  return Object.fromEntries(
    lines.map((line) => [line.slice(line.indexOf("\t") + 1), checkedId(line.split(/[ \t]/)[2] ?? "")]),
  );
}

/** A tree whose manifest.yaml is a symbolic link. */
async function link(repo: TempRepo): Promise<ObjectId> {
  const input = `120000 blob ${await blob(repo, "elsewhere")}\tmanifest.yaml\n`;
  return idFrom(repo.gitBytes({ input }, "mktree"));
}

async function idFrom(output: Promise<Buffer>): Promise<ObjectId> {
  return checkedId((await output).toString().trim());
}
