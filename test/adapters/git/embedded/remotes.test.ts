import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openEmbeddedGit } from "../../../../src/adapters/git/embedded/open-embedded-git.ts";
import type { RefEdit, Refspec } from "../../../../src/ports/git-store.ts";
import { git, isolatedEnvironment } from "../../../support/run-git.ts";
import { type TempRepo, tempDir, tempRepo } from "../../../support/temp-repo.ts";

const BRANCHES: Refspec = { source: "refs/heads/*", target: "refs/remotes/origin/*", force: true };

describe("remotes over the network", () => {
  it.each([
    "https://example.org/a.git",
    "ssh://git@example.org/a.git",
    "git@example.org:a.git",
    "http://127.0.0.1:1/a",
  ])("are refused before any write: %s", async (url) => {
    const repo = await tempRepo();
    const one = await repo.commit("one");
    await repo.git("remote", "add", "origin", url);
    const before = await readdir(repo.gitDir, { recursive: true });
    const store = await open(repo);
    const required = { code: "git-required" };
    await expect(store.listRemote("origin")).rejects.toMatchObject(required);
    await expect(store.fetch("origin", [BRANCHES])).rejects.toMatchObject(required);
    await expect(store.push("origin", [{ ref: "refs/heads/x", from: null, to: one }])).rejects.toMatchObject(required);
    expect(await readdir(repo.gitDir, { recursive: true })).toEqual(before);
  });

  it("do not show a password when they are refused", async () => {
    const repo = await tempRepo();
    await repo.git("remote", "add", "origin", `https://${["user", "secret"].join(":")}@example.org/a.git`);
    const refusal = (await open(repo)).listRemote("origin");
    await expect(refusal).rejects.toMatchObject({ message: expect.not.stringContaining("secret") });
  });
});

describe("remotes that are directories", () => {
  it("give their objects as one pack when there are many, whole", async () => {
    const remote = await tempRepo();
    for (let n = 0; n < 20; n++) await remote.commit(`${n}`, { [`f/${n}/a.txt`]: `${n}`, "b.txt": `${n}` });
    await remote.git("tag", "-a", "v1", "-m", "v");
    const repo = await withOrigin(remote);
    const store = await open(repo);
    await store.fetch("origin", [BRANCHES, { source: "refs/tags/*", target: "refs/tags/*", force: false }]);
    expect(await repo.id("refs/remotes/origin/main")).toBe(await remote.id("refs/heads/main"));
    expect(await repo.git("count-objects", "-v")).toMatch(/packs: 1/);
    await repo.fsck();
  });

  it("complete a history of which single objects were left behind by a killed fetch", async () => {
    const remote = await tempRepo();
    await remote.commit("one", { "a/b.txt": "b" });
    const two = await remote.commit("two", { "a/c.txt": "c" });
    const repo = await withOrigin(remote);
    // The tip and its tree are here, what they refer to is not.
    for (const revision of ["HEAD", "HEAD^{tree}"]) {
      const id = await remote.id(revision);
      const kind = await remote.git("cat-file", "-t", id);
      const input = await remote.gitBytes({}, "cat-file", kind, id);
      await repo.gitBytes({ input }, "hash-object", "-w", "--literally", "-t", kind, "--stdin");
    }
    await (await open(repo)).fetch("origin", [BRANCHES]);
    expect(await repo.id("refs/remotes/origin/main")).toBe(two);
    await repo.fsck();
  });

  it("are not fetched from when they are damaged: no ref moves", async () => {
    const remote = await tempRepo();
    await remote.commit("one", { "a.txt": "precious" });
    const blob = await remote.id("HEAD:a.txt");
    await rm(join(remote.gitDir, "objects", blob.slice(0, 2), blob.slice(2)));
    const repo = await withOrigin(remote);
    const fetching = (await open(repo)).fetch("origin", [BRANCHES]);
    await expect(fetching).rejects.toMatchObject({ code: "git-failed", message: expect.stringContaining(blob) });
    expect(await repo.git("for-each-ref")).toBe("");
  });

  it("are not fetched from when they are shallow, nor pushed to from what is", async () => {
    const whole = await tempRepo();
    await whole.commit("one");
    const tip = await whole.commit("two");
    const path = join(await tempDir(), "shallow");
    await git(whole.path, "clone", "-q", "--bare", "--depth", "1", `file://${whole.path}`, path);
    const repo = await tempRepo();
    await repo.git("remote", "add", "origin", path);
    const shallow = { code: "shallow-history" };
    await expect((await open(repo)).fetch("origin", [BRANCHES])).rejects.toMatchObject(shallow);
    const empty = await tempRepo({ bare: true });
    await git(path, "remote", "add", "empty", empty.path);
    const store = await openEmbeddedGit({ directory: path, env: isolatedEnvironment() });
    const pushing = store.push("empty", [{ ref: "refs/heads/x", from: null, to: tip }]);
    await expect(pushing).rejects.toMatchObject(shallow);
    expect(await empty.git("for-each-ref")).toBe("");
  });

  it("keep their own rules: no deletion, no rewriting, not the branch that a linked tree has checked out", async () => {
    const remote = await tempRepo();
    const one = await remote.commit("one");
    const two = await remote.commit("two");
    await remote.git("branch", "kept");
    await remote.git("worktree", "add", "-q", "-b", "linked", join(await tempDir(), "linked"), one);
    await remote.git("config", "receive.denyDeletes", "true");
    await remote.git("config", "receive.denyNonFastForwards", "true");
    const repo = await withOrigin(remote);
    const store = await open(repo);
    await store.fetch("origin", [BRANCHES]);
    const edits: readonly RefEdit[] = [
      { ref: "refs/heads/kept", from: two, to: null },
      { ref: "refs/heads/kept", from: two, to: one },
      { ref: "refs/heads/linked", from: one, to: two },
      { ref: "refs/heads/main", from: two, to: null },
    ];
    for (const edit of edits) expect(await store.push("origin", [edit])).toMatchObject([{ status: "refused" }]);
    expect(await remote.id("refs/heads/kept")).toBe(two);
  });

  it("with a hook of their own are refused before anything is written", async () => {
    const remote = await tempRepo({ bare: true });
    const repo = await withOrigin(remote);
    const one = await repo.commit("one");
    await mkdir(join(remote.path, "ours"));
    await writeFile(join(remote.path, "ours/post-receive"), "#!/bin/sh\n");
    await remote.git("config", "core.hooksPath", "ours");
    const store = await open(repo);
    const push = () => store.push("origin", [{ ref: "refs/heads/x", from: null, to: one }]);
    await chmod(join(remote.path, "ours/post-receive"), 0o755);
    await expect(push()).rejects.toMatchObject({ code: "git-required" });
    expect(await remote.git("count-objects")).toMatch(/^0 objects/);
    await chmod(join(remote.path, "ours/post-receive"), 0o644);
    expect(await push()).toMatchObject([{ status: "pushed" }]);
  });
});

async function withOrigin(remote: TempRepo): Promise<TempRepo> {
  const repo = await tempRepo();
  await repo.git("remote", "add", "origin", remote.path);
  return repo;
}

function open(repo: TempRepo) {
  return openEmbeddedGit({ directory: repo.path, env: isolatedEnvironment() });
}
