import { beforeAll, expect, it } from "vitest";
import { type GiteaServer, startGitea } from "../../../../support/gitea-server.ts";
import { describeWith } from "../../../../support/oracles.ts";
import { tempRepo } from "../../../../support/temp-repo.ts";
import { BRANCHES, cloneOf, openHttp, TAGS } from "./served.ts";

describeWith(["gitea"], "embedded Git and a server written by others", () => {
  let gitea: GiteaServer;
  beforeAll(async () => {
    gitea = await startGitea();
  });

  it("pushes with a login, fetches shallow and by id, and is told apart from a missing repository", async () => {
    const { name, token } = gitea.user;
    const withLogin = (address: string) => address.replace("://", `://${[name, token].join(":")}@`);
    const address = await gitea.createRepository("models");
    const author = await tempRepo();
    const one = await author.commit("one", { "models/a/manifest.yaml": "a\n" });
    const two = await author.commit("two", { "models/b/manifest.yaml": "b\n" });
    await author.git("tag", "-a", "a@v1.0.0", "-m", "v");
    await author.git("remote", "add", "origin", withLogin(address));
    const store = await openHttp(author);
    const outcomes = await store.push(
      "origin",
      [
        { ref: "refs/heads/main", from: null, to: one },
        { ref: "refs/heads/stage/production", from: null, to: two },
        { ref: "refs/tags/a@v1.0.0", from: null, to: await author.id("refs/tags/a@v1.0.0") },
      ],
      { atomic: true },
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["pushed", "pushed", "pushed"]);
    expect(await store.push("origin", [{ ref: "refs/heads/main", from: two, to: one }])).toMatchObject([
      { status: "up-to-date" },
    ]);
    expect(await store.push("origin", [{ ref: "refs/tags/a@v1.0.0", from: null, to: one }])).toMatchObject([
      { status: "stale" },
    ]);
    expect(await store.listRemote("origin", ["refs/tags/*"])).toMatchObject({
      head: "main",
      refs: [{ name: "refs/tags/a@v1.0.0", peeled: two }],
    });

    const narrow = await cloneOf(withLogin(address), true);
    await narrow.store.fetch("origin", [BRANCHES, TAGS], { depth: 1, filter: "tree:0" });
    expect(await narrow.store.isShallow()).toBe(true);
    const tree = await author.id(`${two}^{tree}`);
    await narrow.store.fetchObjects("origin", [tree]);
    const manifest = await author.id(`${two}:models/b/manifest.yaml`);
    expect((await narrow.store.readObjects([manifest]))[0]?.kind).toBe("blob");
    const whole = await cloneOf(withLogin(address), true);
    await whole.store.fetch("origin", [BRANCHES, TAGS]);
    await whole.repo.fsck();

    const absent = await cloneOf(withLogin(address.replace("models", "absent")));
    await expect(absent.store.listRemote("origin")).rejects.toMatchObject({
      code: "git-failed",
      hint: expect.stringContaining("git remote -v"),
    });
    const stranger = await cloneOf(address);
    await expect(stranger.store.listRemote("origin")).rejects.toMatchObject({ code: "auth-failed" });
  });
});
