import { beforeAll, describe, expect, test } from "vitest";
import { initRegistry } from "../../src/compose.ts";
import { ADAPTERS, registryEnvironment, type TestRegistry, testRegistry } from "../support/registry.ts";
import { tempRepo } from "../support/temp-repo.ts";

const POLICY = "schemaVersion: 1\nname: acme-models\nstages:\n  staging: {}\n  production: {}\n";

describe.each(ADAPTERS)("a registry that lived without a remote, on %s", (adapter) => {
  let one: TestRegistry;
  let tags: readonly string[];

  beforeAll(async () => {
    const alone = await testRegistry({ adapter, policy: POLICY });
    for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
      const file = await alone.file("m.onnx", version);
      await alone.registry.register({ model: "fraud", version, files: [file] });
    }
    await alone.registry.promote({ references: ["fraud@1.0.0"], to: "staging", direct: true });
    await alone.registry.evaluate({ reference: "fraud@1.0.0", metrics: { f1: 0.9 } });
    await alone.registry.yank({ reference: "fraud@1.2.0", reason: "leaked labels" });
    const server = await tempRepo({ bare: true });
    await alone.repo.git("remote", "add", "origin", server.path);
    await alone.repo.git("push", "-q", "origin", "main");
    one = { ...(await alone.reopen()), server };
    tags = (await alone.repo.git("tag")).split("\n");
  });

  test("is sent whole by push: versions, evaluations, stages, release and yank tags, bytes", async () => {
    const answer = await one.registry.push();
    expect(answer).toEqual({
      remote: "origin",
      pushed: [
        ...["fraud@v1.0.0", "fraud@v1.1.0", "fraud@v1.2.0"],
        ...["evaluations/fraud", "stage/production", "stage/staging"],
        ...["fraud#staging#1", "fraud@v1.2.0!#1"],
      ],
      adopted: [],
      rejected: [],
    });
    expect((await one.server?.git("tag"))?.split("\n")).toEqual(tags);
    await one.server?.fsck();
  });

  test("is a registry for a clone: what it shows is complete", async () => {
    const clone = await testRegistryCloneOf(one);
    expect(await clone.registry.resolve({ reference: "fraud@staging" })).toMatchObject({ version: "1.0.0" });
    expect(await clone.registry.pull({ references: ["fraud@1.1.0"], output: "out" })).toMatchObject({
      models: [{ version: "1.1.0" }],
    });
    expect((await clone.registry.doctor()).findings).toEqual([]);
  });

  test("has nothing to push again", async () => {
    expect(await one.registry.push()).toEqual({ remote: "origin", pushed: [], adopted: [], rejected: [] });
  });

  test("registers on top of a version that the remote has, not of one that only this clone has", async () => {
    await one.server?.git("update-ref", "-d", "refs/tags/fraud@v1.1.0");
    const answer = await one.registry.register({
      model: "fraud",
      version: "1.1.5",
      files: [await one.file("m.onnx", "next")],
    });
    expect(answer.created).toBe(true);
    expect(await one.repo.git("log", "-1", "--format=%P", "fraud@v1.1.5")).toBe(
      await one.repo.id("fraud@v1.0.0^{commit}"),
    );
    expect(
      await one.registry.register({ model: "fraud", version: "1.1.0", files: [await one.file("m.onnx", "1.1.0")] }),
    ).toMatchObject({
      created: false,
      pushed: true,
    });
    expect(await one.server?.git("tag", "-l", "fraud@v1.1.0")).toBe("fraud@v1.1.0");
  });

  test("is told of a stage branch of its own that is not on top of the remote's", async () => {
    const root = "d1052f7dfe0327eb2e3d812b161cb25497d4354b";
    const tree = await one.repo.id("stage/staging^{tree}");
    const side = await one.repo.git("commit-tree", tree, "-p", root, "-m", "by hand");
    await one.repo.git("update-ref", "refs/heads/stage/staging", side);
    expect(await one.registry.push()).toMatchObject({
      pushed: [],
      rejected: [{ tag: "stage/staging", code: "stage-moved" }],
    });
  });
});

describe.each(ADAPTERS)("fetch on %s", (adapter) => {
  let one: TestRegistry;
  let two: TestRegistry;

  beforeAll(async () => {
    one = await testRegistry({ adapter, remote: true, policy: POLICY });
    two = await one.clone();
    for (const model of ["fraud", "team/vision"]) {
      await two.registry.register({ model, files: [await two.file("m.onnx", model)] });
    }
  });

  test("brings every model's tags and branches, and says what changed", async () => {
    await two.registry.evaluate({ reference: "fraud", metrics: { f1: 0.9 } });
    const { remote, updated, findings } = await one.registry.fetch();
    expect({ remote, findings }).toEqual({ remote: "origin", findings: [] });
    expect(updated.map(({ ref, from }) => [ref, from])).toEqual([
      ["refs/remotes/origin/evaluations/fraud", null],
      ["refs/tags/fraud@v1.0.0", null],
      ["refs/tags/team/vision@v1.0.0", null],
    ]);
    expect((await one.registry.fetch()).updated).toEqual([]);
  });

  test("sets tagOpt, so that git pull brings versions too, and knows the remote's default branch", async () => {
    expect(await one.repo.git("config", "remote.origin.tagOpt")).toBe("--tags");
    expect(await one.repo.git("symbolic-ref", "refs/remotes/origin/HEAD")).toBe("refs/remotes/origin/main");
  });

  test("forgets branches that are gone there", async () => {
    await one.server?.git("branch", "promote/staging/fraud", "main");
    await one.registry.fetch();
    await one.server?.git("branch", "-D", "promote/staging/fraud");
    expect((await one.registry.fetch()).updated).toMatchObject([
      { ref: "refs/remotes/origin/promote/staging/fraud", to: null },
    ]);
  });

  test("never moves a version's tag: another object there is a finding", async () => {
    const mine = await one.repo.id("refs/tags/fraud@v1.0.0");
    await one.server?.git("tag", "-f", "fraud@v1.0.0", "main");
    const { updated, findings } = await one.registry.fetch();
    expect(updated).toEqual([]);
    expect(findings).toMatchObject([{ code: "tag-moved", severity: "error", ref: "refs/tags/fraud@v1.0.0" }]);
    expect(await one.repo.id("refs/tags/fraud@v1.0.0")).toBe(mine);
  });

  test("a registration brings its own model's tags, and all of them before a new name", async () => {
    const three = await one.clone();
    await two.registry.register({ model: "other", files: [await two.file("m.onnx", "o")] });
    await two.registry.register({ model: "team/vision", files: [await two.file("m.onnx", "v2")] });
    await three.registry.register({ model: "team/vision", files: [await three.file("m.onnx", "v3")] });
    expect(await three.repo.git("tag", "-l", "team/*")).toBe(
      ["0", "1", "2"].map((n) => `team/vision@v1.0.${n}`).join("\n"),
    );
    await expect(
      three.registry.register({ model: "Other", files: [await three.file("m.onnx", "x")] }),
    ).rejects.toMatchObject({
      code: "name-invalid",
    });
  });
});

test("which of several remotes is meant is git-model.remote, else origin, else asked for", async () => {
  const one = await testRegistry({ remote: true });
  await one.repo.git("remote", "rename", "origin", "first");
  expect(await (await one.reopen()).registry.fetch()).toMatchObject({ remote: "first" });
  await one.repo.git("remote", "add", "second", one.server?.path ?? "");
  await expect(one.reopen()).rejects.toMatchObject({
    code: "remote-ambiguous",
    message: expect.stringContaining("first, second"),
  });
  await one.repo.git("config", "git-model.remote", "second");
  expect(await (await one.reopen()).registry.fetch()).toMatchObject({ remote: "second" });
  await one.repo.git("config", "git-model.remote", "third");
  await expect(one.reopen()).rejects.toMatchObject({
    code: "remote-ambiguous",
    message: expect.stringContaining("third"),
  });
});

/** A clone by git of a registry whose remote was added later. */
async function testRegistryCloneOf(one: TestRegistry): Promise<TestRegistry> {
  const repo = await tempRepo();
  await repo.git("remote", "add", "origin", one.server?.path ?? "");
  const environment = await registryEnvironment(one.adapter);
  await initRegistry(repo.path, {}, { directory: repo.path, environment });
  const { repo: _, ...rest } = one;
  return withRepo({ ...rest, repo, environment });
}

async function withRepo(place: TestRegistry): Promise<TestRegistry> {
  const { openRegistry } = await import("../../src/compose.ts");
  const { repo, environment, directory } = place;
  return { ...place, registry: await openRegistry({ registry: repo.path, directory, environment }) };
}
