import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import type { ObjectId } from "../../../src/domain/object-id.ts";
import type { GitStore, RefEdit, Refspec } from "../../../src/ports/git-store.ts";
import { startGitHttpServer } from "../../support/git-http-server.ts";
import { startSshServer } from "../../support/ssh-server.ts";
import { checkedId, type TempRepo, tempRepo } from "../../support/temp-repo.ts";
import { branch, type GitStoreSubject, openFor, tag, withCode } from "./subject.ts";

const BRANCHES: Refspec = { source: "refs/heads/*", target: "refs/remotes/origin/*", force: true };
const TAGS: Refspec = { source: "refs/tags/*", target: "refs/tags/*", force: false };

/** The promises about remotes, on those that are directories or on those that real git serves over HTTP or ssh. */
export function describeGitRemotes(name: string, subject: GitStoreSubject, transport: Transport = "directory"): void {
  const { kinds, connect } = WAYS[transport];
  const runsHooks = transport !== "directory" || subject.capabilities.remoteHooks;
  const clonePair = (kind?: string) => clonePairAt(kind, connect);

  describe(`${name}: what a remote advertises`, () => {
    it.each(kinds)("lists refs and the branch of HEAD (%s)", async (kind) => {
      const { repo, remote, one } = await clonePair(kind);
      await remote.git("tag", "-a", "v1", "-m", "v", one);
      await remote.git("branch", "stage/a", one);
      const store = await openFor(subject, repo.path);
      const v1 = await remote.id(tag("v1"));
      expect(await store.listRemote("origin")).toEqual({
        head: "main",
        refs: [
          { name: branch("main"), id: one, peeled: null },
          { name: branch("stage/a"), id: one, peeled: null },
          { name: tag("v1"), id: v1, peeled: one },
        ],
      });
      expect((await store.listRemote("origin", ["refs/tags/v*"])).refs).toEqual([
        { name: tag("v1"), id: v1, peeled: one },
      ]);
      expect((await store.listRemote("origin", ["refs/heads/m*", "refs/tags/w*"])).head).toBe("main");
      expect((await store.listRemote("origin", [branch("stage/a")])).refs).toHaveLength(1);
      expect((await store.listRemote("origin", [branch("a")])).refs).toEqual([]);
    });

    it("knows no head where HEAD is unborn, or names a branch that does not exist", async () => {
      const empty = await tempRepo({ bare: true });
      const repo = await tempRepo();
      await connect(repo, empty);
      const store = await openFor(subject, repo.path);
      expect(await store.listRemote("origin")).toEqual({ head: null, refs: [] });
      const one = await repo.commit("one");
      await repo.git("push", "-q", "origin", "HEAD:refs/heads/other");
      expect(await store.listRemote("origin")).toEqual({
        head: null,
        refs: [{ name: branch("other"), id: one, peeled: null }],
      });
    });

    it("fails clearly where there is no repository", async () => {
      const { repo } = await clonePair();
      const origin = await repo.git("remote", "get-url", "origin");
      await repo.git("remote", "set-url", "origin", `${origin}-nowhere`);
      const store = await openFor(subject, repo.path);
      await expect(store.listRemote("origin")).rejects.toThrowError(withCode("git-failed"));
      await expect(store.fetch("origin", [BRANCHES])).rejects.toThrowError(withCode("git-failed"));
      await expect(
        store.push("origin", [{ ref: branch("x"), from: null, to: await repo.id("HEAD") }]),
      ).rejects.toThrowError(withCode("git-failed"));
      await expect(store.listRemote("--upload-pack=touch /tmp/x")).rejects.toThrowError(/remote/);
    });
  });

  describe(`${name}: fetching`, () => {
    it("brings branches and says what changed; again, nothing", async () => {
      const { repo, remote, one } = await clonePair();
      const two = await commitTo(remote, "main", one);
      await remote.git("update-ref", branch("stage/a"), one);
      const store = await openFor(subject, repo.path);
      const outcome = await store.fetch("origin", [BRANCHES]);
      expect(sorted(outcome.updated)).toEqual([
        { ref: "refs/remotes/origin/main", from: one, to: two },
        { ref: "refs/remotes/origin/stage/a", from: null, to: one },
      ]);
      expect(outcome.rejected).toEqual([]);
      expect(await store.readObjects([two])).toMatchObject([{ kind: "commit" }]);
      expect(await store.fetch("origin", [BRANCHES])).toEqual({ updated: [], rejected: [] });
      await repo.fsck();
    });

    it("brings no tags that were not asked for, then all that were", async () => {
      const { repo, remote, one } = await clonePair();
      await remote.git("tag", "-a", "fraud@v1.0.0", "-m", "v", await commitTo(remote, "main", one));
      const store = await openFor(subject, repo.path);
      await store.fetch("origin", [BRANCHES]);
      expect(await store.listRefs(["refs/tags/"])).toEqual([]);
      const outcome = await store.fetch("origin", [TAGS]);
      const id = await remote.id(tag("fraud@v1.0.0"));
      expect(outcome).toEqual({ updated: [{ ref: tag("fraud@v1.0.0"), from: null, to: id }], rejected: [] });
    });

    it("fetches exact refs", async () => {
      const { repo, remote, one } = await clonePair();
      for (const ref of [branch("a"), branch("b"), tag("t")]) await remote.git("update-ref", ref, one);
      const store = await openFor(subject, repo.path);
      const outcome = await store.fetch("origin", [
        { source: branch("a"), target: "refs/remotes/origin/a", force: true },
        { source: tag("t"), target: tag("t"), force: false },
      ]);
      expect(outcome.updated.map((one) => one.ref).sort()).toEqual(["refs/remotes/origin/a", tag("t")]);
      const absent: Refspec = { source: branch("absent"), target: "refs/remotes/origin/absent", force: true };
      await expect(store.fetch("origin", [absent])).rejects.toThrowError(withCode("not-found"));
    });

    it("never moves a tag, but says so, and brings the rest", async () => {
      const { repo, remote, one } = await clonePair();
      const two = await commitTo(remote, "main", one);
      await repo.git("tag", "moved", one);
      await remote.git("tag", "moved", two);
      await remote.git("tag", "fresh", two);
      const store = await openFor(subject, repo.path);
      const outcome = await store.fetch("origin", [BRANCHES, TAGS]);
      expect(outcome.rejected).toEqual([{ ref: tag("moved"), here: one, there: two }]);
      expect(outcome.updated.map((ref) => ref.ref).sort()).toEqual(["refs/remotes/origin/main", tag("fresh")]);
      expect(await repo.id(tag("moved"))).toBe(one);
    });

    it("does not move a branch against its history unless forced", async () => {
      const { repo, remote, one } = await clonePair();
      const two = await commitTo(remote, "main", one);
      const store = await openFor(subject, repo.path);
      const careful: Refspec = { source: "refs/heads/*", target: "refs/copies/*", force: false };
      expect((await store.fetch("origin", [careful])).updated).toEqual([
        { ref: "refs/copies/main", from: null, to: two },
      ]);
      await remote.git("update-ref", branch("main"), one);
      expect(await store.fetch("origin", [careful])).toEqual({
        updated: [],
        rejected: [{ ref: "refs/copies/main", here: two, there: one }],
      });
      await remote.git("update-ref", branch("main"), await commitTo(remote, "main", two));
      expect((await store.fetch("origin", [careful])).updated).toHaveLength(1);
    });

    it("moves a forced branch backwards", async () => {
      const { repo, remote, one } = await clonePair();
      const store = await openFor(subject, repo.path);
      const two = await commitTo(remote, "main", one);
      await store.fetch("origin", [BRANCHES]);
      await remote.git("update-ref", branch("main"), one);
      expect(await store.fetch("origin", [BRANCHES])).toEqual({
        updated: [{ ref: "refs/remotes/origin/main", from: two, to: one }],
        rejected: [],
      });
    });

    it("prunes tracking branches, and neither drafts nor anything else", async () => {
      const { repo, remote, one } = await clonePair();
      await remote.git("branch", "promote/x", one);
      await remote.git("branch", "a/b", one);
      const store = await openFor(subject, repo.path);
      await store.fetch("origin", [BRANCHES]);
      await remote.git("branch", "-q", "-D", "promote/x", "a/b");
      await remote.git("branch", "a", one);
      await repo.git("tag", "draft", one);
      await repo.git("update-ref", "refs/remotes/other/x", one);
      expect(
        (
          await store.fetch(
            "origin",
            [{ ...BRANCHES, source: "refs/heads/main", target: "refs/remotes/origin/main" }],
            { prune: true },
          )
        ).updated,
      ).toEqual([]);
      const outcome = await store.fetch("origin", [BRANCHES, TAGS], { prune: true });
      expect(sorted(outcome.updated)).toEqual([
        { ref: "refs/remotes/origin/a", from: null, to: one },
        { ref: "refs/remotes/origin/a/b", from: one, to: null },
        { ref: "refs/remotes/origin/promote/x", from: one, to: null },
      ]);
      expect(await store.readRef(tag("draft"))).toBe(one);
      expect(await store.readRef("refs/remotes/other/x")).toBe(one);
      const other: Refspec = { source: "refs/tags/v*", target: "refs/tags/v*", force: false };
      await repo.git("tag", "v9", one);
      expect(await store.fetch("origin", [BRANCHES, other], { prune: true })).toEqual({ updated: [], rejected: [] });
      expect(await store.readRef(tag("v9"))).toBe(one);
    });

    it("follows a history that is not ours into an empty repository", async () => {
      const { remote, one } = await clonePair();
      const fresh = await tempRepo();
      await connect(fresh, remote);
      const store = await openFor(subject, fresh.path);
      await store.fetch("origin", [BRANCHES]);
      expect(await store.readRef("refs/remotes/origin/main")).toBe(one);
      await fresh.fsck();
    });
  });

  describe(`${name}: pushing`, () => {
    it.each(kinds)("creates, moves and deletes; tracking refs follow (%s)", async (kind) => {
      const { repo, remote, one } = await clonePair(kind);
      await remote.git("branch", "gone", one);
      await remote.git("branch", "moved", one);
      await repo.git("fetch", "-q");
      const store = await openFor(subject, repo.path);
      const two = await newCommit(store, one, "two");
      const outcomes = await store.push(
        "origin",
        [
          { ref: branch("new"), from: null, to: two },
          { ref: tag("fraud@v1.0.0"), from: null, to: one },
          { ref: branch("moved"), from: one, to: two },
          { ref: branch("gone"), from: one, to: null },
        ],
        { atomic: true },
      );
      expect(outcomes.map((each) => each.status)).toEqual(["pushed", "pushed", "pushed", "pushed"]);
      expect(outcomes.map((each) => each.ref)).toEqual([
        branch("new"),
        tag("fraud@v1.0.0"),
        branch("moved"),
        branch("gone"),
      ]);
      expect(await remote.git("for-each-ref", "--format=%(refname) %(objectname)")).toBe(
        [
          `${branch("main")} ${one}`,
          `${branch("moved")} ${two}`,
          `${branch("new")} ${two}`,
          `${tag("fraud@v1.0.0")} ${one}`,
        ].join("\n"),
      );
      expect(await store.readRef("refs/remotes/origin/new")).toBe(two);
      expect(await store.readRef("refs/remotes/origin/moved")).toBe(two);
      expect(await store.readRef("refs/remotes/origin/gone")).toBeNull();
      expect(await store.push("origin", [])).toEqual([]);
      await remote.fsck();
    });

    it("creates a ref only where there is none", async () => {
      const { repo, remote, one } = await clonePair();
      await remote.git("tag", "fraud@v1.0.0", one);
      const store = await openFor(subject, repo.path);
      const two = await newCommit(store, one, "two");
      const edit: RefEdit = { ref: tag("fraud@v1.0.0"), from: null, to: two };
      expect(await store.push("origin", [edit])).toMatchObject([{ ref: edit.ref, status: "stale" }]);
      expect(await store.push("origin", [{ ...edit, to: one }])).toEqual([{ ref: edit.ref, status: "up-to-date" }]);
      expect(await remote.id(edit.ref)).toBe(one);
    });

    it("loses its lease when the remote moved, and says up to date where it is there already", async () => {
      const { repo, remote, one } = await clonePair();
      const theirs = await commitTo(remote, "main", one);
      const store = await openFor(subject, repo.path);
      const ours = await newCommit(store, one, "ours");
      await store.fetch("origin", [BRANCHES]);
      const push = async (from: ObjectId | null, to: ObjectId | null) =>
        (await store.push("origin", [{ ref: branch("main"), from, to }])).map((each) => each.status);
      expect(await push(one, ours)).toEqual(["stale"]);
      expect(await push(one, null)).toEqual(["stale"]);
      expect(await push(one, theirs)).toEqual(["up-to-date"]);
      expect(await remote.id(branch("main"))).toBe(theirs);
      expect(await store.push("origin", [{ ref: branch("absent"), from: one, to: null }])).toMatchObject([
        { status: "up-to-date" },
      ]);
      expect(await store.push("origin", [{ ref: branch("absent"), from: one, to: ours }])).toMatchObject([
        { status: "stale" },
      ]);
      expect(await push(theirs, ours)).toEqual(["pushed"]);
    });

    it("pushes all or nothing when asked, else what it can", async () => {
      const { repo, remote, one } = await clonePair();
      await remote.git("branch", "taken", one);
      const store = await openFor(subject, repo.path);
      const two = await newCommit(store, one, "two");
      const edits: readonly RefEdit[] = [
        { ref: branch("a"), from: null, to: two },
        { ref: branch("taken"), from: null, to: two },
        { ref: branch("main"), from: one, to: one },
      ];
      const atomic = await store.push("origin", edits, { atomic: true });
      expect(atomic.map((each) => each.status)).toEqual(["refused", "stale", "up-to-date"]);
      expect(await remote.git("branch", "--list", "a")).toBe("");
      expect(await store.readRef("refs/remotes/origin/a")).toBeNull();
      const single = await store.push("origin", edits);
      expect(single.map((each) => each.status)).toEqual(["pushed", "stale", "up-to-date"]);
    });

    it("refuses to push a ref below another", async () => {
      const { repo, remote, one } = await clonePair();
      await remote.git("branch", "a", one);
      const store = await openFor(subject, repo.path);
      const [outcome] = await store.push("origin", [{ ref: branch("a/b"), from: null, to: one }]);
      expect(["refused", "stale"]).toContain(outcome?.status);
    });

    it("is refused on the branch that a working tree has checked out", async () => {
      const remote = await tempRepo();
      const one = await remote.commit("one");
      const repo = await tempRepo();
      await connect(repo, remote);
      await repo.git("fetch", "-q", "origin");
      const store = await openFor(subject, repo.path);
      const two = await newCommit(store, one, "two");
      const [outcome] = await store.push("origin", [{ ref: branch("main"), from: one, to: two }]);
      expect(outcome).toMatchObject({
        ref: branch("main"),
        status: "refused",
        reason: expect.stringMatching(/checked out/),
      });
      expect(await store.push("origin", [{ ref: branch("side"), from: null, to: two }])).toMatchObject([
        { status: "pushed" },
      ]);
    });

    it("lets the remote's own hook decide, or refuses to go around it", async () => {
      const { repo, remote, one } = await clonePair();
      await mkdir(join(remote.path, "hooks"), { recursive: true });
      const hook = join(remote.path, "hooks/update");
      await writeFile(
        hook,
        '#!/bin/sh\ntest "$1" != refs/heads/stage/a || { echo "stages move by review"; exit 1; }\n',
      );
      await chmod(hook, 0o755);
      const store = await openFor(subject, repo.path);
      const pushing = store.push("origin", [
        { ref: branch("stage/a"), from: null, to: one },
        { ref: branch("b"), from: null, to: one },
      ]);
      if (runsHooks) {
        expect(await pushing).toMatchObject([
          { status: "refused", reason: expect.stringMatching(/hook declined/) },
          { status: "pushed" },
        ]);
      } else {
        await expect(pushing).rejects.toThrowError(withCode("git-required"));
      }
      expect(await remote.git("branch", "--list", "stage/a")).toBe("");
    });

    it("runs no hook of ours", async () => {
      const { repo, one } = await clonePair();
      await mkdir(join(repo.path, ".git/hooks"), { recursive: true });
      for (const each of ["pre-push", "reference-transaction", "post-update"]) {
        const hook = join(repo.path, ".git/hooks", each);
        await writeFile(hook, `#!/bin/sh\ntouch '${repo.path}/hook-ran'\nexit 1\n`);
        await chmod(hook, 0o755);
      }
      const store = await openFor(subject, repo.path);
      expect(await store.push("origin", [{ ref: branch("x"), from: null, to: one }])).toMatchObject([
        { status: "pushed" },
      ]);
      expect(await store.updateRefs([{ ref: branch("y"), from: null, to: one }])).toEqual({ ok: true });
      await expect(readFile(join(repo.path, "hook-ran"))).rejects.toThrow();
    });

    it("lets one of two clones win that push the same ref at once", async () => {
      const { repo, remote, one } = await clonePair();
      const stores = await Promise.all([openFor(subject, repo.path), openFor(subject, repo.path)]);
      const rivals = await Promise.all([1, 2, 3, 4].map((n) => newCommit(stores[0], one, `rival ${n}`)));
      const outcomes = await Promise.all(
        rivals.map((to, n) => (stores[n % 2] ?? stores[0]).push("origin", [{ ref: branch("raced"), from: null, to }])),
      );
      const statuses = outcomes
        .flat()
        .map((each) => each.status)
        .sort();
      expect(statuses).toEqual(["pushed", "stale", "stale", "stale"]);
      const winner = rivals.filter((_, n) => outcomes[n]?.[0]?.status === "pushed");
      expect([await remote.id(branch("raced"))]).toEqual(winner);
      await remote.fsck();
    });

    it("pushes many refs at once", async () => {
      const { repo, remote, one } = await clonePair();
      const store = await openFor(subject, repo.path);
      const edits = Array.from({ length: 300 }, (_, n) => ({
        ref: tag(`models/model-${n}@v1.0.0`),
        from: null,
        to: one,
      }));
      const outcomes = await store.push("origin", edits, { atomic: true });
      expect(outcomes).toEqual(edits.map(({ ref }) => ({ ref, status: "pushed" })));
      expect((await remote.git("tag", "--list")).split("\n")).toHaveLength(300);
    });
  });
}

export type Transport = "directory" | "http" | "ssh";

/** Makes one repository the other's remote `origin`. */
type Connect = (repo: TempRepo, remote: TempRepo, kind?: string) => Promise<unknown>;

/** How the remotes of tests are reached. */
const WAYS: Readonly<Record<Transport, { readonly kinds: readonly string[]; readonly connect: Connect }>> = {
  directory: {
    kinds: ["path", "file URL"],
    connect: (repo, { path }, kind) =>
      repo.git("remote", "add", "origin", kind === "file URL" ? pathToFileURL(path).href : path),
  },
  http: {
    kinds: ["http"],
    async connect(repo, remote) {
      await remote.git("config", "http.receivepack", "true");
      const { origin } = await startGitHttpServer(dirname(remote.path));
      await repo.git("remote", "add", "origin", `${origin}/${basename(remote.path)}`);
    },
  },
  ssh: {
    kinds: ["ssh"],
    async connect(repo, remote) {
      const server = await startSshServer();
      await repo.git("config", "core.sshCommand", server.command);
      await repo.git("remote", "add", "origin", server.url(remote.path));
    },
  },
};

/** A bare remote with one commit on main, and a repository that has fetched it. */
async function clonePairAt(
  kind: string | undefined,
  connect: Connect,
): Promise<{ readonly repo: TempRepo; readonly remote: TempRepo; readonly one: ObjectId }> {
  const [repo, remote] = await Promise.all([tempRepo(), tempRepo({ bare: true })]);
  const one = await repo.commit("one", { "a.txt": "a" });
  await connect(repo, remote, kind);
  await repo.git("push", "-q", "origin", "main");
  return { repo, remote, one };
}

async function commitTo(repo: TempRepo, name: string, parent: ObjectId): Promise<ObjectId> {
  const id = checkedId(await repo.git("commit-tree", `${parent}^{tree}`, "-p", parent, "-m", "theirs"));
  await repo.git("update-ref", branch(name), id);
  return id;
}

async function newCommit(store: GitStore, parent: ObjectId, message: string): Promise<ObjectId> {
  const who = { name: "Ada", email: "ada@example.org", seconds: 1_700_000_001, zone: "+0000" };
  const blob = await store.writeBlob(Buffer.from(message));
  const tree = await store.writeTree([{ name: "b.txt", mode: "100644", id: blob }]);
  return store.writeCommit({ tree, parents: [parent], author: who, committer: who, message: `${message}\n` });
}

function sorted<T extends { readonly ref: string }>(list: readonly T[]): readonly T[] {
  return list.toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
}
