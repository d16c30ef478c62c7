import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ObjectId } from "../../../src/domain/object-id.ts";
import type { RefEdit, RefName } from "../../../src/ports/git-store.ts";
import { checkedId, type TempRepo, tempRepo } from "../../support/temp-repo.ts";
import { branch, type GitStoreSubject, openFor, tag } from "./subject.ts";

export function describeGitRefs(name: string, subject: GitStoreSubject): void {
  describe(`${name}: reading refs`, () => {
    it("lists loose and packed refs sorted by name, tags peeled to the end, symbolic refs left out", async () => {
      const { repo, one, two } = await twoCommits();
      await repo.git("tag", "-a", "team/fraud@v1.0.0", "-m", "v", one);
      await repo.git("tag", "light", two);
      await repo.git("branch", "stage/production", one);
      await repo.git("pack-refs", "--all");
      await repo.git("tag", "-a", "fraud@v1.0.0", "-m", "v", two);
      await repo.git("tag", "-a", "nested", "-m", "n", "fraud@v1.0.0");
      await repo.git("update-ref", "refs/git-model/drafts/fraud@v1.0.0", "refs/tags/nested");
      await repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/main");
      const store = await openFor(subject, repo.path);
      const refs = await store.listRefs();
      expect(refs).toEqual(
        [
          { name: "refs/git-model/drafts/fraud@v1.0.0", id: await repo.id(tag("nested")), peeled: two },
          { name: branch("main"), id: two, peeled: null },
          { name: branch("stage/production"), id: one, peeled: null },
          { name: tag("fraud@v1.0.0"), id: await repo.id(tag("fraud@v1.0.0")), peeled: two },
          { name: tag("light"), id: two, peeled: null },
          { name: tag("nested"), id: await repo.id(tag("nested")), peeled: two },
          { name: tag("team/fraud@v1.0.0"), id: await repo.id(tag("team/fraud@v1.0.0")), peeled: one },
        ].sort((a, b) => (a.name < b.name ? -1 : 1)),
      );
    });

    it("lists by prefix", async () => {
      const { repo, one } = await twoCommits();
      for (const ref of ["heads/stage/a", "heads/stage-b", "tags/a/x", "tags/ab", "remotes/o/stage/a"]) {
        await repo.git("update-ref", `refs/${ref}`, one);
      }
      const store = await openFor(subject, repo.path);
      const names = async (...prefixes: RefName[]) => (await store.listRefs(prefixes)).map((ref) => ref.name);
      expect(await names("refs/heads/stage/")).toEqual([branch("stage/a")]);
      expect(await names("refs/tags/")).toEqual([tag("a/x"), tag("ab")]);
      expect(await names("refs/tags/a/", "refs/remotes/")).toEqual(["refs/remotes/o/stage/a", tag("a/x")]);
      expect(await names("refs/heads/stage/", "refs/heads/")).toHaveLength(3);
      expect(await names("refs/nothing/")).toEqual([]);
      expect(await store.listRefs([])).toEqual([]);
    });

    it("lists the others beside refs that a crash or a lost object broke", async () => {
      const { repo, one, two } = await twoCommits();
      await repo.git("tag", "-a", "good", "-m", "v", one);
      const write = (ref: string, text: string) => writeFile(join(repo.path, ".git/refs", ref), text);
      await write("tags/lost", `${"1".repeat(40)}\n`);
      await write("tags/empty", "");
      await write("tags/garbage", "hello\n");
      await write("tags/itself", "ref: refs/tags/itself\n");
      await write("heads/lost", `${"1".repeat(40)}\n`);
      const store = await openFor(subject, repo.path);
      const lost = { id: "1".repeat(40), peeled: null };
      const tags = [
        { name: tag("good"), id: await repo.id(tag("good")), peeled: one },
        { name: tag("lost"), ...lost },
      ];
      const heads = [
        { name: branch("lost"), ...lost },
        { name: branch("main"), id: two, peeled: null },
      ];
      expect(await store.listRefs(["refs/tags/"])).toEqual(tags);
      expect(await store.listRefs(["refs/heads/"])).toEqual(heads);
      expect(await store.listRefs()).toEqual([...heads, ...tags]);
    });

    it("lists nothing in a repository without commits", async () => {
      const store = await openFor(subject, (await tempRepo()).path);
      expect(await store.listRefs()).toEqual([]);
      expect(await store.listRefs(["refs/tags/"])).toEqual([]);
    });

    it("reads one ref, loose, packed, symbolic or absent", async () => {
      const { repo, one, two } = await twoCommits();
      await repo.git("branch", "packed", one);
      await repo.git("pack-refs", "--all");
      await repo.git("branch", "loose", two);
      await repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/packed");
      const store = await openFor(subject, repo.path);
      expect(await store.readRef(branch("packed"))).toBe(one);
      expect(await store.readRef(branch("loose"))).toBe(two);
      expect(await store.readRef("refs/remotes/origin/HEAD")).toBe(one);
      expect(await store.readRef(branch("absent"))).toBeNull();
      // A tag of this strange name must not answer for the branch.
      await repo.git("update-ref", "refs/tags/refs/heads/absent", one);
      expect(await store.readRef(branch("absent"))).toBeNull();
    });

    it("sees what others changed meanwhile", async () => {
      const { repo, one, two } = await twoCommits();
      const store = await openFor(subject, repo.path);
      expect(await store.readRef(branch("x"))).toBeNull();
      await repo.git("branch", "x", one);
      expect(await store.readRef(branch("x"))).toBe(one);
      await repo.git("pack-refs", "--all");
      await repo.git("branch", "-f", "x", two);
      expect(await store.readRef(branch("x"))).toBe(two);
      expect(await store.listRefs(["refs/heads/x"])).toHaveLength(1);
    });

    it("reads and writes symbolic refs, also to what does not exist", async () => {
      const { repo } = await twoCommits();
      const store = await openFor(subject, repo.path);
      expect(await store.readSymbolicRef("HEAD")).toBe(branch("main"));
      expect(await store.readSymbolicRef("refs/remotes/origin/HEAD")).toBeNull();
      expect(await store.readSymbolicRef(branch("main"))).toBeNull();
      await store.writeSymbolicRef("refs/remotes/origin/HEAD", "refs/remotes/origin/gone");
      expect(await store.readSymbolicRef("refs/remotes/origin/HEAD")).toBe("refs/remotes/origin/gone");
      expect(await store.readRef("refs/remotes/origin/HEAD")).toBeNull();
      await repo.git("checkout", "-q", "--detach");
      expect(await store.readSymbolicRef("HEAD")).toBeNull();
    });
  });

  describe(`${name}: updating refs`, () => {
    it("creates, moves and deletes, all in one", async () => {
      const { repo, one, two } = await twoCommits();
      await repo.git("branch", "old", one);
      await repo.git("branch", "gone", one);
      await repo.git("pack-refs", "--all");
      const store = await openFor(subject, repo.path);
      const edits: RefEdit[] = [
        { ref: branch("new/deep"), from: null, to: one },
        { ref: branch("old"), from: one, to: two },
        { ref: branch("gone"), from: one, to: null },
      ];
      expect(await store.updateRefs(edits)).toEqual({ ok: true });
      expect(await repo.git("for-each-ref", "--format=%(refname:short) %(objectname)")).toBe(
        [`main ${two}`, `new/deep ${one}`, `old ${two}`].join("\n"),
      );
      expect(await store.readRef(branch("gone"))).toBeNull();
      expect(await store.updateRefs([])).toEqual({ ok: true });
      await repo.fsck();
    });

    it.each(["loose", "packed"])("changes nothing when one %s ref has another value", async (kind) => {
      const { repo, one, two } = await twoCommits();
      await repo.git("branch", "a", one);
      await repo.git("branch", "b", two);
      if (kind === "packed") await repo.git("pack-refs", "--all");
      const store = await openFor(subject, repo.path);
      const before = await store.listRefs();
      const tries: readonly RefEdit[] = [
        { ref: branch("b"), from: one, to: two },
        { ref: branch("b"), from: null, to: two },
        { ref: branch("b"), from: one, to: null },
        { ref: branch("absent"), from: one, to: two },
        { ref: branch("absent"), from: one, to: null },
      ];
      for (const edit of tries) {
        const outcome = await store.updateRefs([{ ref: branch("a"), from: one, to: two }, edit]);
        expect(outcome).toEqual({ ok: false, lost: [edit.ref] });
      }
      expect(await store.listRefs()).toEqual(before);
    });

    it("names every ref that was lost", async () => {
      const { repo, one, two } = await twoCommits();
      const store = await openFor(subject, repo.path);
      const edits = ["x", "y"].map((ref) => ({ ref: branch(ref), from: one, to: two }));
      expect(await store.updateRefs(edits)).toEqual({ ok: false, lost: [branch("x"), branch("y")] });
    });

    it("does not put a ref below another, nor above", async () => {
      const { repo, one } = await twoCommits();
      await repo.git("branch", "a", one);
      await repo.git("branch", "c/d", one);
      const store = await openFor(subject, repo.path);
      for (const packed of [false, true]) {
        if (packed) await repo.git("pack-refs", "--all");
        for (const ref of [branch("a/b"), branch("c")]) {
          expect(await store.updateRefs([{ ref, from: null, to: one }])).toEqual({ ok: false, lost: [ref] });
        }
      }
      expect(await store.listRefs(["refs/heads/"])).toHaveLength(3);
    });

    it("uses a name again after what was below it is gone", async () => {
      const { repo, one } = await twoCommits();
      const store = await openFor(subject, repo.path);
      await store.updateRefs([{ ref: branch("a/b"), from: null, to: one }]);
      await store.updateRefs([{ ref: branch("a/b"), from: one, to: null }]);
      expect(await store.updateRefs([{ ref: branch("a"), from: null, to: one }])).toEqual({ ok: true });
      expect(await repo.id(branch("a"))).toBe(one);
    });

    it("counts a ref that somebody else has locked as lost", async () => {
      const { repo, one, two } = await twoCommits();
      await repo.git("branch", "a", one);
      await writeFile(join(repo.gitDir, "refs/heads/a.lock"), "");
      const store = await openFor(subject, repo.path);
      const edits = [
        { ref: branch("b"), from: null, to: one },
        { ref: branch("a"), from: one, to: two },
      ];
      expect(await store.updateRefs(edits)).toEqual({ ok: false, lost: [branch("a")] });
      expect(await store.readRef(branch("b"))).toBeNull();
    });

    it("lets exactly one of many win that expect the same value", async () => {
      const { repo, one } = await twoCommits();
      await repo.git("branch", "raced", one);
      const stores = await Promise.all([openFor(subject, repo.path), openFor(subject, repo.path)]);
      const rivals = await Promise.all(Array.from({ length: 8 }, (_, n) => otherCommit(repo, n)));
      const outcomes = await Promise.all(
        rivals.map((to, n) => (stores[n % 2] ?? stores[0]).updateRefs([{ ref: branch("raced"), from: one, to }])),
      );
      const winners = rivals.filter((_, n) => outcomes[n]?.ok);
      expect(winners).toHaveLength(1);
      expect(await repo.id(branch("raced"))).toBe(winners[0]);
    });

    it("loses none of many edits to different refs", async () => {
      const { repo, one } = await twoCommits();
      const stores = await Promise.all([openFor(subject, repo.path), openFor(subject, repo.path)]);
      const outcomes = await Promise.all(
        Array.from({ length: 12 }, (_, n) =>
          (stores[n % 2] ?? stores[0]).updateRefs([{ ref: tag(`m${n}@v1.0.0`), from: null, to: one }]),
        ),
      );
      expect(outcomes).toEqual(outcomes.map(() => ({ ok: true })));
      expect(await repo.git("tag", "--list")).toHaveLength(outcomes.map((_, n) => `m${n}@v1.0.0`).join("\n").length);
      await repo.fsck();
    });

    it("refuses names that are no refs, and writes nothing", async () => {
      const { repo, one } = await twoCommits();
      const store = await openFor(subject, repo.path);
      for (const ref of [
        "refs/heads/../../config",
        "refs/heads/a..b",
        "refs/heads/x.lock",
        "refs/heads/a\nb",
      ] as const) {
        await expect(store.updateRefs([{ ref, from: null, to: one }])).rejects.toThrowError(/ref/);
      }
      expect(await store.listRefs()).toHaveLength(1);
    });
  });
}

async function twoCommits(): Promise<{ readonly repo: TempRepo; readonly one: ObjectId; readonly two: ObjectId }> {
  const repo = await tempRepo();
  const one = await repo.commit("one");
  const two = await repo.commit("two");
  return { repo, one, two };
}

async function otherCommit(repo: TempRepo, n: number): Promise<ObjectId> {
  return checkedId(await repo.git("commit-tree", "HEAD^{tree}", "-m", `rival ${n}`));
}
