import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openNativeGit } from "../../../../src/adapters/git/native/open-native-git.ts";
import { describeWith } from "../../../support/oracles.ts";
import { isolatedEnvironment } from "../../../support/run-git.ts";
import { startSshServer } from "../../../support/ssh-server.ts";
import { tempDir, tempRepo } from "../../../support/temp-repo.ts";

async function open(url: string, environment: NodeJS.ProcessEnv, remoteTimeoutMs?: number) {
  const repo = await tempRepo();
  await repo.commit("one");
  await repo.git("remote", "add", "origin", url);
  const limit = remoteTimeoutMs === undefined ? {} : { remoteTimeoutMs };
  const store = await openNativeGit({ directory: repo.path, env: isolatedEnvironment(environment), ...limit });
  onTestFinished(() => store.close());
  return { repo, store };
}

async function script(name: string, body: string): Promise<string> {
  const directory = await tempDir();
  await writeFile(join(directory, name), `#!/bin/sh\n${body}\n`);
  await chmod(join(directory, name), 0o755);
  return directory;
}

describeWith(["sshd"], "a remote over ssh", () => {
  it("takes what is pushed and gives it back", async () => {
    const server = await startSshServer();
    const remote = await tempRepo({ bare: true });
    const { repo, store } = await open(server.url(remote.path), server.environment);
    const one = await repo.id("HEAD");
    expect(await store.push("origin", [{ ref: "refs/heads/main", from: null, to: one }], { atomic: true })).toEqual([
      { ref: "refs/heads/main", status: "pushed" },
    ]);
    expect(await store.listRemote("origin")).toEqual({
      head: "main",
      refs: [{ name: "refs/heads/main", id: one, peeled: null }],
    });
    expect(await server.commands()).toEqual([`git-receive-pack '${remote.path}'`, `git-upload-pack '${remote.path}'`]);
  });

  it("gives a mirror as little as it asks for", async () => {
    const server = await startSshServer();
    const remote = await tempRepo();
    await remote.commit("one", { "a.txt": "a" });
    const tip = await remote.commit("two", { "a.txt": "b" });
    await remote.git("config", "uploadpack.allowFilter", "true");
    const { repo, store } = await open(server.url(remote.path), server.environment);
    await repo.git("checkout", "-q", "--orphan", "none");
    const main = { source: "refs/heads/main", target: "refs/remotes/origin/main", force: true } as const;
    await store.fetch("origin", [main], { depth: 1, filter: "tree:0" });
    const asked = (await server.commands()).length;
    const tree = await remote.id(`${tip}^{tree}`);
    expect(await store.readObjects([tree])).toEqual([null]);
    expect(await server.commands()).toHaveLength(asked);
    await store.fetchObjects("origin", [tip]);
    expect(await store.readObjects([tree, await remote.id(`${tip}:a.txt`)])).toMatchObject([
      { kind: "tree" },
      { kind: "blob" },
    ]);
  });

  it.each([
    ["key", /Permission denied \(publickey\)/, /ssh-add/],
    ["known-host", /Host key verification failed/, /fingerprint/],
  ] as const)("says so without its %s, and asks nothing", async (part, message, hint) => {
    const server = await startSshServer();
    const remote = await tempRepo({ bare: true });
    const { store } = await open(server.url(remote.path), await server.environmentWithout(part));
    await expect(store.listRemote("origin")).rejects.toMatchObject({
      code: "auth-failed",
      retryable: false,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it("says so where there is no repository, no server or no git", async () => {
    const server = await startSshServer();
    const wrong = await open(server.url("/nowhere/a.git"), server.environment);
    await expect(wrong.store.listRemote("origin")).rejects.toMatchObject({
      code: "git-failed",
      message: expect.stringContaining("/nowhere/a.git"),
    });
    const closed = await open("ssh://git@127.0.0.1:1/a.git", server.environment);
    await expect(closed.store.listRemote("origin")).rejects.toMatchObject({
      code: "network",
      retryable: true,
      message: expect.stringContaining("Connection refused"),
    });
    const silent = await startSshServer({ answering: "exit 3" });
    const hungUp = await open(silent.url("/a.git"), silent.environment);
    await expect(hungUp.store.listRemote("origin")).rejects.toMatchObject({ code: "network", retryable: true });
  });

  it("that says nothing any more is given up", async () => {
    const server = await startSshServer({ answering: "exec sleep 60" });
    const { store } = await open(server.url("/a.git"), server.environment, 1500);
    await expect(store.listRemote("origin")).rejects.toMatchObject({ code: "network", retryable: true });
  });
});

describe("the ssh command", () => {
  const note = `printf '%s\\n' "$*" >>"$NOTES"; exit 255`;

  async function seen(env: NodeJS.ProcessEnv, configured?: string): Promise<string> {
    const notes = join(await tempDir(), "notes");
    const [plain, own] = await Promise.all([script("ssh", note), script("own-ssh", `echo own >>"$NOTES"; ${note}`)]);
    const PATH = [plain, own, process.env.PATH].join(":");
    const { repo, store } = await open("ssh://git@example.org/a.git", { ...env, PATH, NOTES: notes });
    if (configured !== undefined) await repo.git("config", "core.sshCommand", configured);
    await expect(store.listRemote("origin")).rejects.toMatchObject({ code: "network" });
    return readFile(notes, "utf8");
  }

  it("asks no questions and has an end", async () => {
    const said = await seen({});
    expect(said).toContain("BatchMode=yes");
    expect(said).toContain("ConnectTimeout=");
  });

  it.each([
    ["GIT_SSH_COMMAND", { GIT_SSH_COMMAND: "own-ssh" }, undefined],
    ["GIT_SSH", { GIT_SSH: "own-ssh" }, undefined],
    ["core.sshCommand", {}, "own-ssh"],
  ])("is the user's own where %s says so", async (_, env, configured) => {
    const said = await seen(env, configured);
    expect(said).toContain("own");
    expect(said).not.toContain("BatchMode");
  });
});
