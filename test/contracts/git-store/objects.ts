import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Signature, TreeEntry } from "../../../src/ports/git-store.ts";
import { checkedId, tempRepo } from "../../support/temp-repo.ts";
import { type GitStoreSubject, openFor, withCode } from "./subject.ts";

const ADA: Signature = { name: "Ada ✓", email: "ada@example.org", seconds: 1_700_000_000, zone: "+0530" };
const ABSENT = checkedId("0123456789".repeat(4));

export function describeGitObjects(name: string, subject: GitStoreSubject): void {
  describe(`${name}: reading objects`, () => {
    it.each(["loose", "packed"])("answers %s ones in the order asked, and null for an absent one", async (kind) => {
      const repo = await tempRepo();
      const commit = await repo.commit("first\n\nbody", { "a.bin": Buffer.from([0, 255, 10, 13]), "d/b.txt": "" });
      await repo.git("tag", "-a", "v1", "-m", "tagged");
      if (kind === "packed") await repo.git("gc", "-q");
      const [tag, tree, a, b] = await Promise.all(
        ["refs/tags/v1", "HEAD^{tree}", "HEAD:a.bin", "HEAD:d/b.txt"].map(repo.id),
      );
      if (!tag || !tree || !a || !b) throw new Error("fixture");
      const store = await openFor(subject, repo.path);
      const objects = await store.readObjects([b, tag, ABSENT, commit, a, tree, a]);
      expect(objects.map((one) => one?.kind)).toEqual(["blob", "tag", undefined, "commit", "blob", "tree", "blob"]);
      expect(objects[0]).toMatchObject({ id: b, bytes: expect.toSatisfy((bytes: Uint8Array) => bytes.length === 0) });
      expect(objects[1]).toMatchObject({
        id: tag,
        target: commit,
        targetKind: "commit",
        name: "v1",
        message: "tagged\n",
      });
      expect(objects[3]).toMatchObject({ id: commit, tree, parents: [], message: "first\n\nbody\n" });
      expect(objects[4]?.kind === "blob" && Buffer.from(objects[4].bytes)).toEqual(Buffer.from([0, 255, 10, 13]));
      const d = await repo.id("HEAD:d");
      expect(objects[5]).toMatchObject({
        entries: [
          { name: "a.bin", mode: "100644", id: a },
          { name: "d", mode: "40000", id: d },
        ],
      });
      expect(await store.readObjects([])).toEqual([]);
    });

    it("does not read an object beyond the limit, and goes on with the others", async () => {
      const repo = await tempRepo();
      await repo.commit("big", { "small.txt": "1234", "five.txt": "12345", "big.bin": Buffer.alloc(300_000, 7) });
      const ids = await Promise.all(["HEAD:small.txt", "HEAD:big.bin", "HEAD:five.txt", "HEAD:small.txt"].map(repo.id));
      const store = await openFor(subject, repo.path);
      const [small, big, five, again] = await store.readObjects(ids, { limit: 4 });
      expect(small?.kind).toBe("blob");
      expect(big).toEqual({ kind: "too-large", id: ids[1], size: 300_000 });
      expect(five).toEqual({ kind: "too-large", id: ids[2], size: 5 });
      expect(again?.kind).toBe("blob");
      expect(await store.readObjects(ids)).toMatchObject(ids.map(() => ({ kind: "blob" })));
    });

    it("refuses a huge object quickly", async () => {
      const repo = await tempRepo();
      const huge = Buffer.alloc(120_000_000);
      const env = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "core.compression", GIT_CONFIG_VALUE_0: "1" };
      const id = checkedId(
        (await repo.gitBytes({ input: huge, env }, "hash-object", "-w", "--stdin")).toString().trim(),
      );
      const small = checkedId((await repo.gitBytes({ input: "x" }, "hash-object", "-w", "--stdin")).toString().trim());
      const store = await openFor(subject, repo.path);
      const before = performance.now();
      const answers = await store.readObjects([id, small, id], { limit: 1 << 20 });
      expect(answers.map((one) => one?.kind)).toEqual(["too-large", "blob", "too-large"]);
      expect(performance.now() - before).toBeLessThan(1000);
    });

    it("says what is malformed instead of failing", async () => {
      const repo = await tempRepo();
      const store = await openFor(subject, repo.path);
      const literal = async (kind: string, input: string) => {
        const said = await repo.gitBytes({ input }, "hash-object", "-t", kind, "-w", "--literally", "--stdin");
        return checkedId(said.toString().trim());
      };
      const bad = [
        await literal("commit", "tree nonsense\n"),
        await literal("tree", "777 x"),
        await literal("tag", ""),
      ];
      const good = await store.writeBlob(Buffer.from("good"));
      const answers = await store.readObjects([...bad, good]);
      expect(answers.map((one) => one?.kind)).toEqual(["malformed", "malformed", "malformed", "blob"]);
    });

    it("answers an object damaged on disk as malformed or absent, and still reads the others", async () => {
      const repo = await tempRepo();
      const store = await openFor(subject, repo.path);
      const good = await store.writeBlob(Buffer.from("good"));
      const empty = checkedId("ab".repeat(20));
      await mkdir(join(repo.gitDir, "objects/ab"), { recursive: true });
      await writeFile(join(repo.gitDir, "objects/ab", empty.slice(2)), "");
      const answers = await store.readObjects([good, empty, good]);
      expect(answers[0]?.kind).toBe("blob");
      expect([undefined, "malformed"]).toContain(answers[1]?.kind);
      expect(answers[2]?.kind).toBe("blob");
    });

    it("reads many at once, from parallel callers", async () => {
      const repo = await tempRepo();
      const store = await openFor(subject, repo.path);
      const texts = Array.from({ length: 200 }, (_, n) => `blob ${n}\n`.repeat(n));
      const ids = await Promise.all(texts.map((text) => store.writeBlob(Buffer.from(text))));
      await repo.git("repack", "-q", "-d");
      const reads = await Promise.all(
        [ids, ids.slice().reverse(), ids.slice(50, 60)].map((some) => store.readObjects(some)),
      );
      for (const answers of reads) {
        for (const one of answers) {
          if (one?.kind !== "blob") throw new Error(one?.kind);
          expect(Buffer.from(one.bytes).toString()).toBe(texts[ids.indexOf(one.id)]);
        }
      }
    });

    it("sees objects that git packed or wrote after the store was opened", async () => {
      const repo = await tempRepo();
      const store = await openFor(subject, repo.path);
      expect(await store.readObjects([ABSENT])).toEqual([null]);
      const commit = await repo.commit("later", { "a.txt": "a" });
      expect(await store.readObjects([commit])).toMatchObject([{ kind: "commit" }]);
      await repo.git("gc", "-q", "--prune=now");
      const tree = await repo.id("HEAD^{tree}");
      expect(await store.readObjects([commit, tree])).toMatchObject([{ kind: "commit" }, { kind: "tree" }]);
    });
  });

  describe(`${name}: writing objects`, () => {
    it("gives the very objects that git would make", async () => {
      const repo = await tempRepo();
      const store = await openFor(subject, repo.path);
      const blob = await store.writeBlob(Buffer.from([0, 1, 2, 255]));
      const empty = await store.writeBlob(new Uint8Array());
      const sub = await store.writeTree([{ name: "x", mode: "100644", id: blob }]);
      const entries: TreeEntry[] = [
        { name: "a.txt", mode: "100644", id: blob },
        { name: "a", mode: "40000", id: sub },
        { name: "a-b", mode: "100755", id: empty },
        { name: "é", mode: "120000", id: blob },
      ];
      const tree = await store.writeTree(entries);
      const commit = await store.writeCommit({
        tree,
        parents: [],
        author: ADA,
        committer: { ...ADA, seconds: 5 },
        message: "m ✓\n",
      });
      const child = await store.writeCommit({
        tree,
        parents: [commit],
        author: ADA,
        committer: ADA,
        message: "no line feed",
      });
      const tag = await store.writeTag({
        target: child,
        name: "team/x@v1.0.0",
        tagger: ADA,
        message: "t\n\nReason: y\n",
      });
      await repo.git("update-ref", "refs/heads/main", child);
      await repo.git("update-ref", "refs/tags/team/x@v1.0.0", tag);
      await repo.fsck();
      const env = {
        GIT_AUTHOR_NAME: ADA.name,
        GIT_AUTHOR_EMAIL: ADA.email,
        GIT_AUTHOR_DATE: "1700000000 +0530",
        GIT_COMMITTER_NAME: ADA.name,
        GIT_COMMITTER_EMAIL: ADA.email,
        GIT_COMMITTER_DATE: "@5 +0530",
      };
      const theirs = await repo.gitBytes({ env, input: "m ✓\n" }, "commit-tree", tree);
      expect(theirs.toString().trim()).toBe(commit);
      expect(await repo.git("ls-tree", "-z", tree)).toBe(
        [
          `100755 blob ${empty}\ta-b`,
          `100644 blob ${blob}\ta.txt`,
          `040000 tree ${sub}\ta`,
          `120000 blob ${blob}\té`,
          "",
        ].join("\0"),
      );
      expect(await store.readObjects([commit])).toMatchObject([
        { author: ADA, committer: { seconds: 5 }, message: "m ✓\n" },
      ]);
    });

    it("writes the empty tree", async () => {
      const repo = await tempRepo();
      const store = await openFor(subject, repo.path);
      const tree = await store.writeTree([]);
      expect(tree).toBe("4b825dc642cb6eb9a060e54bf8d69288fbee4904");
      expect(await store.readObjects([tree])).toEqual([{ kind: "tree", id: tree, entries: [] }]);
    });

    it("names the kind of a tag's target, and refuses an absent one", async () => {
      const repo = await tempRepo();
      const store = await openFor(subject, repo.path);
      const blob = await store.writeBlob(Buffer.from("x"));
      const tree = await store.writeTree([]);
      const write = (target: typeof blob) => store.writeTag({ target, name: "t", tagger: ADA, message: "m\n" });
      const nested = await write(await write(tree));
      const tags = await store.readObjects([await write(blob), await write(tree), nested]);
      expect(tags).toMatchObject([{ targetKind: "blob" }, { targetKind: "tree" }, { targetKind: "tag" }]);
      await expect(write(ABSENT)).rejects.toThrowError(withCode("git-failed"));
    });

    it("writes an identity back byte for byte", async () => {
      const repo = await tempRepo();
      const input = Buffer.from(
        `tree ${"4b825dc642cb6eb9a060e54bf8d69288fbee4904"}\nauthor J\xf6rg <j@x> 5 +0100\ncommitter J\xf6rg <j@x> 5 +0100\n\nm\n`,
        "latin1",
      );
      const store = await openFor(subject, repo.path);
      await store.writeTree([]);
      const id = checkedId(
        (await repo.gitBytes({ input }, "hash-object", "-t", "commit", "-w", "--stdin")).toString().trim(),
      );
      const [commit] = await store.readObjects([id]);
      if (commit?.kind !== "commit") throw new Error(commit?.kind);
      expect(commit.author.name).toBe("Jörg");
      expect(await store.writeCommit(commit)).toBe(id);
    });

    it("refuses identities that would forge headers", async () => {
      const repo = await tempRepo();
      const store = await openFor(subject, repo.path);
      const tree = await store.writeTree([]);
      for (const name of ["Eve\nparent 0000", "Eve <x@y>", "Eve\u0000"]) {
        const commit = { tree, parents: [], author: { ...ADA, name }, committer: ADA, message: "m\n" };
        await expect(store.writeCommit(commit)).rejects.toThrowError(withCode("usage"));
      }
    });

    it("heals a damaged file where the object belongs", async () => {
      const repo = await tempRepo();
      const store = await openFor(subject, repo.path);
      const id = await store.writeBlob(Buffer.from("precious"));
      const file = join(repo.gitDir, "objects", id.slice(0, 2), id.slice(2));
      await chmod(file, 0o644);
      await writeFile(file, "");
      const again = await openFor(subject, repo.path);
      expect(await again.writeBlob(Buffer.from("precious"))).toBe(id);
      expect(await repo.git("cat-file", "-p", id)).toBe("precious");
    });

    it("writes the same object from many callers at once", async () => {
      const repo = await tempRepo();
      const stores = await Promise.all([openFor(subject, repo.path), openFor(subject, repo.path)]);
      const ids = await Promise.all(
        Array.from({ length: 10 }, (_, n) => (stores[n % 2] ?? stores[0]).writeBlob(Buffer.from("same"))),
      );
      expect(new Set(ids).size).toBe(1);
      await repo.fsck();
    });
  });
}
