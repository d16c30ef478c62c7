import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openNativeGit } from "../../../../src/adapters/git/native/open-native-git.ts";
import type { ObjectId } from "../../../../src/domain/object-id.ts";
import type { FetchOptions, GitStore, Refspec } from "../../../../src/ports/git-store.ts";
import { startGitHttpServer } from "../../../support/git-http-server.ts";
import { isolatedEnvironment } from "../../../support/run-git.ts";
import { checkedId, type TempRepo, tempDir, tempRepo } from "../../../support/temp-repo.ts";

const STAGES: Refspec = { source: "refs/heads/stage/*", target: "refs/remotes/origin/stage/*", force: true };
const TAGS: Refspec = { source: "refs/tags/*", target: "refs/tags/*", force: false };

/** A server with three commits on a stage and a tag on each, and an empty mirror of it. */
async function mirrorOf({ allowFilter = true } = {}) {
  const root = await tempDir();
  const server = await tempRepo({ bare: true, path: join(root, "a.git") });
  const work = await tempRepo();
  for (const n of [1, 2, 3]) {
    await work.commit(`release ${n}`, { [`models/m${n}/manifest.yaml`]: `m${n}\n` });
    await work.git("tag", "-a", "-m", "v", `m${n}@v1.0.0`);
  }
  await work.git("push", "-q", "--tags", server.path, "HEAD:refs/heads/stage/production");
  if (allowFilter) await server.git("config", "uploadpack.allowFilter", "true");
  const { origin, received } = await startGitHttpServer(root);
  const mirror = await tempRepo({ bare: true });
  await mirror.git("remote", "add", "origin", `${origin}/a.git`);
  const store = await openNativeGit({ directory: mirror.path, env: isolatedEnvironment() });
  onTestFinished(() => store.close());
  return { server, work, mirror, store, received };
}

async function idsOf(repo: TempRepo, ...revisions: readonly string[]): Promise<readonly ObjectId[]> {
  return Promise.all(revisions.map((revision) => repo.id(revision)));
}

async function kinds(store: GitStore, ids: readonly ObjectId[]): Promise<readonly (string | null)[]> {
  return (await store.readObjects(ids)).map((object) => object?.kind ?? null);
}

const TIP = "refs/tags/m3@v1.0.0^{commit}";

describe("a partial mirror", () => {
  it.each<[FetchOptions, readonly (string | null)[]]>([
    [{ depth: 1, filter: "tree:0" }, ["commit", null, null, null]],
    [{ depth: 1, filter: "blob:none" }, ["commit", "tree", null, null]],
    [{ depth: 1 }, ["commit", "tree", "blob", null]],
    [{ filter: "blob:none" }, ["commit", "tree", null, "commit"]],
  ])("fetched with %j has what was asked for, and reads nothing more", async (options, expected) => {
    const { work, mirror, store, received } = await mirrorOf();
    const outcome = await store.fetch("origin", [STAGES], options);
    const [tip, tree, blob, first] = await idsOf(
      work,
      TIP,
      `${TIP}^{tree}`,
      `${TIP}:models/m3/manifest.yaml`,
      `${TIP}~2`,
    );
    expect(outcome.updated).toEqual([{ ref: "refs/remotes/origin/stage/production", from: null, to: tip }]);
    const before = received.length;
    expect(await kinds(store, [tip, tree, blob, first] as ObjectId[])).toEqual(expected);
    expect(received.length).toBe(before);
    expect(await mirror.git("config", "--list")).not.toMatch(/promisor|partialclone/);
    expect(await store.isShallow()).toBe(options.depth !== undefined);
  });

  it("gets what it lacks by one fetch, and asks for nothing that is there", async () => {
    const { work, store, received } = await mirrorOf();
    await store.fetch("origin", [STAGES, TAGS], { depth: 1, filter: "tree:0" });
    const versions = await idsOf(work, ...[1, 2, 3].map((n) => `refs/tags/m${n}@v1.0.0^{tree}`));
    const before = received.length;
    await store.fetchObjects("origin", [...versions, ...versions]);
    const asked = received.slice(before);
    expect(asked.filter(({ line }) => line.startsWith("POST"))).toHaveLength(1);
    const manifests = await idsOf(work, ...[1, 2, 3].map((n) => `refs/tags/m3@v1.0.0:models/m${n}/manifest.yaml`));
    expect(await kinds(store, [...versions, ...manifests])).toEqual(
      [..."ttt", ..."bbb"].map((k) => (k === "t" ? "tree" : "blob")),
    );
    await store.fetchObjects("origin", [...versions, ...manifests]);
    expect(received.length).toBe(before + asked.length);
  });

  it("gets the trees and files below a commit that it has, and below a tag", async () => {
    const { work, store } = await mirrorOf();
    await store.fetch("origin", [STAGES, TAGS], { depth: 1, filter: "tree:0" });
    await store.fetchObjects("origin", await idsOf(work, TIP, "refs/tags/m1@v1.0.0"));
    const below = await idsOf(work, `${TIP}:models/m3/manifest.yaml`, "refs/tags/m1@v1.0.0:models/m1/manifest.yaml");
    expect(await kinds(store, below)).toEqual(["blob", "blob"]);
  });

  it("gets a commit that no ref names without its history", async () => {
    const { work, store } = await mirrorOf();
    await store.fetch("origin", [STAGES], { depth: 1, filter: "tree:0" });
    const [second, first] = await idsOf(work, `${TIP}~1`, `${TIP}~2`);
    await store.fetchObjects("origin", [second as ObjectId]);
    expect(await kinds(store, [second, first] as ObjectId[])).toEqual(["commit", null]);
    await expect(store.firstParents(second as ObjectId)).rejects.toMatchObject({ code: "shallow-history" });
  });

  it("says which object the remote does not have", async () => {
    const { store } = await mirrorOf();
    await store.fetch("origin", [STAGES], { depth: 1, filter: "tree:0" });
    const absent = checkedId("0123456789".repeat(4));
    await expect(store.fetchObjects("origin", [absent])).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining(absent),
    });
  });

  it("is refreshed: what moved, what was pruned, tags that must not move, with and without a filter", async () => {
    const { server, work, store } = await mirrorOf();
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
    const { work, store } = await mirrorOf({ allowFilter: false });
    await store.fetch("origin", [STAGES], { depth: 1, filter: "tree:0" });
    const ids = await idsOf(work, `${TIP}^{tree}`, `${TIP}:models/m1/manifest.yaml`);
    expect(await kinds(store, ids)).toEqual(["tree", "blob"]);
    await store.fetchObjects("origin", ids);
    const [other] = await idsOf(work, "refs/tags/m1@v1.0.0^{tree}");
    await store.fetchObjects("origin", [other as ObjectId]);
    expect(await kinds(store, [other as ObjectId])).toEqual(["tree"]);
  });
});

describe("a person's own partial clone", () => {
  it("goes on bringing what is read, as git does it", async () => {
    const { work, mirror } = await mirrorOf();
    const clone = join(await tempDir(), "clone");
    const url = await mirror.git("config", "remote.origin.url");
    await work.git("clone", "-q", "--bare", "--filter=blob:none", url, clone);
    const store = await openNativeGit({ directory: clone, env: isolatedEnvironment() });
    onTestFinished(() => store.close());
    expect(await kinds(store, await idsOf(work, `${TIP}:models/m1/manifest.yaml`))).toEqual(["blob"]);
    await store.fetch("origin", [STAGES], { prune: true });
  });
});
