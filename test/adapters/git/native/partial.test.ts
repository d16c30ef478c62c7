import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openNativeGit } from "../../../../src/adapters/git/native/open-native-git.ts";
import type { ObjectId } from "../../../../src/domain/object-id.ts";
import type { FetchOptions, GitStore, Refspec } from "../../../../src/ports/git-store.ts";
import { startGitHttpServer } from "../../../support/git-http-server.ts";
import { isolatedEnvironment } from "../../../support/run-git.ts";
import { type TempRepo, tempDir, tempRepo } from "../../../support/temp-repo.ts";

const STAGES: Refspec = { source: "refs/heads/stage/*", target: "refs/remotes/origin/stage/*", force: true };
const _TAGS: Refspec = { source: "refs/tags/*", target: "refs/tags/*", force: false };

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
