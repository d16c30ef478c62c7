import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openEmbeddedGit } from "../../../../src/adapters/git/embedded/open-embedded-git.ts";
import { RefDatabase } from "../../../../src/adapters/git/embedded/ref-database.ts";
import { updateRefs } from "../../../../src/adapters/git/embedded/ref-transaction.ts";
import type { ObjectId } from "../../../../src/domain/object-id.ts";
import type { RefName } from "../../../../src/ports/git-store.ts";
import { isolatedEnvironment } from "../../../support/run-git.ts";
import { type TempRepo, tempRepo } from "../../../support/temp-repo.ts";

const MAIN: RefName = "refs/heads/main";

describe("deleting packed refs", () => {
  it("leaves every other one, with the peeled value that git reads", async () => {
    const { repo, one, store } = await subject();
    for (const name of ["a", "b", "c"]) await repo.git("tag", "-a", name, "-m", name);
    await repo.git("pack-refs", "--all");
    const b = await repo.id("refs/tags/b");
    expect(await store.updateRefs([{ ref: "refs/tags/b", from: b, to: null }])).toEqual({ ok: true });
    expect(await repo.git("for-each-ref", "--format=%(refname) %(*objectname)")).toBe(
      `refs/heads/main \nrefs/tags/a ${one}\nrefs/tags/c ${one}`,
    );
    expect(await repo.git("show-ref", "--tags", "-d")).toContain(`${one} refs/tags/c^{}`);
    await repo.git("pack-refs", "--all");
    await repo.fsck();
  });

  it("removes both the packed value and the newer one, so that none comes back", async () => {
    const { repo, one, store } = await subject();
    await repo.git("branch", "x", one);
    await repo.git("pack-refs", "--all");
    const two = await repo.commit("two");
    await repo.git("branch", "-f", "x", two);
    expect(await store.updateRefs([{ ref: "refs/heads/x", from: two, to: null }])).toEqual({ ok: true });
    expect(await repo.git("branch", "--list", "x")).toBe("");
    await repo.git("branch", "x/y", one);
  });

  it("waits for a packed-refs.lock in the way no longer than a second or so, and changes nothing", async () => {
    const { repo, one, store } = await subject();
    await repo.git("branch", "x", one);
    await writeFile(join(repo.gitDir, "packed-refs.lock"), "");
    const started = performance.now();
    const outcome = await store.updateRefs([{ ref: "refs/heads/x", from: one, to: null }]);
    expect(outcome).toEqual({ ok: false, lost: ["refs/heads/x"] });
    expect(performance.now() - started).toBeLessThan(3000);
    expect(await repo.id("refs/heads/x")).toBe(one);
    expect(await readdir(join(repo.gitDir, "refs/heads"))).toEqual(["main", "x"]);
  });
});

describe("creating many refs", () => {
  it("packs them at once, and git reads names and peeled values", async () => {
    const { repo, one, store } = await subject();
    await repo.git("tag", "-a", "v1", "-m", "v");
    const tag = await repo.id("refs/tags/v1");
    const edits = Array.from({ length: 150 }, (_, n) => ({
      ref: `refs/tags/team/m${n}@v1.0.0` as const,
      from: null,
      to: tag,
    }));
    const more = { ref: "refs/heads/side" as const, from: null, to: one };
    expect(await store.updateRefs([...edits, more])).toEqual({ ok: true });
    const listed = (await repo.git("for-each-ref", "--format=%(*objectname)", "refs/tags/team/")).split("\n");
    expect(listed).toEqual(edits.map(() => one));
    expect(await store.listRefs(["refs/tags/team/m1@"])).toEqual([
      { name: "refs/tags/team/m1@v1.0.0", id: tag, peeled: one },
    ]);
    expect((await store.updateRefs(edits)).ok).toBe(false);
    await repo.git("tag", "team/m0@v1.0.1");
    await repo.fsck();
  });

  it("under one lock compares each all the same: with its own file, with packed ones, with refs above and below", async () => {
    const { repo, one, store } = await subject();
    await store.close();
    await repo.git("tag", "-a", "packed", "-m", "v");
    await repo.git("tag", "folder/x", one);
    await repo.git("pack-refs", "--all");
    await repo.git("tag", "loose", one);
    await repo.git("tag", "file", one);
    const refs = new RefDatabase(repo.gitDir, (id) => id);
    const names = Array.from({ length: 150 }, (_, n) => `refs/tags/m${n}@v1.0.0` as RefName);
    const taken: readonly RefName[] = [
      "refs/tags/packed",
      "refs/tags/loose",
      "refs/tags/file/below",
      "refs/tags/folder",
    ];
    const edits = [...names, ...taken].map((ref) => ({ ref, from: null, to: one }));
    expect(await updateRefs(refs, edits, { oneLock: true })).toEqual({ ok: false, lost: taken });
    expect((await repo.git("tag", "--list")).split("\n")).toEqual(["file", "folder/x", "loose", "packed"]);
    expect(await updateRefs(refs, edits.slice(0, 150), { oneLock: true })).toEqual({ ok: true });
    expect((await repo.git("tag", "--list", "m*")).split("\n")).toHaveLength(150);
    expect(await readdir(join(repo.gitDir, "refs/tags"))).toEqual(["file", "loose"]);
  });
});

describe("a lock in the way", () => {
  it("of a killed process is left where it is, and frees the ref once it is removed", async () => {
    const { repo, one, store } = await subject();
    const lock = join(repo.gitDir, "refs/heads/x.lock");
    await writeFile(lock, "");
    expect(await store.updateRefs([{ ref: "refs/heads/x", from: null, to: one }])).toMatchObject({ ok: false });
    expect(await readFile(lock, "utf8")).toBe("");
    await expect(store.writeSymbolicRef("refs/heads/x", MAIN)).rejects.toMatchObject({
      code: "git-failed",
      retryable: true,
    });
  });

  it("is waited for while its holder is at work", async () => {
    const { repo, one, store } = await subject();
    const lock = join(repo.gitDir, "refs/heads/x.lock");
    await writeFile(lock, "");
    setTimeout(() => void import("node:fs").then((fs) => fs.unlinkSync(lock)), 150);
    expect(await store.updateRefs([{ ref: "refs/heads/x", from: null, to: one }])).toEqual({ ok: true });
    expect(await readdir(join(repo.gitDir, "refs/heads"))).toEqual(["main", "x"]);
  });
});

describe("ref names and ref files that mean harm", () => {
  it("read nothing outside of refs/", async () => {
    const { repo, one, store } = await subject();
    await writeFile(join(repo.path, "secret"), "top secret\n");
    for (const name of ["refs/../../secret", "refs/heads/../../../secret", "../secret", "refs/heads/.", "refs//x"]) {
      expect(await store.readRef(name as RefName)).toBeNull();
      await expect(store.updateRefs([{ ref: name as RefName, from: null, to: one }])).rejects.toMatchObject({
        code: "usage",
      });
      await expect(store.writeSymbolicRef("refs/remotes/o/HEAD", name as RefName)).rejects.toMatchObject({
        code: "usage",
      });
    }
    await symlink(join(repo.path, "secret"), join(repo.gitDir, "refs/heads/link"));
    await writeFile(join(repo.gitDir, "refs/heads/out"), "ref: ../../secret\n");
    const says = async (name: RefName) => store.readRef(name).catch((error: unknown) => String(error));
    expect(await says("refs/heads/link")).not.toContain("top secret");
    expect(await says("refs/heads/out")).not.toContain("top secret");
    expect(await store.listRefs()).toHaveLength(1);
  });

  it("say that a ref is damaged, and are never overwritten as if there were none", async () => {
    const { repo, one, store } = await subject();
    await mkdir(join(repo.gitDir, "refs/heads/stage"), { recursive: true });
    await writeFile(join(repo.gitDir, "refs/heads/stage/production"), "");
    const ref: RefName = "refs/heads/stage/production";
    await expect(store.readRef(ref)).rejects.toMatchObject({ code: "git-failed" });
    await expect(store.updateRefs([{ ref, from: null, to: one }])).rejects.toMatchObject({ code: "git-failed" });
  });

  it("end a circle of symbolic refs", async () => {
    const { store } = await subject();
    await store.writeSymbolicRef("refs/x/a", "refs/x/b");
    await store.writeSymbolicRef("refs/x/b", "refs/x/a");
    await expect(store.readRef("refs/x/a")).rejects.toMatchObject({ code: "git-failed" });
  });

  it("are not created for objects that are not here, nor branches for tags", async () => {
    const { repo, store } = await subject();
    await repo.git("tag", "-a", "v1", "-m", "v");
    const absent = "0123456789".repeat(4) as ObjectId;
    for (const to of [absent, await repo.id("refs/tags/v1")]) {
      const update = store.updateRefs([{ ref: "refs/heads/x", from: null, to }]);
      await expect(update).rejects.toMatchObject({ code: "git-failed" });
    }
  });
});

async function subject() {
  const repo: TempRepo = await tempRepo();
  const one = await repo.commit("one");
  const store = await openEmbeddedGit({ directory: repo.path, env: isolatedEnvironment() });
  return { repo, one, store };
}
