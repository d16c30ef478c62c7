import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { describeWith, oracle } from "../support/oracles.ts";
import { ADAPTERS, type TestRegistry, testRegistry } from "../support/registry.ts";

async function registry(adapter: (typeof ADAPTERS)[number], remote: boolean): Promise<TestRegistry> {
  const one = await testRegistry({ adapter, remote });
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
    await one.registry.register({ model: "fraud", version, files: [await one.file("m.onnx", version)] });
  }
  return one;
}

describe.each(ADAPTERS)("yank on %s", (adapter) => {
  let one: TestRegistry;

  beforeAll(async () => {
    one = await registry(adapter, true);
  });

  test("is a tag on the version's commit with the reason as its last line", async () => {
    const answer = await one.registry.yank({ reference: "fraud@1.1.0", reason: "  leaked labels " });
    expect(answer).toMatchObject({ version: "1.1.0", reason: "leaked labels", created: true });
    const tag = await one.server?.gitBytes({}, "cat-file", "-p", "refs/tags/fraud@v1.1.0!#1");
    expect(tag?.toString()).toMatch(
      new RegExp(
        `^object ${answer.commit}\ntype commit\ntag fraud@v1\\.1\\.0!#1\ntagger Ada Tester <ada@example\\.org> \\d+ \\+0000\n\nYank fraud 1\\.1\\.0\n\nReason: leaked labels\n$`,
      ),
    );
    await one.server?.fsck();
  });

  test("is final: again, and by somebody else, the first reason stands", async () => {
    const two = await one.clone();
    for (const { registry: each } of [one, two]) {
      expect(await each.yank({ reference: "fraud@1.1.0", reason: "another" })).toMatchObject({
        created: false,
        reason: "leaked labels",
      });
    }
  });

  test("by two at once has one winner, and both know the reason", async () => {
    const two = await one.clone();
    const answers = await Promise.all([
      one.registry.yank({ reference: "fraud@1.2.0", reason: "mine" }),
      two.registry.yank({ reference: "fraud@1.2.0", reason: "theirs" }),
    ]);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(answers.map(({ reason }) => reason)).size).toBe(1);
  });

  test("hides the version from latest and ranges, not from its exact name", async () => {
    expect(await one.registry.resolve({ reference: "fraud" })).toMatchObject({ version: "1.0.0" });
    expect(await one.registry.resolve({ reference: "fraud@^1.1.0" }).catch(({ code }) => code)).toBe("not-found");
    one.warnings.length = 0;
    expect(await one.registry.resolve({ reference: "fraud@1.1.0" })).toMatchObject({
      version: "1.1.0",
      yanked: expect.anything(),
    });
    expect(one.warnings).toMatchObject([{ code: "yanked" }]);
  });

  test("is refused while a stage holds the version, naming the commands that free it", async () => {
    for (const stage of ["staging", "production"]) {
      await one.registry.promote({ references: ["fraud@1.0.0"], to: stage, direct: true });
    }
    const refused = one.registry.yank({ reference: "fraud@1.0.0", reason: "x" });
    await expect(refused).rejects.toMatchObject({
      code: "version-in-use",
      message: "staging and production hold fraud@1.0.0",
      hint: expect.stringContaining("git model demote fraud --stage production"),
    });
    await expect(refused).rejects.toMatchObject({
      hint: expect.stringContaining("git model rollback fraud --stage staging"),
    });
  });

  test.each(["", "   ", "two\nlines", "bell\u0007", "x".repeat(1001)])(
    "needs a reason of one line: %j",
    async (reason) => {
      await expect(one.registry.yank({ reference: "fraud@1.1.0", reason })).rejects.toMatchObject({ code: "usage" });
    },
  );
});

test("yank without a remote works on the clone alone, and a dry run writes nothing", async () => {
  const one = await registry("native", false);
  const before = await one.repo.git("for-each-ref");
  await one.registry.yank({ reference: "fraud@1.1.0", reason: "x", dryRun: true });
  expect(await one.repo.git("for-each-ref")).toBe(before);
  expect(await one.registry.yank({ reference: "fraud@1.1.0", reason: "x" })).toMatchObject({ created: true });
  await expect(one.registry.yank({ reference: "fraud@7.0.0", reason: "x" })).rejects.toMatchObject({
    code: "not-found",
  });
  await expect(one.registry.yank({ reference: "nobody@1.0.0", reason: "x" })).rejects.toMatchObject({
    code: "not-found",
  });
});

describeWith(["gto"], "gto", () => {
  test("reads our versions and leaves a yanked one out", async () => {
    const one = await registry("native", false);
    await one.registry.yank({ reference: "fraud@1.2.0", reason: "leaked labels" });
    const out = execFileSync(oracle("gto") ?? "gto", ["show", "fraud", "--json", "--repo", one.repo.path], {
      encoding: "utf8",
    });
    expect(out).toContain("v1.1.0");
    expect(out).not.toContain("v1.2.0");
  });
});
