import { chmod, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RegisterAnswer } from "../../src/operations/answers.ts";
import { ADAPTERS, type Adapter, type TestRegistry, testRegistry } from "../support/registry.ts";

/** Two people with a clone each and one server. */
async function twoPeople(adapter: Adapter): Promise<readonly [TestRegistry, TestRegistry]> {
  const one = await testRegistry({ adapter, remote: true });
  return [one, await one.clone()];
}

async function registerAtOnce(
  people: readonly TestRegistry[],
  content: (index: number) => string,
  version?: string,
): Promise<readonly PromiseSettledResult<RegisterAnswer>[]> {
  const files = await Promise.all(people.map((person, index) => person.file("m.onnx", content(index))));
  return Promise.allSettled(
    people.map(({ registry }, index) =>
      registry.register({ model: "fraud", files: [files[index] ?? ""], ...(version === undefined ? {} : { version }) }),
    ),
  );
}

const answersOf = (results: readonly PromiseSettledResult<RegisterAnswer>[]) =>
  results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));

describe.each(ADAPTERS)("registering at the same time on %s", (adapter) => {
  test("with a bump both succeed, the later one on top of the earlier", async () => {
    const [one, two] = await twoPeople(adapter);
    const third = await one.clone();
    const results = await registerAtOnce([one, two, third], (index) => `content ${index}`);
    expect(results.filter(({ status }) => status === "rejected")).toEqual([]);
    const answers = answersOf(results);
    expect(answers.map(({ version }) => version).toSorted()).toEqual(["1.0.0", "1.0.1", "1.0.2"]);
    expect(answers.every(({ created, published, pushed }) => created && published && pushed)).toBe(true);
    const parent = await one.server?.git("log", "-1", "--format=%P", "fraud@v1.0.2");
    expect(parent).toBe(await one.server?.id("fraud@v1.0.1^{commit}"));
    await one.server?.fsck();
  });

  test("with one version and two contents there is one winner, and the loser is told who won", async () => {
    const [one, two] = await twoPeople(adapter);
    const results = await registerAtOnce([one, two], (index) => `content ${index}`, "2.0.0");
    expect(answersOf(results)).toHaveLength(1);
    const loser = results.findIndex(({ status }) => status === "rejected");
    const winner = loser === 0 ? "Grace Other" : "Ada Tester";
    expect(results[loser]).toMatchObject({
      reason: {
        code: "version-exists",
        message: expect.stringContaining(`m.onnx differs from what ${winner} registered`),
      },
    });
    const [answer] = answersOf(results);
    expect(await one.server?.id("fraud@v2.0.0^{tree}")).toBe(answer?.tree);
  });

  test("with equal content one makes it and the other has it", async () => {
    const [one, two] = await twoPeople(adapter);
    const answers = answersOf(await registerAtOnce([one, two], () => "the same"));
    expect(answers.map(({ version, tree }) => [version, tree])).toEqual([
      ["1.0.0", answers[0]?.tree],
      ["1.0.0", answers[0]?.tree],
    ]);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    const server = await one.server?.id("refs/tags/fraud@v1.0.0");
    expect([await one.repo.id("refs/tags/fraud@v1.0.0"), await two.repo.id("refs/tags/fraud@v1.0.0")]).toEqual([
      server,
      server,
    ]);
  });

  test("without a remote two processes of one clone succeed as well", async () => {
    const one = await testRegistry({ adapter });
    const other = await one.reopen();
    const answers = answersOf(await registerAtOnce([one, other], (index) => `content ${index}`));
    expect(answers.map(({ version }) => version).toSorted()).toEqual(["1.0.0", "1.0.1"]);
    await one.repo.fsck();
  });

  test("a crash after the push leaves nothing to mend: the same command again has the version", async () => {
    const [one] = await twoPeople(adapter);
    const file = await one.file("m.onnx", "m");
    const made = await one.registry.register({ model: "fraud", files: [file] });
    await one.repo.git("update-ref", "-d", "refs/tags/fraud@v1.0.0");
    const again = await one.registry.register({ model: "fraud", files: [file] });
    expect(again).toMatchObject({ version: "1.0.0", created: false, published: true, commit: made.commit });
    expect(await one.repo.id("fraud@v1.0.0^{commit}")).toBe(made.commit);
  });

  test("an unreachable remote is a network error that tells how to keep the training, and keeps it", async () => {
    const one = await testRegistry({ adapter, remote: true });
    const file = await one.file("m.onnx", "m");
    const away = `${one.server?.path}.away`;
    await rename(one.server?.path ?? "", away);
    await expect(one.registry.register({ model: "fraud", files: [file] })).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:network|git-failed)$/),
      hint: expect.stringContaining("--no-push --offline"),
    });
    expect(await one.repo.git("tag")).toBe("");
    const draft = await one.registry.register({ model: "fraud", files: [file], push: false, offline: true });
    expect(draft).toMatchObject({ version: "1.0.0", created: true, published: false, pushed: false });
    await rename(away, one.server?.path ?? "");
    expect(await one.registry.push()).toMatchObject({ pushed: ["fraud@v1.0.0"], rejected: [] });
  });

  test("where the upload fails there is no tag, here nor there", async () => {
    const one = await testRegistry({ adapter, remote: true });
    await writeFile(join(one.server?.path ?? "", "lfs"), "a file in the way");
    const file = await one.file("m.onnx", "m");
    await expect(one.registry.register({ model: "fraud", files: [file] })).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:disk|lfs-failed)$/),
    });
    expect([await one.repo.git("tag"), await one.server?.git("tag")]).toEqual(["", ""]);
  });
});

test("a remote that refuses the tag by its hook is told in its words, and there is no tag here", async () => {
  const one = await testRegistry({ adapter: "native", remote: true });
  const hook = join(one.server?.path ?? "", "hooks", "update");
  await writeFile(hook, '#!/bin/sh\necho "tags are frozen until Monday"\nexit 1\n');
  await chmod(hook, 0o755);
  const file = await one.file("m.onnx", "m");
  await expect(one.registry.register({ model: "fraud", files: [file] })).rejects.toMatchObject({
    code: "push-rejected",
    message: expect.stringContaining("refs/tags/fraud@v1.0.0"),
  });
  expect([await one.repo.git("tag"), await one.server?.git("tag")]).toEqual(["", ""]);
});
