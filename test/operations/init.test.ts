import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { initRegistry, openRegistry } from "../../src/compose.ts";
import type { InitAnswer } from "../../src/operations/answers.ts";
import type { InitQuestion } from "../../src/operations/questions.ts";
import { ADAPTERS, registryEnvironment } from "../support/registry.ts";
import { repoAt, type TempRepo, tempDir, tempRepo } from "../support/temp-repo.ts";

const STAGING = "d1052f7dfe0327eb2e3d812b161cb25497d4354b";
const PRODUCTION = "64550ce082848f3b9d390d94c88c240326088155";

describe.each(ADAPTERS)("init on %s", (adapter) => {
  let environment: NodeJS.ProcessEnv;
  const init = (directory: string | null, question: InitQuestion = {}, from = directory ?? "/"): Promise<InitAnswer> =>
    initRegistry(directory, question, { directory: from, environment });
  const heads = async (repo: TempRepo) =>
    (await repo.git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads")).split("\n");

  beforeAll(async () => {
    environment = await registryEnvironment(adapter);
  });

  test("makes repository, files and stages in a directory that is not there yet", async () => {
    const parent = await tempDir();
    const path = join(parent, "deep", "acme-models");
    expect(await init("deep/acme-models", {}, parent)).toEqual({
      name: "acme-models",
      registry: path,
      created: ["registry.yaml", "README.md", "stage/staging", "stage/production"],
      existing: [],
      stages: ["staging", "production"],
      next: [expect.stringMatching(/^git model register /)],
    });
    const repo = repoAt(path);
    expect(await heads(repo)).toEqual(["main", "stage/production", "stage/staging"]);
    expect([await repo.id("stage/staging"), await repo.id("stage/production")]).toEqual([STAGING, PRODUCTION]);
    expect(await repo.git("log", "--format=%an <%ae>|%s", "main")).toBe(
      "Ada Tester <ada@example.org>|Create the registry",
    );
    expect(await repo.git("status", "--porcelain", "--branch")).toBe("## main");
    expect(await readFile(join(path, "registry.yaml"), "utf8")).toContain("name: acme-models\n");
    await repo.fsck();
  });

  test("writes a policy in which each stage comes from the one before it, and which is valid", async () => {
    const path = await tempDir();
    await init(path, { name: "mine", stages: ["dev", "qa", "prod"] });
    const text = await readFile(join(path, "registry.yaml"), "utf8");
    expect(text).toMatch(/^# yaml-language-server: /);
    expect(text).toMatch(/ {2}dev:.*\n(?:.*\n)*? {2}qa:\n? *.*from: \[dev\][\s\S]* {2}prod:\n? *.*from: \[qa\]/);
    const registry = await openRegistry({ registry: path, directory: path, environment });
    expect(await registry.validate()).toMatchObject({ findings: [] });
    await registry.close();
  });

  test("again adds what is missing and changes nothing that people edited", async () => {
    const repo = await tempRepo();
    await init(repo.path);
    const text = `${await readFile(join(repo.path, "registry.yaml"), "utf8")}# ours\n`;
    const edited = await repo.commit("Edit", { "registry.yaml": text, "README.md": "ours\n" });
    expect(await init(repo.path)).toMatchObject({
      created: [],
      existing: ["registry.yaml", "README.md", "stage/staging", "stage/production"],
    });
    expect(await repo.id("main")).toBe(edited);
    await repo.git("rm", "-q", "README.md");
    await repo.commit("Remove");
    await repo.git("branch", "-D", "stage/staging");
    await repo.write({ "notes.txt": "untracked", "registry.yaml": `${text}# not committed\n` });
    expect(await init(repo.path, { stages: ["staging", "canary"] })).toMatchObject({
      created: ["README.md", "stage/staging"],
      existing: ["registry.yaml", "stage/production"],
      stages: ["staging", "production"],
      next: [expect.stringMatching(/registry\.yaml.*canary/), expect.anything()],
    });
    expect(await repo.git("status", "--porcelain")).toBe(" M registry.yaml\n?? notes.txt");
    expect(await repo.git("show", "main:registry.yaml")).toBe(text.trimEnd());
  });

  test("takes an empty repository, on whatever unborn branch it stands", async () => {
    for (const bare of [false, true]) {
      const repo = await tempRepo({ branch: "trunk", bare });
      await init(repo.path);
      expect(await heads(repo)).toEqual(["main", "stage/production", "stage/staging"]);
      expect(await repo.git("symbolic-ref", "HEAD")).toBe("refs/heads/main");
      if (!bare) expect(await repo.git("status", "--porcelain")).toBe("");
      if (!bare) expect(await readdir(repo.path)).toContain("registry.yaml");
      await repo.fsck();
    }
  });

  test("keeps master where that is the branch, and remembers it", async () => {
    const repo = await tempRepo({ branch: "master" });
    await repo.commit("Begin", { "README.md": "ours\n", LICENSE: "MIT\n", ".gitignore": "x\n" });
    expect(await init(repo.path)).toMatchObject({
      created: ["registry.yaml", "stage/staging", "stage/production"],
      existing: ["README.md"],
    });
    expect(await heads(repo)).toEqual(["master", "stage/production", "stage/staging"]);
    expect(await repo.git("config", "git-model.defaultBranch")).toBe("master");
    expect(await repo.git("status", "--porcelain")).toBe("");
  });

  test("refuses a repository of code without --shared, and writes nothing", async () => {
    const repo = await tempRepo();
    await repo.commit("Code", { "src/train.py": "", "README.md": "" });
    const before = await repo.git("for-each-ref");
    await expect(init(repo.path)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("src/"),
      hint: expect.stringContaining("--shared"),
    });
    expect(await repo.git("for-each-ref")).toBe(before);
    expect(await init(repo.path, { shared: true })).toMatchObject({
      created: ["registry.yaml", "stage/staging", "stage/production"],
    });
    expect(await repo.git("ls-tree", "--name-only", "main")).toBe("README.md\nregistry.yaml\nsrc");
  });

  test("is what a registry needs whose new remote holds nothing, and the hint says so", async () => {
    const [path, server] = [await tempDir(), join(await tempDir(), "server.git")];
    await init(path);
    const repo = repoAt(path);
    await repo.git("init", "-q", "--bare", "--initial-branch=main", server);
    await repo.git("remote", "add", "origin", server);
    const push = async () => {
      const registry = await openRegistry({ directory: path, environment });
      return registry.push().finally(() => registry.close());
    };
    await expect(push()).rejects.toMatchObject({
      code: "not-a-registry",
      message: "the remote origin holds nothing yet",
      hint: expect.stringContaining("git model init"),
    });
    await init(path);
    expect(await push()).toMatchObject({ pushed: [], rejected: [] });
  });

  test("takes no .github, CODEOWNERS or dot file for code, but one line of it", async () => {
    const repo = await tempRepo();
    await repo.commit("Begin", {
      ".github/workflows/x.yml": "",
      CODEOWNERS: "",
      ".gitattributes": "",
      "LICENSE.txt": "",
    });
    await expect(init(repo.path, { dryRun: true })).resolves.toMatchObject({ planned: true });
    await repo.commit("Code", { "train.py": "" });
    await expect(init(repo.path)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("train.py"),
    });
  });

  test("a dry run says what it would make and makes nothing", async () => {
    const repo = await tempRepo();
    await repo.commit("Begin", { "README.md": "" });
    const before = [await repo.git("for-each-ref"), await repo.git("count-objects"), await readdir(repo.path)];
    expect(await init(repo.path, { dryRun: true })).toMatchObject({
      planned: true,
      created: ["registry.yaml", "stage/staging", "stage/production"],
    });
    expect([await repo.git("for-each-ref"), await repo.git("count-objects"), await readdir(repo.path)]).toEqual(before);
    const nowhere = join(await tempDir(), "new");
    await expect(init(nowhere, { dryRun: true })).rejects.toMatchObject({ code: "usage" });
    expect(await readdir(join(nowhere, ".."))).toEqual([]);
  });

  test("a directory inside a repository gets one of its own; without a directory it is the one around", async () => {
    const outer = await tempRepo();
    await outer.commit("Code", { "train.py": "" });
    const nested = join(outer.path, "models");
    expect(await init("models", {}, outer.path)).toMatchObject({ registry: nested, name: "models" });
    expect(await heads(repoAt(nested))).toContain("stage/staging");
    expect(await heads(outer)).toEqual(["main"]);
    const registry = await tempRepo();
    await mkdir(join(registry.path, "docs"));
    expect(await init(null, {}, join(registry.path, "docs"))).toMatchObject({ registry: registry.path });
  });

  test("with a remote sends everything and sets tagOpt", async () => {
    const server = await tempRepo({ bare: true });
    await server.git("config", "core.logAllRefUpdates", "true");
    const repo = await tempRepo();
    await repo.git("remote", "add", "origin", server.path);
    await init(repo.path);
    expect(await heads(server)).toEqual(["main", "stage/production", "stage/staging"]);
    expect(await server.id("main")).toBe(await repo.id("main"));
    expect(await server.id("stage/staging")).toBe(STAGING);
    expect(await repo.git("config", "remote.origin.tagOpt")).toBe("--tags");
    expect(await repo.git("for-each-ref", "--format=%(refname)", "refs/heads")).toBe("refs/heads/main");
    await server.fsck();
  });

  test("by two people at once makes one registry", async () => {
    const server = await tempRepo({ bare: true });
    const people = [await tempRepo(), await tempRepo()];
    for (const repo of people) await repo.git("remote", "add", "origin", server.path);
    const results = await Promise.allSettled(people.map((repo) => init(repo.path, { name: "acme" })));
    for (const [index, result] of results.entries()) {
      if (result.status === "fulfilled") continue;
      expect(result.reason).toMatchObject({ code: "push-rejected", retryable: true });
      await init(people[index]?.path ?? "");
    }
    expect(await server.git("rev-list", "--count", "main")).toBe("1");
    await server.fsck();
  });

  test("--no-push keeps all here; the next init publishes it as it is", async () => {
    const server = await tempRepo({ bare: true });
    const repo = await tempRepo();
    await repo.git("remote", "add", "origin", server.path);
    await init(repo.path, { push: false });
    expect(await server.git("for-each-ref")).toBe("");
    const edited = await repo.commit("Edit", { "README.md": "ours\n" });
    expect(await init(repo.path)).toMatchObject({ created: ["stage/staging", "stage/production"] });
    expect(await server.id("main")).toBe(edited);
    expect(await heads(server)).toEqual(["main", "stage/production", "stage/staging"]);
  });

  test("a registry that gets a remote later is published with the commits that people made", async () => {
    const repo = await tempRepo({ branch: "master" });
    await repo.commit("Begin", { "README.md": "ours\n" });
    await init(repo.path);
    const policy = await readFile(join(repo.path, "registry.yaml"), "utf8");
    const edited = await repo.commit("Edit", { "registry.yaml": `${policy}# ours\n` });
    const server = await tempRepo({ bare: true, branch: "master" });
    await repo.git("remote", "add", "origin", server.path);
    await init(repo.path);
    expect(await server.id("master")).toBe(edited);
    expect(await repo.id("master")).toBe(edited);
  });

  test("--no-push in a clone never takes commits from the local branch, nor moves a local stage", async () => {
    const server = await tempRepo({ bare: true });
    const repo = await tempRepo();
    await repo.git("remote", "add", "origin", server.path);
    await init(repo.path);
    const ahead = await repo.commit("Mine", { "README.md": "mine\n" });
    await repo.git("rm", "-q", "README.md");
    await repo.commit("Without");
    await init(repo.path, { push: false });
    expect(await repo.git("merge-base", "--is-ancestor", ahead, "main")).toBe("");
    expect(await repo.git("show", "--name-only", "--format=%s", "main")).toContain("README.md");
  });

  test("--forge git ships the update hook and says where it goes", async () => {
    const path = await tempDir();
    const answer = await init(path, { forge: "git" });
    expect(answer.created).toEqual(["registry.yaml", "README.md", "hooks/update", "stage/staging", "stage/production"]);
    expect(answer.next[0]).toContain("hooks/update");
    expect(await readFile(join(path, "hooks", "update"), "utf8")).toMatch(/^#!\/bin\/sh\n/);
    expect(await readFile(join(path, "registry.yaml"), "utf8")).toMatch(/^forge: git$/m);
    expect((await init(path, { forge: "git" })).created).toEqual([]);
  });

  test("refuses what is no stage name, an invalid policy, and a place that cannot be made", async () => {
    await expect(init(await tempDir(), { stages: ["Prod"] })).rejects.toMatchObject({
      code: "name-invalid",
      hint: expect.anything(),
    });
    await expect(init(await tempDir(), { stages: ["latest"] })).rejects.toMatchObject({ code: "name-invalid" });
    const repo = await tempRepo();
    await repo.commit("Break", { "registry.yaml": "stages: 7\n" });
    await expect(init(repo.path)).rejects.toMatchObject({
      code: "policy-invalid",
      findings: expect.arrayContaining([expect.anything()]),
    });
    const file = join(await tempDir(), "file");
    await writeFile(file, "");
    await expect(init(join(file, "below"))).rejects.toMatchObject({ code: "disk" });
  });
});
