import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { git } from "../../support/run-git.ts";
import { checkedId, repoAt, type TempRepo, tempDir, tempRepo } from "../../support/temp-repo.ts";
import { type GitStoreSubject, openFor, withCode } from "./subject.ts";

export function describeGitHistory(name: string, subject: GitStoreSubject): void {
  describe(`${name}: history`, () => {
    it("walks first parents, newest first, past merges", async () => {
      const { repo, main, merge, tip } = await withMerge();
      const store = await openFor(subject, repo.path);
      const walked = await store.firstParents(tip);
      expect(walked.map((one) => one.id)).toEqual([tip, merge, ...main]);
      expect(walked[1]).toMatchObject({ message: "merge\n", before: null, after: null });
      expect(walked[1]?.parents).toHaveLength(2);
      expect((await store.firstParents(tip, { limit: 2 })).map((one) => one.id)).toEqual([tip, merge]);
    });

    it("walks a path: what appears, changes, disappears and comes back; merges judged by their first parent", async () => {
      const { repo, merge, tip } = await withMerge();
      const store = await openFor(subject, repo.path);
      const path = "models/fraud";
      const walked = await store.firstParents(tip, { path });
      const entryAt = async (commit: string) => {
        const said = await repo.gitBytes({ exits: [0, 1, 128] }, "rev-parse", "-q", "--verify", `${commit}:${path}`);
        return said.length === 0 ? null : checkedId(said.toString().trim());
      };
      expect(walked.map((one) => one.message)).toEqual(["back\n", "merge\n", "gone\n", "changed\n", "root\n"]);
      for (const one of walked) {
        expect(one.after).toBe(await entryAt(one.id));
        expect(one.before).toBe(one.parents[0] ? await entryAt(one.parents[0]) : null);
      }
      expect(walked.map((one) => [one.before !== null, one.after !== null])).toEqual([
        [true, true],
        [false, true],
        [true, false],
        [true, true],
        [false, true],
      ]);
      expect(walked[1]?.id).toBe(merge);
      expect(await store.firstParents(tip, { path, limit: 2 })).toEqual(walked.slice(0, 2));
    });

    it("walks paths of files, of unusual names, and of what never was", async () => {
      const repo = await tempRepo();
      await repo.commit("one", { "a*b": "1", axb: "1", "models/é": "1" });
      await repo.commit("two", { axb: "2" });
      const tip = await repo.commit("three", { "models/é": "2" });
      const store = await openFor(subject, repo.path);
      const messages = async (path: string) =>
        (await store.firstParents(tip, { path })).map((one) => one.message.trim());
      expect(await messages("a*b")).toEqual(["one"]);
      expect(await messages("axb")).toEqual(["two", "one"]);
      expect(await messages("models/é")).toEqual(["three", "one"]);
      expect(await messages("models")).toEqual(["three", "one"]);
      expect(await messages("mod")).toEqual([]);
      expect(await messages("absent/deep")).toEqual([]);
    });

    it("finds the merge base", async () => {
      const repo = await tempRepo();
      const base = await repo.commit("base", { a: "a" });
      const left = await repo.commit("left", { b: "b" });
      await repo.git("checkout", "-q", "-b", "side", base);
      const right = await repo.commit("right", { c: "c" });
      const unrelated = checkedId(await repo.git("commit-tree", "HEAD^{tree}", "-m", "alone"));
      const store = await openFor(subject, repo.path);
      expect(await store.mergeBase(left, right)).toBe(base);
      expect(await store.mergeBase(left, base)).toBe(base);
      expect(await store.mergeBase(left, left)).toBe(left);
      expect(await store.mergeBase(left, unrelated)).toBeNull();
    });

    it("finds the merge base after a branch was updated from its base", async () => {
      const { repo, main, merge, tip } = await withMerge();
      const side = (await repo.git("rev-parse", `${merge}^2`)).trim();
      const store = await openFor(subject, repo.path);
      expect(await store.mergeBase(tip, checkedId(side))).toBe(side);
      expect(await store.mergeBase(main[0] ?? tip, checkedId(side))).toBe(main.at(-1));
    });

    it("does not take a shallow clone's edge for the beginning", async () => {
      const repo = await tempRepo();
      await repo.commit("one", { "models/fraud/m": "1" });
      await repo.commit("two", { other: "1" });
      const tip = await repo.commit("three", { "models/fraud/m": "2" });
      const path = join(await tempDir(), "shallow");
      await git(repo.path, "clone", "-q", "--depth", "2", `file://${repo.path}`, path);
      const store = await openFor(subject, path);
      expect(await store.isShallow()).toBe(true);
      await expect(store.firstParents(tip)).rejects.toThrowError(withCode("shallow-history"));
      await expect(store.firstParents(tip, { path: "models/fraud" })).rejects.toThrowError(withCode("shallow-history"));
      await expect(store.firstParents(tip, { path: "models/fraud", limit: 2 })).rejects.toThrowError(
        withCode("shallow-history"),
      );
      expect(await store.firstParents(tip, { path: "models/fraud", limit: 1 })).toMatchObject([{ message: "three\n" }]);
      const alone = checkedId(await repoAt(path).git("commit-tree", "HEAD^{tree}", "-m", "alone"));
      await expect(store.mergeBase(tip, alone)).rejects.toThrowError(withCode("shallow-history"));
      const whole = await openFor(subject, repo.path);
      expect(await whole.isShallow()).toBe(false);
    });

    it("fails for a commit that is not there", async () => {
      const repo = await tempRepo();
      const tip = await repo.commit("one");
      const store = await openFor(subject, repo.path);
      const absent = checkedId("0123456789".repeat(4));
      await expect(store.firstParents(absent)).rejects.toThrowError(withCode("git-failed"));
      await expect(store.mergeBase(tip, absent)).rejects.toThrowError(withCode("git-failed"));
    });
  });
}

/** main: root, changed, gone; a side branch from root merged (brings the path back); then `back` changes it again. */
async function withMerge() {
  const repo = await tempRepo();
  const root = await repo.commit("root", { "models/fraud/m": "1", "models/other/m": "1" });
  await repo.git("checkout", "-q", "-b", "side");
  await repo.commit("side 1", { "models/fraud/m": "2" });
  await repo.commit("side 2", { "models/fraud/n": "3" });
  await repo.git("checkout", "-q", "main");
  const changed = await repo.commit("changed", { "models/fraud/m": "5" });
  await repo.git("rm", "-q", "-r", "models/fraud");
  const gone = await repo.commit("gone");
  const aside = await repo.commit("aside", { "models/other/m": "2" });
  const merge = await mergeOf(repo, aside);
  const tip = await repo.commit("back", { "models/fraud/m": "6" });
  return { repo, main: [aside, gone, changed, root], merge, tip };
}

async function mergeOf(repo: TempRepo, parent: string) {
  await repo.git("read-tree", "--prefix=models/fraud/", "side:models/fraud");
  const tree = await repo.git("write-tree");
  const merge = checkedId(await repo.git("commit-tree", tree, "-p", parent, "-p", "side", "-m", "merge"));
  await repo.git("reset", "-q", "--hard", merge);
  return merge;
}
