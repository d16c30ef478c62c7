import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect, createServer as createSocketServer, type Server } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { openNativeGit } from "../../../../src/adapters/git/native/open-native-git.ts";
import { remoteAccess } from "../../../../src/adapters/git/native/remote-access.ts";
import { startGitHttpServer } from "../../../support/git-http-server.ts";
import { isolatedEnvironment } from "../../../support/run-git.ts";
import { tempDir, tempRepo } from "../../../support/temp-repo.ts";

async function open(url: string, config: Readonly<Record<string, string>> = {}, env: NodeJS.ProcessEnv = {}) {
  const repo = await tempRepo();
  await repo.git("remote", "add", "origin", url);
  for (const [key, value] of Object.entries(config)) await repo.git("config", key, value);
  const store = await openNativeGit({ directory: repo.path, env: isolatedEnvironment(env) });
  onTestFinished(() => store.close());
  return store;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const notFound: RequestListener = (_, response) => void response.writeHead(404).end();
const bounds = (config: readonly string[]) => config.filter((each) => each.startsWith("http.lowSpeed"));

describe("waiting for a remote", () => {
  it("has an end, a later one for pushes, unless the user chose it", () => {
    const known = { env: {}, configured: () => false, credentials: [] };
    expect(bounds(remoteAccess(known, false).config)).toEqual(["http.lowSpeedLimit=1", "http.lowSpeedTime=30"]);
    expect(bounds(remoteAccess(known, true).config)).toEqual(["http.lowSpeedLimit=1", "http.lowSpeedTime=120"]);
    const chosen = { ...known, configured: (key: string) => key === "http.lowspeedtime" };
    expect(bounds(remoteAccess(chosen, false).config)).toEqual([]);
  });

  it("ends where nothing comes any more, by the user's own bound", async () => {
    const port = await listen(
      createServer((_, response) => {
        response.writeHead(200, { "content-type": "application/x-git-upload-pack-advertisement" });
        response.write("001e# service=git-upload-pack\n");
      }),
    );
    const bound = { "http.lowSpeedLimit": "1", "http.lowSpeedTime": "1" };
    const store = await open(`http://127.0.0.1:${port}/a.git`, bound);
    await expect(store.listRemote("origin")).rejects.toMatchObject({
      code: "network",
      retryable: true,
      message: expect.stringContaining("too slow"),
    });
  });
});

describe("git's own settings", () => {
  it("for headers go along", async () => {
    const root = await tempDir();
    await tempRepo({ bare: true, path: join(root, "a.git") });
    const server = await startGitHttpServer(root);
    const store = await open(`${server.origin}/a.git`, { "http.extraHeader": "X-Team: risk" });
    expect((await store.listRemote("origin")).refs).toEqual([]);
    expect(server.received.map(({ headers }) => headers["x-team"])).toContain("risk");
  });

  it("for proxies are followed, and a proxy's password is not shown", async () => {
    const asked: string[] = [];
    const port = await listen(
      createServer((request, response) => {
        asked.push(request.url ?? "");
        response.writeHead(request.headers["proxy-authorization"] === undefined ? 407 : 404, {
          "proxy-authenticate": "Basic",
        });
        response.end();
      }),
    );
    const through = (login: string) => ({ http_proxy: `http://${login}127.0.0.1:${port}` });
    const known = await open("http://models.example/a.git", {}, through("bob:hunter2@"));
    await expect(known.listRemote("origin")).rejects.toMatchObject({ code: "git-failed" });
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every((url) => url.startsWith("http://models.example/a.git/"))).toBe(true);
    const unknown = await open("http://models.example/a.git", {}, through(""));
    await expect(unknown.listRemote("origin")).rejects.toMatchObject({ code: "auth-failed" });
    const gone = await open("http://models.example/a.git", {}, { http_proxy: "http://bob:hunter2@127.0.0.1:1" });
    const failure = gone.listRemote("origin");
    await expect(failure).rejects.toMatchObject({ code: "network" });
    await expect(failure).rejects.not.toThrow(/hunter2/);
  });

  it("for certificates decide whom to trust", async () => {
    const directory = await tempDir();
    const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const args = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      ...subject,
      "-keyout",
      key,
      "-out",
      cert,
    ];
    await promisify(execFile)("openssl", args);
    const server = createSecureServer({ key: await readFile(key), cert: await readFile(cert) }, notFound);
    const url = `https://127.0.0.1:${await listen(server)}/a.git`;
    await expect((await open(url)).listRemote("origin")).rejects.toMatchObject({
      code: "network",
      retryable: false,
      hint: expect.stringContaining("sslCAInfo"),
    });
    const trusting = await open(url, { "http.sslCAInfo": cert });
    await expect(trusting.listRemote("origin")).rejects.toMatchObject({ code: "git-failed" });
  });
});

describe("a login in a remote's address", () => {
  it("is used, and neither it nor a refused one is shown", async () => {
    const root = await tempDir();
    await tempRepo({ bare: true, path: join(root, "a.git") });
    const server = await startGitHttpServer(root, ["bob", "hun/ter@2"].join(":"));
    const address = (password: string) => server.origin.replace("//", `//bob:${password}@`);
    const known = await open(`${address("hun%2Fter%402")}/a.git`);
    expect((await known.listRemote("origin")).refs).toEqual([]);
    const wrong = (await open(`${address("letmein")}/a.git`)).listRemote("origin");
    await expect(wrong).rejects.toMatchObject({
      code: "auth-failed",
      hint: expect.stringContaining("GIT_MODEL_TOKEN"),
    });
    await expect(wrong).rejects.not.toThrow(/letmein|bob:/);
  });
});

describe("a server that goes away in the middle", () => {
  it("is network, and can be tried again", async () => {
    const root = await tempDir();
    const remote = await tempRepo({ path: join(root, "a.git") });
    for (let n = 0; n < 20; n += 1) await writeFile(join(remote.path, `file-${n}`), `${n}`.repeat(5000));
    await remote.commit("one");
    await remote.git("config", "core.bare", "true");
    const server = await startGitHttpServer(join(root));
    const target = new URL(server.origin);
    // Cuts each connection after so many bytes of answers.
    const port = await listen(
      createSocketServer((client) => {
        const upstream = connect(Number(target.port), target.hostname);
        let left = 1500;
        client.on("error", () => undefined).pipe(upstream.on("error", () => undefined));
        upstream.on("data", (chunk) => {
          client.write(chunk.subarray(0, left));
          left -= chunk.length;
          if (left <= 0) client.destroy();
        });
      }),
    );
    const store = await open(`http://127.0.0.1:${port}/a.git/.git`);
    const main = { source: "refs/heads/main", target: "refs/remotes/origin/main", force: true } as const;
    await expect(store.fetch("origin", [main])).rejects.toMatchObject({ code: "network", retryable: true });
    expect(await store.readRef("refs/remotes/origin/main")).toBeNull();
  });
});
