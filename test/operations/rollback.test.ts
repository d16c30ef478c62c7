import { beforeAll, describe, expect, test } from "vitest";
import { handMade } from "../support/hand-made.ts";
import { ADAPTERS, type TestRegistry, testRegistry } from "../support/registry.ts";
import { codesOf, errorOf, promoteDirectly, registerVersions } from "../support/stage-story.ts";

const GATED = `schemaVersion: 1
name: acme-models
stages:
  production:
    gates: [ { metric: f1, min: 0.8 } ]
`;

/** What a release tag must be to the byte, by DESIGN section 1, from nothing but git's own answers. */
async function expectedTag(on: TestRegistry, tag: string, words: readonly string[], version: string, date: number) {
  const model = tag.slice(0, tag.indexOf("#"));
  const stage = tag.split(/[#!]+/)[1] ?? "";
  const stageCommit = /\nStage-Commit: (\w+)\n/.exec(await on.repo.git("cat-file", "tag", tag))?.[1] ?? "";
  const committer = /^committer (.*) (\d+) ([+-]\d{4})$/m.exec(await on.repo.git("cat-file", "commit", stageCommit));
  const [first = "", kind = "", previous = ""] = words;
  return [
    `object ${await on.repo.id(`${model}@v${version}^{commit}`)}`,
    "type commit",
    `tag ${tag}`,
    `tagger ${committer?.[1]} ${date} ${committer?.[3]}`,
    "",
    `${first} ${stage}`,
    "",
    `Kind: ${kind}`,
    `Version: ${version}`,
    `Previous: ${previous}`,
    `Stage-Commit: ${stageCommit}`,
    `Version-Tag: ${await on.repo.id(`refs/tags/${model}@v${version}`)}`,
  ].join("\n");
}

describe.each(ADAPTERS)("going back, through %s git", (adapter) => {
  let on: TestRegistry;
  const held = async () => (await on.registry.list()).models[0]?.stages.production;
  const back = (reference = "fraud") => on.registry.rollback({ reference, stage: "production", direct: true });

  beforeAll(async () => {
    on = await testRegistry({ adapter, policy: GATED });
    await registerVersions(on, "fraud", { "1.0.0": 0.9, "1.1.0": 0.91, "1.2.0": 0.92, "1.3.0": 0.93, "2.0.0": 0.99 });
  });

  test("with nothing to go back to there is no answer, and the way out is told", async () => {
    const rollback = (reference: string) => errorOf(back(reference));
    expect(await rollback("fraud")).toMatchObject({
      code: "not-found",
      hint: "git model demote fraud --stage production",
    });
    expect(await rollback("fraud@1.0.0")).toMatchObject({
      code: "not-found",
      hint: "git model promote fraud@1.0.0 --to production",
    });
    expect(await rollback("nobody")).toMatchObject({ code: "not-found", hint: "git model list" });
    for (const odd of ["fraud@latest", "fraud@^1", "fraud#production", "fraud@best"]) {
      expect(await rollback(odd)).toMatchObject({ code: "usage" });
    }
  });

  test("twice goes down two, not back up", async () => {
    await promoteDirectly(on, "production", "fraud@1.0.0", "fraud@1.1.0", "fraud@1.2.0");
    expect(await back()).toMatchObject({
      ...{ kind: "released", change: "rollback", from: "1.2.0", to: "1.1.0", tag: "fraud#production#4" },
    });
    expect(await back()).toMatchObject({ change: "rollback", from: "1.1.0", to: "1.0.0", tag: "fraud#production#5" });
    expect(await errorOf(back())).toMatchObject({ code: "not-found" });
    expect(await held()).toBe("1.0.0");
    expect(await on.repo.git("log", "--first-parent", "--format=%s", "stage/production")).toBe(
      [
        ...["Roll back fraud to 1.0.0 on production", "Roll back fraud to 1.1.0 on production"],
        ...["Release fraud 1.2.0 to production", "Release fraud 1.1.0 to production"],
        ...["Release fraud 1.0.0 to production", "Create stage production"],
      ].join("\n"),
    );
  });

  test("a popped version is a release again, and its gates bind again", async () => {
    await on.changePolicy(GATED.replace("0.8", "0.915"));
    const asked = await on.registry.rollback({ reference: "fraud@1.1.0", stage: "production", direct: true });
    expect(asked).toMatchObject({ kind: "refused", change: "release", passed: false });
    expect(await on.registry.rollback({ reference: "fraud@1.2.0", stage: "production" })).toMatchObject({
      ...{ kind: "pull-request", change: "release", branch: "promote/production/fraud", passed: true },
    });
    expect(await back("fraud@1.2.0")).toMatchObject({ kind: "released", change: "release", tag: "fraud#production#6" });
  });

  test("the gates of a version on the stack are warnings, for promote too, which says that it is a rollback", async () => {
    const [answer] = await on.registry.promote({ references: ["fraud@1.0.0"], to: "production", dryRun: true });
    expect(answer).toMatchObject({
      ...{ kind: "pull-request", change: "rollback", branch: "rollback/production/fraud", passed: true },
      gates: [{ verdict: "fail", severity: "warn" }],
    });
    await on.changePolicy(GATED);
  });

  test("what was yanked is skipped", async () => {
    await promoteDirectly(on, "production", "fraud@1.3.0", "fraud@2.0.0");
    await on.registry.yank({ reference: "fraud@1.3.0", reason: "leaked labels" });
    const named = await on.registry.rollback({ reference: "fraud@1.3.0", stage: "production", direct: true });
    expect(codesOf(named)).toEqual(["yanked"]);
    expect(named).toMatchObject({ kind: "refused", change: "rollback" });
    expect(await on.registry.resolve({ reference: "fraud#production~1" })).toMatchObject({ version: "1.2.0" });
    expect(await back()).toMatchObject({ change: "rollback", from: "2.0.0", to: "1.2.0" });
  });

  test("after a demote it is the version that left", async () => {
    const left = await on.registry.demote({ model: "fraud", stage: "production", direct: true });
    expect(left).toMatchObject({ kind: "released", change: "demote", from: "1.2.0", to: null });
    expect(left.tag).toBe("fraud#production!#10");
    expect(await held()).toBeNull();
    expect(await on.repo.git("ls-tree", "-r", "stage/production")).toBe("");
    expect(await on.registry.demote({ model: "fraud", stage: "production" })).toMatchObject({
      ...{ kind: "unchanged", to: null, from: null },
    });
    expect(await back()).toMatchObject({ change: "rollback", from: null, to: "1.2.0", tag: "fraud#production#11" });
  });

  test("from a tree that no version has it is the top of the stack, and the number goes on without a tag", async () => {
    const strange = await handMade(on.repo, {
      parents: ["stage/production"],
      files: { "models/fraud/README.md": "not ours" },
    });
    await on.repo.git("update-ref", "refs/heads/stage/production", strange);
    const { registry } = on;
    expect(await held()).toBe("unregistered");
    for (const question of [
      () => registry.resolve({ reference: "fraud@production" }),
      () => registry.pull({ references: ["fraud@production"], printPath: true }),
      () => registry.show({ reference: "fraud#production" }),
    ]) {
      expect(await errorOf(question())).toMatchObject({
        code: "stage-unregistered",
        hint: expect.stringContaining("git model rollback fraud --stage production"),
      });
    }
    const [event] = (await registry.history({ model: "fraud", stage: "production", limit: 1 })).events;
    expect(event).toMatchObject({ kind: "unregistered", number: 12, version: null, previous: "1.2.0", tag: null });
    expect(await registry.resolve({ reference: "fraud#production~1" })).toMatchObject({ version: "1.2.0" });
    expect(codesOf(await registry.reconcile())).toEqual(["stage-unregistered"]);
    expect(await back()).toMatchObject({ from: "unregistered", to: "1.2.0", tag: "fraud#production#13" });
    expect(await registry.reconcile()).toMatchObject({ created: [], findings: [] });
  });

  test("every tag is the contract's to the byte, and the next second where two events share one", async () => {
    const dates = (
      await on.repo.git("for-each-ref", "--format=%(refname:short) %(taggerdate:unix)", "refs/tags/fraud#*")
    )
      .split("\n")
      .map((line) => line.split(" ") as [string, string]);
    const dateOf = (tag: string) => Number(new Map(dates).get(tag));
    const cases = [
      ["fraud#production#1", ["Release fraud 1.0.0 to", "release", "none"], "1.0.0"],
      ["fraud#production#2", ["Release fraud 1.1.0 to", "release", "1.0.0"], "1.1.0"],
      ["fraud#production#4", ["Roll back fraud to 1.1.0 on", "rollback", "1.2.0"], "1.1.0"],
      ["fraud#production!#10", ["Demote fraud 1.2.0 from", "demote", "1.2.0"], "1.2.0"],
      ["fraud#production#11", ["Roll back fraud to 1.2.0 on", "rollback", "none"], "1.2.0"],
      ["fraud#production#13", ["Roll back fraud to 1.2.0 on", "rollback", "unregistered"], "1.2.0"],
    ] as const;
    for (const [tag, words, version] of cases) {
      const wanted = await expectedTag(on, tag, words, version, dateOf(tag));
      expect(await on.repo.git("cat-file", "tag", tag)).toBe(wanted);
    }
    const numbered = dates
      .map(([tag, seconds]) => [Number(tag.slice(tag.lastIndexOf("#") + 1)), Number(seconds)] as const)
      .toSorted(([a], [b]) => a - b);
    expect(numbered.map(([number]) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13]);
    for (const [index, [, seconds]] of numbered.entries()) {
      expect(seconds).toBeGreaterThan(numbered[index - 1]?.[1] ?? 0);
    }
    await on.repo.fsck();
  });

  test("as a request it closes the open promotion", async () => {
    await on.registry.promote({ references: ["fraud@2.0.0"], to: "production" });
    const answer = await on.registry.rollback({ reference: "fraud", stage: "production" });
    expect(answer).toMatchObject({ kind: "pull-request", change: "rollback", branch: "rollback/production/fraud" });
    expect((await on.registry.listRequests()).promotions.map(({ branch }) => branch)).toEqual([
      "rollback/production/fraud",
    ]);
  });
});
