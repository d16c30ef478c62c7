import { describe, expect, it } from "vitest";
import { findEndpoint, lfsOrigins } from "../../../src/adapters/lfs/endpoint.ts";
import { runProcess } from "../../../src/adapters/system/processes.ts";
import { RegistryError } from "../../../src/errors.ts";
import { startLfsServer } from "../../support/lfs-server/lfs-server.ts";
import { describeWith } from "../../support/oracles.ts";
import { isolatedEnvironment } from "../../support/run-git.ts";
import { tempRepo } from "../../support/temp-repo.ts";
import { openSide } from "./batch/batch-support.ts";
import { failure, pointerTo } from "./objects.ts";

function found(
  url: string,
  config: Readonly<Record<string, string>> = {},
  operation: "upload" | "download" = "download",
) {
  const entries = Object.entries(config).map(([key, value]) => ({ key, value }));
  return findEndpoint(operation, { remoteName: "origin", url, config: entries });
}

const HTTP: readonly (readonly [string, string])[] = [
  ["https://h/p", "https://h/p.git/info/lfs"],
  ["https://h/p.git", "https://h/p.git/info/lfs"],
  ["https://h/p/", "https://h/p.git/info/lfs"],
  ["https://h/p.git/", "https://h/p.git/info/lfs"],
  ["https://ada:secret@h/p", "https://ada:secret@h/p.git/info/lfs"],
  ["https://h:8443/a/b", "https://h:8443/a/b.git/info/lfs"],
  ["http://h/p", "http://h/p.git/info/lfs"],
  ["git://h/p", "https://h/p.git/info/lfs"],
  ["git://h/p.git", "https://h/p.git/info/lfs"],
];

const SSH: readonly (readonly [string, string, string | null, string])[] = [
  ["ssh://ada@h:2222/p", "ada@h", "2222", "/p"],
  ["ssh://ada@h/p.git", "ada@h", null, "/p.git"],
  ["ssh://h/p/", "h", null, "/p/"],
  ["git+ssh://ada@h/p", "ada@h", null, "/p"],
  ["ssh://ada@h/~/p", "ada@h", null, "/~/p"],
  ["ada@h:p", "ada@h", null, "p"],
  ["ada@h:p.git", "ada@h", null, "p.git"],
  ["h:p", "h", null, "p"],
];

describe("an LFS endpoint that nobody configured", () => {
  it.each(HTTP)("of %s is %s", (url, expected) => {
    expect(found(url)).toEqual({ kind: "http", url: expected });
  });

  it("stays on its host where the repository has no path, and keeps a query", () => {
    expect(found("https://h")).toEqual({ kind: "http", url: "https://h/.git/info/lfs" });
    expect(found("https://h/p?a=b")).toEqual({ kind: "http", url: "https://h/p.git/info/lfs?a=b" });
  });

  it.each(SSH)("of %s is asked for at %s, port %s, about %s", (url, userAndHost, port, path) => {
    expect(found(url)).toEqual({ kind: "ssh", userAndHost, port, path, fallback: expect.any(String) });
  });

  it.each([
    ["ada@h:/srv/p.git", "https://h/srv/p.git/info/lfs"],
    ["ssh://ada@h:2222/p", "https://h/p.git/info/lfs"],
    ["ssh://ada@[::1]:2222/p", "https://[::1]/p.git/info/lfs"],
    ["ssh://h/a%20b", "https://h/a%20b.git/info/lfs"],
  ])("of %s is guessed to be %s", (url, fallback) => {
    expect(found(url)).toMatchObject({ fallback });
  });

  it.each(["/srv/p.git", "../p", "file:///srv/p.git", "."])("of %s is that directory", (url) => {
    expect(found(url)).toEqual({ kind: "directory", url });
  });

  it.each([
    "ftp://h/p",
    "s3://bucket/p",
    "https://",
    "ext::sh -c touch% /tmp/x",
    "codecommit::eu://p",
    "ssh://-oProxyCommand=touch%20x/p",
    "ssh://-x@h/p",
    "-oProxyCommand=x:p",
    "-x@h:p",
    "h:-p",
    "ssh://h/-p",
    "ssh://h/a%0Ab",
    "ssh://h%20x/p",
    "ssh://h",
  ])("of %s is refused", (url) => {
    expect(() => found(url)).toThrow(RegistryError);
  });

  it("is refused without the login that was in the address", () => {
    try {
      found("ftp://ada:secret@h/p?token=secret");
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "lfs-failed" });
      expect(String(error)).not.toContain("secret");
    }
  });
});

describe("an LFS endpoint that is configured", () => {
  const remote = "https://h/p";

  it("is taken as it is, lfs.url before the remote's", () => {
    expect(found(remote, { "lfs.url": "https://lfs/x/" })).toEqual({ kind: "http", url: "https://lfs/x" });
    expect(found(remote, { "remote.origin.lfsurl": "https://lfs/y" })).toEqual({ kind: "http", url: "https://lfs/y" });
    expect(found(remote, { "lfs.url": "https://a/", "remote.origin.lfsurl": "https://b" })).toEqual({
      kind: "http",
      url: "https://a",
    });
    expect(found(remote, { "remote.other.lfsurl": "https://b" })).toEqual({
      kind: "http",
      url: "https://h/p.git/info/lfs",
    });
    expect(found(remote, { "lfs.url": "/srv/p" })).toEqual({ kind: "directory", url: "/srv/p" });
    expect(found(remote, { "lfs.url": "ssh://h/p" })).toMatchObject({ kind: "ssh", path: "/p" });
  });

  it("may be another one for uploads", () => {
    const config = { "lfs.pushurl": "https://push/x", "remote.origin.pushurl": "https://git/p" };
    expect(found(remote, { ...config, "lfs.url": "https://lfs/x" }, "upload")).toMatchObject({ url: "https://push/x" });
    expect(found(remote, config, "upload")).toEqual({ kind: "http", url: "https://push/x" });
    expect(found(remote, config)).toEqual({ kind: "http", url: "https://h/p.git/info/lfs" });
    expect(found(remote, { "remote.origin.lfspushurl": "https://push/y" }, "upload")).toMatchObject({
      url: "https://push/y",
    });
    expect(found(remote, { "remote.origin.pushurl": "https://git/p" }, "upload")).toMatchObject({
      url: "https://git/p.git/info/lfs",
    });
  });

  it("follows insteadOf", () => {
    const config = { "url.https://real/.insteadof": "acme:", "lfs.url": "acme:lfs" };
    expect(found(remote, config)).toMatchObject({ url: "https://real/lfs" });
  });
});

describeWith(["git", "git-lfs"], "git-lfs", () => {
  async function saidByGitLfs(url: string): Promise<string> {
    const repo = await tempRepo();
    await repo.git("remote", "add", "origin", url);
    const env = isolatedEnvironment();
    const { stdout } = await runProcess({ command: "git", args: ["lfs", "env"], cwd: repo.path, env });
    return stdout.toString();
  }

  it("goes to the same places", async () => {
    for (const [url, expected] of HTTP) expect(await saidByGitLfs(url)).toContain(`Endpoint=${expected} (`);
    for (const [url, userAndHost, , path] of SSH)
      expect(await saidByGitLfs(url)).toContain(`SSH=${userAndHost}:${path}\n`);
  });
});

describe("a .lfsconfig", () => {
  it("in the working tree, in the index and in a commit opens no socket", async () => {
    const trap = await startLfsServer();
    const honest = await startLfsServer();
    const repo = await tempRepo();
    const lines = ["[lfs]", `\turl = ${trap.endpoint}`, '[remote "origin"]', `\tlfsurl = ${trap.endpoint}`, ""];
    await repo.commit("trap", { ".lfsconfig": lines.join("\n") });
    const { remote, store, ingest } = await openSide(null, {
      url: `${honest.origin}/lfs-of-its-own`,
      base: repo.path,
    });
    const pointer = await ingest("one");
    expect(await failure(remote.missing([pointerTo("x")]))).toMatchObject({ code: "lfs-failed" });
    expect(await failure(remote.upload([pointer]))).toMatchObject({ code: "lfs-failed" });
    expect(await failure(remote.download([pointerTo("y")], store))).toMatchObject({ code: "lfs-failed" });
    expect(trap.connections).toBe(0);
    expect(new Set(honest.requests.map(({ path }) => path))).toEqual(
      new Set(["/lfs-of-its-own.git/info/lfs/objects/batch"]),
    );
  });
});

describe("the origins of a remote's LFS servers", () => {
  it.each([
    ["https://ada:secret@h:8443/p", {}, ["https://h:8443"]],
    ["ssh://git@h:2222/p", {}, ["https://h"]],
    ["git@h:p", { "lfs.url": "http://lfs:8080/api/a/b" }, ["http://lfs:8080"]],
    ["https://h/p", { "lfs.url": "https://down/x", "lfs.pushurl": "https://up/x" }, ["https://down", "https://up"]],
    ["/srv/models.git", {}, []],
    ["https://h/p", { "lfs.url": "ftp://nobody/x" }, []],
  ])("of %s with %j are %j", (url, config, origins) => {
    const entries = Object.entries(config).map(([key, value]) => ({ key, value }));
    expect(lfsOrigins({ remoteName: "origin", url, config: entries })).toEqual(origins);
  });
});
