import { describe, expect, it } from "vitest";
import { tempRepo } from "../../../../support/temp-repo.ts";
import { BRANCHES, cloneOf, serve, TAGS } from "./served.ts";

describe("fetching over HTTP", () => {
  it("brings histories with deltas as one pack, whole, and nothing the second time", async () => {
    const { remote, url, server } = await serve();
    const author = await tempRepo();
    const lines = Array.from({ length: 400 }, (_, n) => `line ${n} ${n * 7919}`);
    for (let n = 0; n < 30; n++) {
      lines[n] = `changed ${n}`;
      await author.commit(`${n}`, { "large.txt": lines.join("\n"), [`f/${n}/a.txt`]: `${n}` });
    }
    await author.git("tag", "-a", "v1", "-m", "v");
    await author.git("push", "-q", remote.path, "main", "v1");
    await remote.git("repack", "-adfq", "--depth=40");
    const { repo, store } = await cloneOf(url);
    expect(await store.listRemote("origin")).toEqual({
      head: "main",
      refs: [
        { name: "refs/heads/main", id: await author.id("main"), peeled: null },
        { name: "refs/tags/v1", id: await author.id("v1"), peeled: await author.id("main") },
      ],
    });
    const outcome = await store.fetch("origin", [BRANCHES, TAGS]);
    expect(outcome.updated.map(({ ref }) => ref)).toEqual(["refs/remotes/origin/main", "refs/tags/v1"]);
    await repo.fsck();
    expect(await repo.git("count-objects", "-v")).toMatch(/packs: 1\n/);
    expect(await repo.git("verify-pack", "-s", ...(await packs(repo)))).toMatch(/chain length = [1-9]/);
    const before = server.requests.length;
    expect(await store.fetch("origin", [BRANCHES, TAGS])).toEqual({ updated: [], rejected: [] });
    expect(server.requests.length - before).toBe(2);
  });
});

async function packs(repo: { git(...args: string[]): Promise<string>; gitDir: string }) {
  const { readdir } = await import("node:fs/promises");
  const names = await readdir(`${repo.gitDir}/objects/pack`);
  return names.filter((name) => name.endsWith(".idx")).map((name) => `${repo.gitDir}/objects/pack/${name}`);
}
