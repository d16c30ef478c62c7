import { describe, expect, it } from "vitest";
import type { ObjectId } from "../../../src/domain/object-id.ts";
import type { FetchOptions, GitStore, Refspec } from "../../../src/ports/git-store.ts";
import { startStageServer } from "../../support/stage-server.ts";
import { checkedId, type TempRepo, tempRepo } from "../../support/temp-repo.ts";
import { type GitStoreSubject, openFor, withCode } from "./subject.ts";

const STAGES: Refspec = { source: "refs/heads/stage/*", target: "refs/remotes/origin/stage/*", force: true };
const TAGS: Refspec = { source: "refs/tags/*", target: "refs/tags/*", force: false };

async function mirrorOf(subject: GitStoreSubject, options: { readonly allowFilter?: boolean } = {}) {
  const { server, work, url, requests } = await startStageServer(options);
  const mirror = await tempRepo({ bare: true });
  await mirror.git("remote", "add", "origin", url);
  const store = await openFor(subject, mirror.path);
  return { server, work, mirror, store, requests };
}

async function idsOf(repo: TempRepo, ...revisions: readonly string[]): Promise<readonly ObjectId[]> {
  return Promise.all(revisions.map((revision) => repo.id(revision)));
}

async function kinds(store: GitStore, ids: readonly ObjectId[]): Promise<readonly (string | null)[]> {
  return (await store.readObjects(ids)).map((object) => object?.kind ?? null);
}

const TIP = "refs/tags/m3@v1.0.0^{commit}";

/** The promises about fetches with a depth or a filter, over real git's HTTP server, and from directories. */
export function describeGitPartialFetches(name: string, subject: GitStoreSubject): void {
  describe(`${name}: a partial mirror`, () => {
    it.each<[FetchOptions, readonly (string | null)[]]>([
      [{ depth: 1, filter: "tree:0" }, ["commit", null, null, null]],
      [{ depth: 1, filter: "blob:none" }, ["commit", "tree", null, null]],
      [{ depth: 1 }, ["commit", "tree", "blob", null]],
      [{ filter: "blob:none" }, ["commit", "tree", null, "commit"]],
    ])("fetched with %j has what was asked for, and reads nothing more", async (options, expected) => {
      const { work, mirror, store, requests } = await mirrorOf(subject);
      const outcome = await store.fetch("origin", [STAGES], options);
      const [tip, tree, blob, first] = await idsOf(
        work,
        TIP,
        `${TIP}^{tree}`,
        `${TIP}:models/m3/manifest.yaml`,
        `${TIP}~2`,
      );
      expect(outcome.updated).toEqual([{ ref: "refs/remotes/origin/stage/production", from: null, to: tip }]);
      const before = requests.length;
      expect(await kinds(store, [tip, tree, blob, first] as ObjectId[])).toEqual(expected);
      expect(requests.length).toBe(before);
      expect(await mirror.git("config", "--list")).not.toMatch(/promisor|partialclone/);
      expect(await store.isShallow()).toBe(options.depth !== undefined);
    });

    it("gets what it lacks by one fetch, and asks for nothing that is there", async () => {
      const { work, store, requests } = await mirrorOf(subject);
      await store.fetch("origin", [STAGES, TAGS], { depth: 1, filter: "tree:0" });
      const versions = await idsOf(work, ...[1, 2, 3].map((n) => `refs/tags/m${n}@v1.0.0^{tree}`));
      const before = requests.length;
      await store.fetchObjects("origin", [...versions, ...versions]);
      const asked = requests.slice(before);
      expect(asked.filter((each) => each.startsWith("POST"))).toHaveLength(1);
      const manifests = await idsOf(work, ...[1, 2, 3].map((n) => `refs/tags/m3@v1.0.0:models/m${n}/manifest.yaml`));
      expect(await kinds(store, [...versions, ...manifests])).toEqual(
        [..."ttt", ..."bbb"].map((k) => (k === "t" ? "tree" : "blob")),
      );
      await store.fetchObjects("origin", [...versions, ...manifests]);
      expect(requests.length).toBe(before + asked.length);
    });

    it("gets the trees and files below a commit that it has, and below a tag", async () => {
      const { work, store } = await mirrorOf(subject);
      await store.fetch("origin", [STAGES, TAGS], { depth: 1, filter: "tree:0" });
      await store.fetchObjects("origin", await idsOf(work, TIP, "refs/tags/m1@v1.0.0"));
      const below = await idsOf(work, `${TIP}:models/m3/manifest.yaml`, "refs/tags/m1@v1.0.0:models/m1/manifest.yaml");
      expect(await kinds(store, below)).toEqual(["blob", "blob"]);
    });

    it("gets a commit that no ref names without its history", async () => {
      const { work, store } = await mirrorOf(subject);
      await store.fetch("origin", [STAGES], { depth: 1, filter: "tree:0" });
      const [second, first] = await idsOf(work, `${TIP}~1`, `${TIP}~2`);
      await store.fetchObjects("origin", [second as ObjectId]);
      expect(await kinds(store, [second, first] as ObjectId[])).toEqual(["commit", null]);
      await expect(store.firstParents(second as ObjectId)).rejects.toMatchObject({ code: "shallow-history" });
    });

    it("says which object the remote does not have", async () => {
      const { store } = await mirrorOf(subject);
      await store.fetch("origin", [STAGES], { depth: 1, filter: "tree:0" });
      const absent = checkedId("0123456789".repeat(4));
      await expect(store.fetchObjects("origin", [absent])).rejects.toMatchObject({
        code: "not-found",
        message: expect.stringContaining(absent),
      });
    });

    it("is refreshed: what moved, what was pruned, tags that must not move, with and without a filter", async () => {
      const { server, work, store } = await mirrorOf(subject);
      const options = { prune: true, depth: 1, filter: "tree:0" } as const;
      await store.fetch("origin", [STAGES, TAGS], options);
      await store.fetchObjects("origin", await idsOf(work, `${TIP}^{tree}`));
      const next = await work.commit("release 4", { "models/m4/manifest.yaml": "m4\n" });
      await work.git("push", "-q", server.path, "HEAD:refs/heads/stage/production", "HEAD:refs/heads/stage/new");
      await server.git("tag", "-f", "m1@v1.0.0", next);
      const outcome = await store.fetch("origin", [STAGES, TAGS], options);
      expect(outcome.updated.map(({ ref }) => ref)).toEqual([
        "refs/remotes/origin/stage/new",
        "refs/remotes/origin/stage/production",
      ]);
      expect(outcome.rejected).toMatchObject([{ ref: "refs/tags/m1@v1.0.0", there: next }]);
      await server.git("branch", "-D", "stage/new");
      expect((await store.fetch("origin", [STAGES], { prune: true })).updated).toMatchObject([
        { ref: "refs/remotes/origin/stage/new", to: null },
      ]);
    });

    it("is whole where the server filters nothing", async () => {
      const { work, store } = await mirrorOf(subject, { allowFilter: false });
      await store.fetch("origin", [STAGES], { depth: 1, filter: "tree:0" });
      const ids = await idsOf(work, `${TIP}^{tree}`, `${TIP}:models/m1/manifest.yaml`);
      expect(await kinds(store, ids)).toEqual(["tree", "blob"]);
      await store.fetchObjects("origin", ids);
      const [other] = await idsOf(work, "refs/tags/m1@v1.0.0^{tree}");
      await store.fetchObjects("origin", [other as ObjectId]);
      expect(await kinds(store, [other as ObjectId])).toEqual(["tree"]);
    });
  });

  describe(`${name}: objects by their ids from a directory`, () => {
    it("come with what is below them, and only where the remote has them", async () => {
      const { work, server } = await mirrorOf(subject);
      const other = await tempRepo({ bare: true });
      await other.git("remote", "add", "origin", server.path);
      const store = await openFor(subject, other.path);
      const [tree, blob] = await idsOf(work, `${TIP}^{tree}`, `${TIP}:models/m1/manifest.yaml`);
      await store.fetchObjects("origin", [tree as ObjectId]);
      expect(await kinds(store, [tree, blob] as ObjectId[])).toEqual(["tree", "blob"]);
      const absent = checkedId("0123456789".repeat(4));
      await expect(store.fetchObjects("origin", [absent])).rejects.toThrowError(withCode("not-found"));
    });
  });
}
