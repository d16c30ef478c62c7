import { chmod, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { gitEnvironment } from "../../../../src/adapters/git/native/git-command.ts";
import { isAtLeast, parseGitVersion } from "../../../../src/adapters/git/native/git-version.ts";
import {
  findNativeGit,
  initNativeRepository,
  openNativeGit,
} from "../../../../src/adapters/git/native/open-native-git.ts";
import type { GitStore } from "../../../../src/ports/git-store.ts";
import { git, isolatedEnvironment } from "../../../support/run-git.ts";
import { checkedId, tempDir, tempRepo } from "../../../support/temp-repo.ts";

async function open(directory: string, env: NodeJS.ProcessEnv = {}): Promise<GitStore> {
  const store = await openNativeGit({ directory, env: isolatedEnvironment(env) });
  onTestFinished(() => store.close());
  return store;
}

async function program(name: string, script: string): Promise<string> {
  const directory = await tempDir();
  await writeFile(join(directory, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(directory, name), 0o755);
  return directory;
}

describe("the git binary", () => {
  it("is found with its version, or not at all", async () => {
    const found = await findNativeGit(isolatedEnvironment());
    expect(found?.major).toBeGreaterThanOrEqual(2);
    expect(await findNativeGit({ PATH: "/nowhere" })).toBeNull();
  });

  it("is required", async () => {
    const repo = await tempRepo();
    const env = { PATH: await tempDir() };
    await expect(openNativeGit({ directory: repo.path, env })).rejects.toMatchObject({ code: "git-required" });
    await expect(initNativeRepository(repo.path, { branch: "main", env })).rejects.toMatchObject({
      code: "git-required",
    });
  });

  it("must be 2.34 or newer", async () => {
    const repo = await tempRepo();
    const PATH = await program("git", "echo git version 2.33.8");
    const opening = openNativeGit({ directory: repo.path, env: { PATH } });
    await expect(opening).rejects.toMatchObject({
      code: "repository-unsupported",
      hint: expect.stringContaining("2.34"),
    });
  });

  it.each([
    ["git version 2.39.5", [2, 39]],
    ["git version 2.50.1 (Apple Git-155)", [2, 50]],
    ["git version 2.45.1.windows.1", [2, 45]],
    ["git version 3.0.0-rc1", [3, 0]],
  ])("says %j", (line, [major, minor]) => {
    expect(parseGitVersion(`${line}\n`)).toMatchObject({ major, minor });
  });

  it("is compared by major and minor number", () => {
    const version = { major: 3, minor: 0, text: "3.0" };
    expect([isAtLeast(version, 2, 34), isAtLeast(version, 3, 0), isAtLeast(version, 3, 1)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(parseGitVersion("jit version 1")).toBeNull();
  });
});

describe("children", () => {
  it("see no variable that points at another repository", async () => {
    const repo = await tempRepo();
    const names = (await git(repo.path, "rev-parse", "--local-env-vars")).split("\n");
    const env = Object.fromEntries([...names, "GIT_NAMESPACE", "GIT_CONFIG_KEY_0"].map((name) => [name, "planted"]));
    const seen = gitEnvironment({ ...env, KEPT: "yes", GIT_ASKPASS: "helper" });
    expect(Object.values(seen)).not.toContain("planted");
    expect(seen).toMatchObject({ KEPT: "yes", GIT_ASKPASS: "helper", LC_ALL: "C", GIT_TERMINAL_PROMPT: "0" });
  });

  it("do not see replaced objects", async () => {
    const repo = await tempRepo();
    const store = await open(repo.path);
    const good = await store.writeBlob(Buffer.from("good"));
    const evil = await store.writeBlob(Buffer.from("evil"));
    await repo.git("replace", good, evil);
    const [object] = await store.readObjects([good]);
    expect(object?.kind === "blob" && Buffer.from(object.bytes).toString()).toBe("good");
  });
});

describe("repositories", () => {
  it("of somebody else are refused with the command that trusts them", async () => {
    const repo = await tempRepo();
    const opening = open(repo.path, { GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" });
    await expect(opening).rejects.toMatchObject({
      code: "repository-unsupported",
      hint: expect.stringMatching(/^git config --global --add safe\.directory \//),
    });
  });

  it("that are shared get objects that the group can read", async () => {
    const repo = await tempRepo({ bare: true });
    await repo.git("config", "core.sharedRepository", "group");
    const store = await open(repo.path);
    const id = await store.writeBlob(Buffer.from("shared"));
    const folder = await stat(join(repo.path, "objects", id.slice(0, 2)));
    expect(folder.mode & 0o070).toBe(0o070);
    await expect(store.writeTree([{ name: "x", mode: "100644", id }])).resolves.toMatch(/^[0-9a-f]{40}$/);
    await repo.fsck();
  });

  it("never hand out an object for the beginning of its name", async () => {
    const repo = await tempRepo({ objectFormat: "sha256" });
    const tip = await repo.commit("first");
    const store = await open(repo.path);
    expect(await store.readObjects([checkedId(tip.slice(0, 40)), tip])).toMatchObject([null, { kind: "commit" }]);
  });

  it("apply insteadOf to the addresses of remotes", async () => {
    const repo = await tempRepo();
    await repo.git("remote", "add", "origin", "gh:acme/models");
    await repo.git("config", "url.https://example.org/.insteadOf", "gh:");
    expect(await (await open(repo.path)).remotes()).toEqual([
      { name: "origin", url: "https://example.org/acme/models" },
    ]);
  });
});

describe("reading", () => {
  it("takes many objects in one go, with absent and large ones among them", async () => {
    const repo = await tempRepo();
    const store = await open(repo.path);
    const ids = await Promise.all(Array.from({ length: 300 }, (_, n) => store.writeBlob(Buffer.from(`${n}`))));
    const large = await store.writeBlob(Buffer.alloc(3_000_000, 1));
    const absent = checkedId("0123456789".repeat(4));
    const answers = await store.readObjects([large, ...ids, absent, large, ...ids], { limit: 1000 });
    expect(answers.filter((one) => one?.kind === "blob")).toHaveLength(600);
    expect([answers[0]?.kind, answers[301], answers[302]?.kind]).toEqual(["too-large", null, "too-large"]);
    const texts = answers.slice(303).map((one) => one?.kind === "blob" && Buffer.from(one.bytes).toString());
    expect(texts).toEqual(ids.map((_, n) => `${n}`));
  });

  it("goes on after the child was killed", async () => {
    const repo = await tempRepo();
    const count = join(await tempDir(), "count");
    const real = (await git(repo.path, "--exec-path")) || "/usr/lib/git-core";
    const PATH = await program(
      "git",
      `case "$*" in *"cat-file --batch") echo x >>${count}; test $(wc -l <${count}) -gt 1 || exit 9;; esac\nexec ${real}/git "$@"`,
    );
    const store = await open(repo.path, { PATH: `${PATH}:${process.env.PATH}` });
    const id = await store.writeBlob(Buffer.from("x"));
    expect(await store.readObjects([id])).toMatchObject([{ kind: "blob" }]);
    expect(await readFile(count, "utf8")).toBe("x\nx\n");
  });
});

describe("checking files out", () => {
  it("never goes through a link", async () => {
    const repo = await tempRepo();
    await repo.commit("first", { "a.txt": "a" });
    const outside = await tempDir();
    await symlink(outside, join(repo.path, "linked"));
    await mkdir(join(repo.path, "folder"));
    const store = await open(repo.path);
    const content = Buffer.from("new");
    const id = await store.writeBlob(content);
    await store.checkOutFiles(["linked/x.txt", "folder"].map((path) => ({ path, id, content })));
    await expect(readFile(join(outside, "x.txt"))).rejects.toThrow();
    expect(await repo.git("ls-files")).toBe("a.txt");
  });
});

describe("a server", () => {
  it.each([
    [401, "auth-failed"],
    [403, "auth-failed"],
    [503, "network"],
    [404, "git-failed"],
  ])("that answers %i is %s", async (status, code) => {
    const server = createServer((_, response) => {
      response.writeHead(status, status === 401 ? { "www-authenticate": "Basic" } : {}).end("<html>");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const repo = await tempRepo();
    const userinfo = ["user", "pass"].join(":");
    await repo.git("remote", "add", "origin", `http://${status === 401 ? "" : `${userinfo}@`}127.0.0.1:${port}/a.git`);
    const store = await open(repo.path);
    const failure = store.listRemote("origin");
    await expect(failure).rejects.toMatchObject({ code, retryable: code === "network" });
    await expect(failure).rejects.not.toThrow(/pass@|user:/);
  });

  it("that is not there is network", async () => {
    const repo = await tempRepo();
    await repo.git("remote", "add", "origin", "http://127.0.0.1:1/a.git");
    const store = await open(repo.path);
    await expect(store.listRemote("origin")).rejects.toMatchObject({ code: "network", retryable: true });
  });
});
