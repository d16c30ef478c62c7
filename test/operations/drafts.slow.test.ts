import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ADAPTERS, type TestRegistry, testRegistry } from "../support/registry.ts";

const MARKERS = "refs/git-model/drafts";

describe.each(ADAPTERS)("drafts on %s", (adapter) => {
  let empty: TestRegistry;
  let one: TestRegistry;
  const register = async (person: TestRegistry, content: string, draft: boolean, version?: string) =>
    person.registry.register({
      model: "fraud",
      files: [await person.file("m.onnx", content)],
      ...(version === undefined ? {} : { version }),
      ...(draft ? { push: false } : {}),
    });
  const markers = async (person = one) =>
    (await person.repo.git("for-each-ref", "--format=%(refname)", MARKERS)).split("\n").filter((name) => name !== "");

  beforeAll(async () => {
    empty = await testRegistry({ adapter, remote: true });
  });

  beforeEach(async () => {
    one = await empty.copy();
  });

  test("stay here, are marked, and are not the parent of what is published", async () => {
    await register(one, "published", false);
    const draft = await register(one, "draft", true);
    expect(draft).toMatchObject({ version: "1.0.1", created: true, published: false, pushed: false });
    expect(await markers()).toEqual([`${MARKERS}/fraud@v1.0.1`]);
    expect(await one.server?.git("tag")).toBe("fraud@v1.0.0");
    expect(await register(one, "draft", true)).toMatchObject({ version: "1.0.1", created: false, published: false });
    const next = await register(one, "next", false);
    expect(next.version).toBe("1.0.2");
    expect(await one.repo.git("log", "-1", "--format=%P", "fraud@v1.0.2")).toBe(
      await one.repo.id("fraud@v1.0.0^{commit}"),
    );
  });

  test("are published by push: bytes, tag, and the marker goes", async () => {
    await register(one, "draft", true);
    await register(one, "second draft", true);
    const answer = await one.registry.push();
    expect(answer).toEqual({ remote: "origin", pushed: ["fraud@v1.0.0", "fraud@v1.0.1"], adopted: [], rejected: [] });
    expect(await markers()).toEqual([]);
    const digest = createHash("sha256").update("draft").digest("hex");
    const there = join(one.server?.path ?? "", "lfs", "objects", digest.slice(0, 2), digest.slice(2, 4), digest);
    expect(await readFile(there, "utf8")).toBe("draft");
    expect(await one.registry.push()).toEqual({ remote: "origin", pushed: [], adopted: [], rejected: [] });
    await one.server?.fsck();
  });

  test("are published by registering the same again without --no-push", async () => {
    await register(one, "draft", true);
    expect(await register(one, "draft", false)).toMatchObject({
      version: "1.0.0",
      created: false,
      published: true,
      pushed: true,
    });
    expect(await markers()).toEqual([]);
    expect(await one.server?.git("tag")).toBe("fraud@v1.0.0");
  });

  test("collide with what somebody else published: fetch and push say so, discard makes room", async () => {
    const two = await one.clone();
    await register(one, "mine", true);
    await register(two, "theirs", false);
    const fetched = await one.registry.fetch();
    expect(fetched.findings).toMatchObject([
      { code: "draft-collides", severity: "error", hint: expect.stringContaining("git model discard fraud@1.0.0") },
    ]);
    expect(await one.registry.push()).toMatchObject({
      pushed: [],
      rejected: [{ tag: "fraud@v1.0.0", code: "version-exists" }],
    });
    expect(await markers()).toHaveLength(1);
    await expect(register(one, "mine", false, "1.0.0")).rejects.toMatchObject({ code: "version-exists" });
    expect(await one.registry.discard({ reference: "fraud@1.0.0" })).toMatchObject({
      version: "1.0.0",
      discarded: true,
    });
    expect(await one.registry.fetch()).toMatchObject({ findings: [], updated: [{ ref: "refs/tags/fraud@v1.0.0" }] });
    expect(await register(one, "mine", false)).toMatchObject({ version: "1.0.1", created: true });
  });

  test("equal to what the remote has lose their marker by a fetch", async () => {
    await register(one, "mine", true);
    await one.repo.git("push", "-q", "origin", "refs/tags/fraud@v1.0.0");
    expect(await markers()).toHaveLength(1);
    expect((await one.registry.fetch()).findings).toEqual([]);
    expect(await markers()).toEqual([]);
  });

  test("equal to what the remote has are adopted by a push, which brings their bytes", async () => {
    await register(one, "mine", true);
    await one.repo.git("push", "-q", "origin", "refs/tags/fraud@v1.0.0");
    expect(await one.registry.push()).toMatchObject({ pushed: [], adopted: ["fraud@v1.0.0"], rejected: [] });
    const two = await one.clone();
    const pulled = await two.registry.pull({ references: ["fraud"], output: "out" });
    expect(pulled.models).toMatchObject([{ version: "1.0.0" }]);
  });

  test("are the only thing that discard removes", async () => {
    await register(one, "published", false);
    await register(one, "draft", true);
    await expect(one.registry.discard({ reference: "fraud@1.0.0" })).rejects.toMatchObject({
      code: "version-published",
    });
    await expect(one.registry.discard({ reference: "fraud@9.0.0" })).rejects.toMatchObject({ code: "not-found" });
    expect(await one.registry.discard({ reference: "fraud" })).toMatchObject({ tag: "fraud@v1.0.1", discarded: true });
    expect(await one.repo.git("tag")).toBe("fraud@v1.0.0");
    expect(await markers()).toEqual([]);
  });

  test("are neither yanked nor measured at the remote", async () => {
    await register(one, "draft", true);
    await expect(one.registry.yank({ reference: "fraud@1.0.0", reason: "bad" })).rejects.toMatchObject({
      code: "usage",
      hint: expect.stringContaining("git model discard fraud@1.0.0"),
    });
    const metrics = { f1: 0.9 };
    await expect(one.registry.evaluate({ reference: "fraud@1.0.0", metrics })).rejects.toMatchObject({ code: "usage" });
    expect(await one.registry.evaluate({ reference: "fraud@1.0.0", metrics, push: false })).toMatchObject({
      created: true,
    });
    expect(await one.server?.git("for-each-ref", "refs/tags", "refs/heads/evaluations")).toBe("");
  });

  test("cannot be promoted, and the refusal says to push", async () => {
    await register(one, "draft", true);
    const [promotion] = await one.registry.promote({ references: ["fraud@1.0.0"], to: "staging" });
    expect(promotion).toMatchObject({
      kind: "refused",
      findings: [{ code: "version-unregistered", hint: expect.stringContaining("git model push") }],
    });
  });

  test("whose bytes are gone are left behind by a push, the others go", async () => {
    await register(one, "lost", true);
    await register(one, "kept", true);
    const digest = createHash("sha256").update("lost").digest("hex");
    await rm(join(one.repo.gitDir, "lfs", "objects", digest.slice(0, 2), digest.slice(2, 4), digest));
    expect(await one.registry.push()).toMatchObject({
      pushed: ["fraud@v1.0.1"],
      rejected: [{ tag: "fraud@v1.0.0", code: "lfs-missing" }],
    });
    expect(await one.server?.git("tag")).toBe("fraud@v1.0.1");
  });

  test("survive a fetch that prunes, and a marker without its tag is in nobody's way", async () => {
    await register(one, "draft", true);
    await one.registry.fetch();
    await one.repo.git("fetch", "-q", "--prune", "origin");
    expect(await one.repo.git("tag")).toBe("fraud@v1.0.0");
    await one.repo.git("tag", "-d", "fraud@v1.0.0");
    expect(await register(one, "another", true)).toMatchObject({ version: "1.0.0", created: true, published: false });
  });
});

describe("without a remote", () => {
  test("every version is published, --no-push changes nothing, and there is nothing to push, fetch or discard", async () => {
    const one = await testRegistry();
    const file = await one.file("m.onnx", "m");
    const answer = await one.registry.register({ model: "fraud", files: [file], push: false });
    expect(answer).toMatchObject({ created: true, published: true, pushed: false });
    expect(await one.repo.git("for-each-ref", MARKERS)).toBe("");
    await expect(one.registry.discard({ reference: "fraud" })).rejects.toMatchObject({ code: "version-published" });
    await expect(one.registry.push()).rejects.toMatchObject({ code: "usage" });
    await expect(one.registry.fetch()).rejects.toMatchObject({ code: "usage" });
  });
});
