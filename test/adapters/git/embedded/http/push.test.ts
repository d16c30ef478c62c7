import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openEmbeddedGit } from "../../../../../src/adapters/git/embedded/open-embedded-git.ts";
import type { RefEdit } from "../../../../../src/ports/git-store.ts";
import { testHttpClient } from "../../../../support/http-client.ts";
import { isolatedEnvironment } from "../../../../support/run-git.ts";
import { tempRepo } from "../../../../support/temp-repo.ts";
import { type Answer, advertising, band, line, reply, startHostileServer } from "./hostile-git-server.ts";
import { cloneOf, serve } from "./served.ts";

const NEW: Pick<RefEdit, "from"> = { from: null };

describe("pushing over HTTP", () => {
  it("sends what the server lacks and no more, says what it expects there, and the server finds all of it sound", async () => {
    const { remote, url, server } = await serve();
    const { repo, store } = await cloneOf(url);
    const files = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`f/${n}.txt`, `${n}`]));
    const one = await repo.commit("one", files);
    await store.push("origin", [{ ...NEW, ref: "refs/heads/main", to: one }]);
    await remote.fsck();
    const two = await repo.commit("two", { "f/7.txt": "changed" });
    await repo.git("tag", "-a", "v1", "-m", "v");
    const tag = await repo.id("refs/tags/v1");
    const edits: readonly RefEdit[] = [
      { ref: "refs/heads/main", from: one, to: two },
      { ref: "refs/tags/v1", from: null, to: tag },
    ];
    expect((await store.push("origin", edits, { atomic: true })).map(({ status }) => status)).toEqual([
      "pushed",
      "pushed",
    ]);
    const sent = server.received.at(-1)?.body() ?? Buffer.alloc(0);
    expect(sent.toString("latin1")).toContain(`${one} ${two} refs/heads/main`);
    expect(sent.toString("latin1")).toContain(`${"0".repeat(40)} ${tag} refs/tags/v1`);
    // A tag, a commit, two folders and a file.
    expect(sent.readUInt32BE(sent.indexOf("PACK") + 8)).toBe(5);
    await remote.fsck();
    // What it already has is named by a tag there: nothing goes along.
    await store.push("origin", [{ ...NEW, ref: "refs/heads/stage/a", to: two }]);
    const again = server.received.at(-1)?.body() ?? Buffer.alloc(0);
    expect(again.readUInt32BE(again.indexOf("PACK") + 8)).toBe(0);
    expect(await readdir(join(repo.gitDir, "objects/pack"))).toEqual([]);
  });

  it("sends no whole history for an old commit that no ref of the server names", async () => {
    const { remote, url, server } = await serve();
    const { repo, store } = await cloneOf(url);
    for (let n = 0; n < 100; n++) await repo.git("commit", "-q", "--allow-empty", "-m", `${n}`);
    await store.push("origin", [{ ...NEW, ref: "refs/heads/main", to: await repo.id("HEAD") }]);
    await store.push("origin", [{ ...NEW, ref: "refs/heads/old", to: await repo.id("HEAD~1") }]);
    const sent = server.received.at(-1)?.body() ?? Buffer.alloc(0);
    expect(sent.readUInt32BE(sent.indexOf("PACK") + 8)).toBeLessThan(70);
    await remote.fsck();
  });

  it("tells a lost race of two pushes from a refusal, and shows neither colours nor passwords of the server", async () => {
    const { remote, url } = await serve();
    const { repo, store } = await cloneOf(url);
    const one = await repo.commit("one");
    const two = await repo.commit("two");
    await repo.git("push", "-q", remote.path, `${two}:refs/heads/kept`);
    await mkdir(join(remote.path, "hooks"), { recursive: true });
    const hook = join(remote.path, "hooks/pre-receive");
    const race = `unset GIT_QUARANTINE_PATH; exec git update-ref refs/heads/raced ${one}`;
    await writeFile(hook, `#!/bin/sh\n${race}\n`);
    await chmod(hook, 0o755);
    const [late] = await store.push("origin", [{ ...NEW, ref: "refs/heads/raced", to: two }]);
    expect(late).toMatchObject({ status: "stale" });
    await writeFile(hook, "#!/bin/sh\necho 'stages move by review' >&2\nexit 1\n");
    const [refused] = await store.push("origin", [{ ...NEW, ref: "refs/heads/x", to: two }]);
    expect(refused).toMatchObject({ status: "refused", reason: "pre-receive hook declined" });
    await remote.fsck();
  });

  it("moves several refs together or not at all", async () => {
    const { remote, url, server } = await serve();
    const { repo, store } = await cloneOf(url);
    const one = await repo.commit("one");
    await mkdir(join(remote.path, "hooks"), { recursive: true });
    const hook = join(remote.path, "hooks/update");
    await writeFile(hook, '#!/bin/sh\ntest "$1" != refs/heads/guarded\n');
    await chmod(hook, 0o755);
    const edits = ["refs/heads/a", "refs/heads/guarded", "refs/tags/t"].map(
      (ref): RefEdit => ({ ref: ref as RefEdit["ref"], from: null, to: one }),
    );
    expect(await store.push("origin", edits, { atomic: true })).toMatchObject([
      { status: "refused" },
      { status: "refused", reason: "hook declined" },
      { status: "refused" },
    ]);
    expect(await remote.git("for-each-ref")).toBe("");
    await remote.git("config", "receive.advertiseAtomic", "false");
    const together = store.push("origin", edits, { atomic: true });
    await expect(together).rejects.toMatchObject({ code: "git-failed", message: expect.stringContaining("together") });
    expect(server.requests.at(-1)).toBe("GET /a.git/info/refs?service=git-receive-pack");
    const single = await store.push("origin", edits);
    expect(single.map(({ status }) => status)).toEqual(["pushed", "refused", "pushed"]);
    const [alone] = await store.push("origin", [{ ...NEW, ref: "refs/heads/b", to: one }], { atomic: true });
    expect(alone).toMatchObject({ status: "pushed" });
  });

  it("deletes without sending a pack, unless the server forbids it", async () => {
    const { remote, url, server } = await serve();
    const { repo, store } = await cloneOf(url);
    const one = await repo.commit("one");
    for (const name of ["a", "b"]) await repo.git("push", "-q", remote.path, `${one}:refs/heads/${name}`);
    expect(await store.push("origin", [{ ref: "refs/heads/a", from: one, to: null }])).toMatchObject([
      { status: "pushed" },
    ]);
    expect(server.received.at(-1)?.body().includes("PACK")).toBe(false);
    await remote.git("config", "receive.denyDeletes", "true");
    const [denied] = await store.push("origin", [{ ref: "refs/heads/b", from: one, to: null }]);
    expect(denied).toMatchObject({ status: "refused", reason: "deletion prohibited" });
    expect(await remote.id("refs/heads/b")).toBe(one);
  });

  it("uses the login of the address, and never shows it", async () => {
    const { remote, server } = await serve(["ada", "secret"].join(":"));
    const host = server.origin.replace("http://", "");
    const { repo, store } = await cloneOf(`http://${["ada", "secret"].join(":")}@${host}/a.git`);
    const one = await repo.commit("one");
    expect(await store.push("origin", [{ ...NEW, ref: "refs/heads/x", to: one }])).toMatchObject([
      { status: "pushed" },
    ]);
    expect(await remote.id("refs/heads/x")).toBe(one);
    await repo.git("remote", "set-url", "origin", `http://${["ada", "wrong"].join(":")}@${host}/a.git`);
    const refused = storeOf(repo.path).then((other) =>
      other.push("origin", [{ ...NEW, ref: "refs/heads/y", to: one }]),
    );
    await expect(refused).rejects.toMatchObject({
      code: "auth-failed",
      message: expect.not.stringMatching(/wrong|ada/),
    });
  });

  it("goes where pushurl and pushInsteadOf say", async () => {
    const { remote, url } = await serve();
    const { repo } = await cloneOf("http://127.0.0.1:1/read-only.git");
    const one = await repo.commit("one");
    await repo.git("config", `url.${url}.pushInsteadOf`, "http://127.0.0.1:1/read-only.git");
    const [first] = await (await storeOf(repo.path)).push("origin", [{ ...NEW, ref: "refs/heads/x", to: one }]);
    expect(first).toMatchObject({ status: "pushed" });
    await repo.git("config", "--remove-section", `url.${url}`);
    await repo.git("config", "remote.origin.pushurl", url);
    const [second] = await (await storeOf(repo.path)).push("origin", [{ ...NEW, ref: "refs/heads/y", to: one }]);
    expect(second).toMatchObject({ status: "pushed" });
    expect(await remote.git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/x\nrefs/heads/y");
  });
});

const CAPABILITIES = "report-status side-band-64k delete-refs atomic object-format=sha1";
const RESULT = "application/x-git-receive-pack-result";
const empty = (capabilities = CAPABILITIES): Answer =>
  advertising(
    `${line("# service=git-receive-pack\n")}0000${line(`${"0".repeat(40)} capabilities^{}\0${capabilities}\n`)}0000`,
    "application/x-git-receive-pack",
  );
const reporting =
  (...lines: readonly string[]): Answer =>
  (response) => {
    const inner = Buffer.from(`${lines.map((each) => line(`${each}\n`)).join("")}0000`, "latin1");
    reply(
      response,
      RESULT,
      Buffer.concat([band(2, Buffer.from("\u001b[31mhello")), band(1, inner), Buffer.from("0000")]),
    );
  };

describe("a server that says what became of a push", () => {
  it.each<[string, Answer, object]>([
    [
      "nothing of our ref",
      reporting("unpack ok"),
      { status: "refused", reason: expect.stringContaining("does not say") },
    ],
    ["another ref alone", reporting("unpack ok", "ok refs/heads/other"), { status: "refused" }],
    [
      "that it could not unpack",
      reporting("unpack index-pack abnormal exit", "ng refs/heads/x unpacker error"),
      { status: "refused", reason: expect.stringContaining("index-pack abnormal exit") },
    ],
    [
      "a reason with colours",
      reporting("unpack ok", "ng refs/heads/x \u001b[31mno\u202e http://a:secret@b/"),
      { status: "refused", reason: "[31mno  http://b/" },
    ],
    ["no reason", reporting("unpack ok", "ng refs/heads/x"), { status: "refused", reason: "the server refused it" }],
    ["that it moved", reporting("unpack ok", "ok refs/heads/x"), { status: "pushed" }],
  ])("%s", async (_, receivePack, expected) => {
    const { push } = await pusher({ advertisement: empty(), receivePack });
    expect(await push()).toMatchObject([expected]);
  });

  it.each<[string, Answer, Answer, string]>([
    ["HTML", empty(), (response) => reply(response, "text/html", "<html>"), "git-failed"],
    ["nothing", empty(), (response) => reply(response, RESULT, ""), "network"],
    ["something else", empty(), reporting("hello"), "git-failed"],
    [
      "half of it",
      empty(),
      (response) => reply(response, RESULT, band(1, Buffer.from(line("unpack ok\n")))),
      "network",
    ],
    ["413", empty(), (response) => void response.writeHead(413).end(), "git-failed"],
    ["503", empty(), (response) => void response.writeHead(503).end(), "network"],
    ["that it never says", empty("delete-refs"), reporting("unpack ok"), "git-failed"],
    [
      "that it names objects otherwise",
      empty(`${CAPABILITIES.replace("sha1", "sha256")}`),
      reporting(),
      "repository-unsupported",
    ],
  ])("by %s is no success", async (_, advertisement, receivePack, code) => {
    const { push, repo } = await pusher({ advertisement, receivePack });
    await expect(push()).rejects.toMatchObject({ name: "RegistryError", code });
    expect(await readdir(join(repo.gitDir, "objects/pack"))).toEqual([]);
    expect(await repo.git("for-each-ref", "refs/remotes")).toBe("");
  });
});

async function pusher(behaviour: Parameters<typeof startHostileServer>[0]) {
  const { url } = await startHostileServer(behaviour);
  const repo = await tempRepo();
  await repo.git("remote", "add", "origin", url);
  const to = await repo.commit("one");
  const store = await storeOf(repo.path);
  return { repo, push: () => store.push("origin", [{ ref: "refs/heads/x", from: null, to }]) };
}

async function storeOf(directory: string) {
  const store = await openEmbeddedGit({
    directory,
    env: isolatedEnvironment(),
    http: (config) => testHttpClient(config),
  });
  onTestFinished(() => store.close());
  return store;
}
