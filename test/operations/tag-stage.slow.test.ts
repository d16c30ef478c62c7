import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { describeWith, oracle } from "../support/oracles.ts";
import { ADAPTERS, CHOSEN_ADAPTER, type TestRegistry, testRegistry } from "../support/registry.ts";
import { isolatedEnvironment } from "../support/run-git.ts";
import { errorOf, promoteDirectly, registerVersions } from "../support/stage-story.ts";

const POLICY = `schemaVersion: 1
name: acme-models
stages:
  edge: { kind: tag, gates: [ { metric: f1, min: 0.8 } ] }
  production: { from: [edge] }
`;

describe.each(ADAPTERS)("a stage of tags alone, through %s git", (adapter) => {
  let on: TestRegistry;
  const back = (reference = "fraud") => on.registry.rollback({ reference, stage: "edge" });
  const promote = async (reference: string) => (await on.registry.promote({ references: [reference], to: "edge" }))[0];
  const held = async () => (await on.registry.list()).models[0]?.stages.edge;

  beforeAll(async () => {
    on = await testRegistry({ adapter, policy: POLICY });
    await registerVersions(on, "fraud", { "1.0.0": 0.9, "1.1.0": 0.9, "1.2.0": 0.5, "1.3.0": 0.9 });
  });

  test("has no branch and no requests: a promotion is its tag", async () => {
    expect(await on.repo.git("for-each-ref", "refs/heads/stage/edge")).toBe("");
    expect(await promote("fraud@1.0.0")).toMatchObject({
      ...{ kind: "released", change: "release", from: null, to: "1.0.0", tag: "fraud#edge#1" },
      ...{ branch: null, head: null, base: null, created: false },
    });
    const tag = await on.repo.git("cat-file", "tag", "fraud#edge#1");
    const [, seconds] = /\ntagger Ada Tester <ada@example.org> (\d+) \+0000\n/.exec(tag) ?? [];
    expect(tag).toBe(
      [
        ...[`object ${await on.repo.id("fraud@v1.0.0^{commit}")}`, "type commit", "tag fraud#edge#1"],
        ...[`tagger Ada Tester <ada@example.org> ${seconds} +0000`, "", "Release fraud 1.0.0 to edge", ""],
        ...["Kind: release", "Version: 1.0.0", "Previous: none", "Stage-Commit: none"],
        `Version-Tag: ${await on.repo.id("refs/tags/fraud@v1.0.0")}`,
      ].join("\n"),
    );
    expect(await on.repo.git("for-each-ref", "refs/heads/promote", "refs/heads/stage/edge")).toBe("");
  });

  test("has the same stack as any other", async () => {
    expect(await promote("fraud@1.0.0")).toMatchObject({ kind: "unchanged" });
    expect(await promote("fraud@1.1.0")).toMatchObject({ tag: "fraud#edge#2", from: "1.0.0" });
    expect(await on.registry.resolve({ reference: "fraud#edge~1" })).toMatchObject({ version: "1.0.0" });
    expect(await back()).toMatchObject({ kind: "released", change: "rollback", to: "1.0.0", tag: "fraud#edge#3" });
    expect(await errorOf(back())).toMatchObject({ code: "not-found" });
    const left = await on.registry.demote({ model: "fraud", stage: "edge" });
    expect(left).toMatchObject({ kind: "released", change: "demote", from: "1.0.0", to: null, tag: "fraud#edge!#4" });
    expect(await held()).toBeNull();
    expect(await on.registry.demote({ model: "fraud", stage: "edge" })).toMatchObject({ kind: "unchanged" });
    expect(await back()).toMatchObject({ change: "rollback", from: null, to: "1.0.0", tag: "fraud#edge#5" });
    const { events } = await on.registry.history({ stage: "edge" });
    expect(events.map(({ kind, number, tag }) => `${kind} ${number} ${tag}`)).toEqual([
      ...["rollback 5 fraud#edge#5", "demote 4 fraud#edge!#4", "rollback 3 fraud#edge#3"],
      ...["release 2 fraud#edge#2", "release 1 fraud#edge#1"],
    ]);
    const times = events.map(({ at }) => Date.parse(at));
    expect(times.toSorted((a, b) => b - a)).toEqual(times);
    expect(new Set(times).size).toBe(5);
  });

  test("has gates, which refuse, since there is no request to open red", async () => {
    expect(await promote("fraud@1.2.0")).toMatchObject({ kind: "refused", passed: false, tag: null });
    expect(await on.registry.promote({ references: ["fraud@1.3.0"], to: "edge", dryRun: true })).toMatchObject([
      { kind: "released", planned: true, tag: null, branch: null },
    ]);
    expect(await held()).toBe("1.0.0");
  });

  test("counts as a stage before another one", async () => {
    const [refused] = await on.registry.promote({ references: ["fraud@1.1.0"], to: "production", direct: true });
    expect(refused?.needs).toMatchObject([{ rule: "from", stage: "edge", verdict: "fail" }]);
    expect(await promoteDirectly(on, "production", "fraud@1.0.0")).toMatchObject({ tag: "fraud#production#1" });
  });

  test("goes on with the next number where one is taken or missing", async () => {
    const commit = await on.repo.id("fraud@v1.0.0^{commit}");
    // A lightweight tag is no release, but its name is taken.
    await on.repo.git("tag", "fraud#edge#6", commit);
    expect(await held()).toBe("1.0.0");
    expect(await promote("fraud@1.1.0")).toMatchObject({ kind: "released", tag: "fraud#edge#7", from: "1.0.0" });
    await on.repo.git("tag", "-d", "fraud#edge#2");
    expect(await promote("fraud@1.3.0")).toMatchObject({ kind: "released", tag: "fraud#edge#8", from: "1.1.0" });
    expect(await held()).toBe("1.3.0");
    expect((await on.registry.history({ stage: "edge" })).events.map(({ number }) => number)).toEqual([
      8, 7, 5, 4, 3, 1,
    ]);
    expect((await on.registry.reconcile()).created).toEqual([]);
    await on.repo.git("tag", "-d", "fraud#edge#6");
  });

  test("of a release and a demote with one number the demote is the later one, for everybody", async () => {
    await on.repo.git("tag", "-a", "-m", "Demote", "fraud#edge!#8", "fraud@v1.3.0^{commit}");
    expect(await held()).toBeNull();
    expect(await errorOf(on.registry.resolve({ reference: "fraud#edge" }))).toMatchObject({ code: "not-found" });
    const { events } = await on.registry.history({ stage: "edge", limit: 2 });
    expect(events.map(({ kind, number }) => `${kind} ${number}`)).toEqual(["demote 8", "release 8"]);
    expect(await promote("fraud@1.3.0")).toMatchObject({ kind: "released", tag: "fraud#edge#9", from: null });
  });

  test("a tag that names no version is unregistered, and cannot be demoted by a tag", async () => {
    await on.repo.git("tag", "-a", "-m", "x", "fraud#edge#10", "main");
    expect(await held()).toBe("unregistered");
    expect(await errorOf(on.registry.resolve({ reference: "fraud@edge" }))).toMatchObject({
      code: "stage-unregistered",
    });
    expect(await errorOf(on.registry.demote({ model: "fraud", stage: "edge" }))).toMatchObject({
      code: "stage-unregistered",
      hint: "git model promote fraud --to edge, then demote it",
    });
    expect(await back()).toMatchObject({ kind: "released", from: "unregistered", to: "1.3.0", tag: "fraud#edge#11" });
    await on.repo.fsck();
  });
});

test("four who promote to a stage of tags at once all get a number, one after the other", async () => {
  const first = await testRegistry({ adapter: CHOSEN_ADAPTER, remote: true, policy: POLICY });
  const versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
  await registerVersions(first, "fraud", Object.fromEntries(versions.map((one) => [one, 0.9])));
  const people = [first, ...(await Promise.all([first.clone(), first.clone(), first.clone()]))];
  const answers = await Promise.all(
    people.map(({ registry }, index) => registry.promote({ references: [`fraud@${versions[index]}`], to: "edge" })),
  );
  expect(answers.flat().map(({ kind, change }) => `${kind} ${change}`)).toEqual(versions.map(() => "released release"));
  expect(
    answers
      .flat()
      .map(({ tag }) => tag)
      .toSorted(),
  ).toEqual([1, 2, 3, 4].map((number) => `fraud#edge#${number}`));
  const last = answers.flat().find(({ tag }) => tag === "fraud#edge#4");
  await first.registry.fetch();
  expect(await first.registry.resolve({ reference: "fraud#edge" })).toMatchObject({ version: last?.to });
});

describeWith(["gto"], "gto", () => {
  test("shows a stage of tags as list does, before and after a rollback and a demote", async () => {
    const on = await testRegistry({ policy: POLICY.replace(", gates: [ { metric: f1, min: 0.8 } ]", "") });
    await registerVersions(on, "fraud", ["1.0.0", "1.1.0"]);
    const shown = () => {
      const out = execFileSync(oracle("gto") ?? "gto", ["show", "--json", "--repo", on.repo.path], {
        encoding: "utf8",
        env: isolatedEnvironment(),
      });
      return JSON.parse(out).fraud.stage.edge;
    };
    await on.registry.promote({ references: ["fraud@1.0.0"], to: "edge" });
    await on.registry.promote({ references: ["fraud@1.1.0"], to: "edge" });
    expect(shown()).toBe("v1.1.0");
    await on.registry.rollback({ reference: "fraud", stage: "edge" });
    expect(shown()).toBe("v1.0.0");
    // SHORTCOMINGS.md: gto unassigns one version and shows the one assigned before.
    await on.registry.demote({ model: "fraud", stage: "edge" });
    expect(shown()).toBe("v1.1.0");
    expect((await on.registry.list()).models[0]?.stages.edge).toBeNull();
  });
});
