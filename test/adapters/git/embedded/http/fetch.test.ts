import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type TempRepo, tempRepo } from "../../../../support/temp-repo.ts";
import { BRANCHES, cloneOf, openHttp, type Served, serve, TAGS } from "./served.ts";

const MAIN = "refs/remotes/origin/main";

describe("fetching over HTTP", () => {
  it("brings histories with deltas as one pack, whole, and nothing the second time", async () => {
    const { remote, url, server, author } = await withAuthor();
    const lines = Array.from({ length: 400 }, (_, n) => `line ${n} ${n * 7919}`);
    for (let n = 0; n < 30; n++) {
      lines[n] = `changed ${n}`;
      await author.commit(`${n}`, { "large.txt": lines.join("\n"), [`f/${n}/a.txt`]: `${n}` });
    }
    await author.git("tag", "-a", "v1", "-m", "v");
    await author.git("push", "-q", remote.path, "main", "v1");
    await remote.git("repack", "-adfq", "--depth=40");
    const { repo, store } = await cloneOf(url);
    expect((await store.listRemote("origin")).head).toBe("main");
    const outcome = await store.fetch("origin", [BRANCHES, TAGS]);
    expect(outcome.updated.map(({ ref }) => ref)).toEqual([MAIN, "refs/tags/v1"]);
    await repo.fsck();
    expect(await repo.git("count-objects", "-v")).toMatch(/packs: 1\n/);
    expect(await repo.git("verify-pack", "-s", ...(await packsOf(repo)))).toMatch(/chain length = [1-9]/);
    const before = server.requests.length;
    expect(await store.fetch("origin", [BRANCHES, TAGS])).toEqual({ updated: [], rejected: [] });
    // What the server can do is known already.
    expect(server.requests.slice(before)).toEqual(["POST /a.git/git-upload-pack"]);
  });

  it("asks for the refs that are wanted, says what is here, and stores the few objects that are new one by one", async () => {
    const { remote, url, server, author } = await withAuthor();
    for (let n = 0; n < 60; n++)
      await author.git("branch", `unwanted-${n}`, await author.commit(`${n}`, { a: `${n}` }));
    await author.git("push", "-q", remote.path, "--all");
    const { repo, store } = await cloneOf(url);
    const main = { ...BRANCHES, source: "refs/heads/main", target: MAIN } as const;
    await store.fetch("origin", [main]);
    const next = await author.commit("next", { a: "next" });
    await author.git("push", "-q", remote.path, "main");
    const before = server.received.length;
    await store.fetch("origin", [main]);
    const [list, fetch] = server.received.slice(before).map(({ body }) => body().toString());
    expect(list).toMatch(/ref-prefix refs\/heads\/main\n/);
    expect(list).not.toMatch(/ref-prefix refs\/\n|ref-prefix refs\/heads\/\n/);
    expect(fetch).toMatch(new RegExp(`want ${next}\\n[\\s\\S]*have ${await author.id("main~1")}\\n[\\s\\S]*done\\n`));
    expect(await repo.git("count-objects", "-v")).toMatch(/count: 3\n[\s\S]*packs: 1\n/);
    await repo.fsck();
  });

  it("says which version of the same model is here, among thousands of tags", async () => {
    const { remote, url, server, author } = await withAuthor();
    const one = await author.commit("one", { "model.bin": "x" });
    const others = Array.from({ length: 400 }, (_, n) => `create refs/tags/earlier-${n}@v1.0.0 ${n === 0 ? one : ""}`);
    const other = await author.commit("other", { "other.bin": "y" });
    const lines = others.map((line) => `${line.trimEnd().replace(/ [0-9a-f]{40}$/, "")} ${other}\n`).join("");
    await remote.gitBytes({ input: "" }, "gc", "-q");
    await author.git("push", "-q", remote.path, `${one}:refs/tags/fraud@v1.0.0`, `${other}:refs/heads/main`);
    await remote.gitBytes({ input: lines }, "update-ref", "--stdin");
    const { store } = await cloneOf(url);
    await store.fetch("origin", [TAGS]);
    const two = await author.git("commit-tree", `${one}^{tree}`, "-p", one, "-m", "two");
    await author.git("push", "-q", remote.path, `${two}:refs/tags/fraud@v1.1.0`);
    await store.fetch("origin", [TAGS]);
    const asked = server.received.at(-1)?.body().toString();
    expect(asked).toMatch(new RegExp(`have ${one}\\n`));
  });

  it("keeps what it needs where the histories end, and goes on from there", async () => {
    const { remote, url, author } = await withAuthor();
    for (const n of [1, 2, 3, 4]) await author.commit(`${n}`, { [`${n}.txt`]: `${n}` });
    await author.git("push", "-q", remote.path, "main");
    const { repo, store } = await cloneOf(url);
    await store.fetch("origin", [BRANCHES], { depth: 1 });
    const tip = await author.id("main");
    expect(await repo.git("log", "--format=%s", MAIN)).toBe("4");
    await expect(store.firstParents(tip)).rejects.toMatchObject({ code: "shallow-history" });
    await author.commit("5", { "5.txt": "5" });
    await author.git("push", "-q", remote.path, "main");
    await store.fetch("origin", [BRANCHES]);
    expect(await repo.git("log", "--format=%s", MAIN)).toBe("5\n4");
    await author.commit("6", { "6.txt": "6" });
    await author.git("push", "-q", remote.path, "main");
    await store.fetch("origin", [BRANCHES], { depth: 4 });
    expect(await repo.git("log", "--format=%s", MAIN)).toBe("6\n5\n4\n3");
    await author.commit("7");
    await author.git("push", "-q", remote.path, "main");
    await store.fetch("origin", [BRANCHES], { depth: 100 });
    expect(await store.isShallow()).toBe(false);
    expect(await repo.git("log", "--format=%s", MAIN)).toBe("7\n6\n5\n4\n3\n2\n1");
    await repo.fsck();
  });

  it("asks for everything again where a file is not here that our refs say is here", async () => {
    const { remote, url, author } = await withAuthor();
    await author.commit("one", { "kept.txt": "a", "b.txt": "b" });
    await author.git("push", "-q", remote.path, "main");
    const { repo, store } = await cloneOf(url);
    await store.fetch("origin", [BRANCHES]);
    const lost = await author.id("HEAD:kept.txt");
    await rm(join(repo.gitDir, "objects", lost.slice(0, 2), lost.slice(2)));
    await author.commit("two", { "b.txt": "c" });
    await author.git("push", "-q", remote.path, "main");
    await store.fetch("origin", [BRANCHES]);
    expect((await store.readObjects([lost]))[0]?.kind).toBe("blob");
    await repo.fsck();
  });

  it("brings a file that a filter left out before, when it is wanted without one", async () => {
    const { remote, url, author } = await withAuthor();
    await author.commit("one", { "kept.txt": "a", "b.txt": "b" });
    await author.git("push", "-q", remote.path, "main");
    const { store } = await cloneOf(url, true);
    await store.fetch("origin", [BRANCHES], { depth: 1, filter: "blob:none" });
    const blob = await author.id("HEAD:kept.txt");
    expect(await store.readObjects([blob])).toEqual([null]);
    const stage = await author.commit("two", { "b.txt": "c" });
    await author.git("push", "-q", remote.path, "HEAD:refs/heads/stage/a");
    await store.fetch("origin", [BRANCHES]);
    expect(await store.readRef("refs/remotes/origin/stage/a")).toBe(stage);
    expect((await store.readObjects([blob]))[0]?.kind).toBe("blob");
  });

  it("lets two fetch at once into one repository", async () => {
    const { remote, url, author } = await withAuthor();
    for (let n = 0; n < 60; n++) await author.commit(`${n}`, { [`${n}.txt`]: `${n}` });
    await author.git("push", "-q", remote.path, "main");
    const { repo, store } = await cloneOf(url);
    const other = await openHttp(repo);
    await Promise.all([store.fetch("origin", [BRANCHES]), other.fetch("origin", [BRANCHES])]);
    expect(await repo.id(MAIN)).toBe(await author.id("main"));
    await repo.fsck();
  });

  it("goes on with what git fetched, packed and pruned, and git with ours", async () => {
    const { remote, url, author } = await withAuthor();
    const { repo, store } = await cloneOf(url);
    for (let n = 0; n < 6; n++) {
      const id = await author.commit(`${n}`, { "a.txt": `${n}`, [`${n}/b.txt`]: `${n}` });
      await author.git("tag", "-a", `v${n}`, "-m", "v");
      await author.git("push", "-q", "--tags", remote.path, "main");
      if (n % 2 === 0) await store.fetch("origin", [BRANCHES, TAGS], { prune: true });
      else await repo.git("fetch", "-q", "--tags", "origin");
      if (n === 3) await repo.git("gc", "-q", "--prune=now");
      expect(await repo.id(MAIN)).toBe(id);
      await repo.fsck();
    }
    expect((await store.listRefs(["refs/tags/"])).length).toBe(6);
  });

  it("finds a repository that moved below the same server, and refuses to follow it to another one", async () => {
    const { remote, url, author } = await withAuthor();
    const one = await author.commit("one");
    await author.git("push", "-q", remote.path, "main");
    const { startRedirect } = await import("./redirecting-server.ts");
    const within = await startRedirect(url, "within");
    const first = await cloneOf(within.url);
    await first.store.fetch("origin", [BRANCHES]);
    expect(await first.repo.id(MAIN)).toBe(one);
    expect(within.lines.filter((line) => line.startsWith("POST /old"))).toEqual([]);
    const elsewhere = await startRedirect(url, "elsewhere");
    const second = await cloneOf(elsewhere.url);
    await expect(second.store.fetch("origin", [BRANCHES])).rejects.toMatchObject({
      code: "git-failed",
      hint: expect.stringContaining(`git remote set-url <remote> ${url}`),
    });
  });
});

async function withAuthor(): Promise<Served & { readonly author: TempRepo }> {
  return { ...(await serve()), author: await tempRepo() };
}

async function packsOf(repo: TempRepo): Promise<readonly string[]> {
  const folder = join(repo.gitDir, "objects/pack");
  return (await readdir(folder)).filter((name) => name.endsWith(".idx")).map((name) => join(folder, name));
}
