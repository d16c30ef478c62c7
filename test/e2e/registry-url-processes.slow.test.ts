import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { startLfsServer, type TestLfsServer } from "../support/lfs-server/lfs-server.ts";
import { ADAPTERS, registryEnvironment } from "../support/registry.ts";
import { tempDir } from "../support/temp-repo.ts";
import { type Made, serve, servedRegistry } from "../support/url-registry.ts";
import { runProgram } from "./contract/run-program.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/git-model.js", import.meta.url));

let made: Made;

beforeAll(async () => {
  made = await servedRegistry();
});

describe("a container with Node and neither git nor git-lfs", () => {
  test("pulls by URL, from an empty directory with an empty cache, Git and LFS behind one address", async () => {
    const lfs = await lfsOf(made);
    const { server } = await serve(made, undefined, frontOf(lfs));
    const home = await tempDir("git-model-container-");
    const place = { cwd: home, environment: { HOME: home, PATH: "/nonexistent" } };
    const url = `${server.origin}/models.git`;
    const run = (...args: readonly string[]) =>
      runProgram(process.execPath, [PROGRAM, ...args, "--registry", url, "--json"], place);
    const pulled = await run("pull", "model-0001@production", "-o", "model");
    expect(pulled).toMatchObject({ exit: 0, stderr: "" });
    expect(JSON.parse(pulled.stdout).models[0]).toMatchObject({ version: "1.4.0", files: [{ source: "lfs" }] });
    expect(await readFile(join(home, "model/model.onnx"), "utf8")).toBe("model-0001 1.4.0\n");
    expect((await readdir(join(home, "model"))).sort()).toEqual(["manifest.yaml", "model.onnx"]);
    expect(lfs.to("/object/").length).toBe(1);
    const listed = await run("list", "model-0001");
    expect(listed).toMatchObject({ exit: 0, stderr: "" });
    expect(JSON.parse(listed.stdout).versions.length).toBe(6);
  });
});

describe.each(ADAPTERS)("with %s Git,", (adapter) => {
  test("eight processes at once with an empty cache all answer, and what one has fetched the others use", async () => {
    const lfs = await lfsOf(made);
    const served = await serve(made, undefined, frontOf(lfs));
    const pullTo = async (output: string, environment: NodeJS.ProcessEnv) => {
      const args = [PROGRAM, "pull", "model-0001@production", "-o", output, "--quiet"];
      const place = { cwd: directory, environment };
      return runProgram(process.execPath, [...args, "--registry", `${served.server.origin}/models.git`], place);
    };
    const directory = await tempDir("git-model-empty-");
    await pullTo("alone", await registryEnvironment(adapter));
    const alone = served.news().length;
    const environment = await registryEnvironment(adapter);
    const names = Array.from({ length: 8 }, (_, index) => `model-${index}`);
    const outcomes = await Promise.all(names.map((name) => pullTo(name, environment)));
    expect(outcomes).toEqual(names.map(() => ({ exit: 0, stdout: expect.any(String), stderr: "" })));
    for (const name of names) {
      expect(await readFile(join(directory, name, "model.onnx"), "utf8")).toBe("model-0001 1.4.0\n");
    }
    // Whoever began after the first had begun to fetch asks for news, and no more.
    expect(served.news().length).toBeLessThan(alone * 5);
    expect(lfs.to("/object/").length).toBe(2);
  });

  test.each([
    ["pull", ["model-0001@production", "-o", "model"]],
    ["list", []],
  ])("a %s that is killed at any request is finished by the next one", async (command, rest) => {
    let victim: ChildProcess | null = null;
    let left = 0;
    const front = frontOf(await lfsOf(made));
    const { server } = await serve(made, undefined, (request, response) => {
      left -= 1;
      if (left === 0) victim?.kill("SIGKILL");
      return front(request, response);
    });
    const environment = await registryEnvironment(adapter);
    const args = [PROGRAM, command, ...rest, "--registry", `${server.origin}/models.git`, "--quiet"];
    let killed = 0;
    for (let at = 1; at <= 12; at++) {
      left = at;
      const own = { ...environment, XDG_CACHE_HOME: await tempDir("git-model-cache-") };
      const cwd = await tempDir("git-model-empty-");
      victim = spawn(process.execPath, args, { cwd, env: own, stdio: "ignore" });
      const [, signal] = await once(victim, "close");
      if (signal === null) break;
      killed += 1;
      victim = null;
      expect(await runProgram(process.execPath, args, { cwd, environment: own })).toMatchObject({
        exit: 0,
        stderr: "",
      });
    }
    expect(killed).toBeGreaterThanOrEqual(3);
  });
});

/** An LFS server that has the registry's bytes. */
async function lfsOf({ repo }: Made): Promise<TestLfsServer> {
  const lfs = await startLfsServer();
  const folder = join(repo.path, "lfs/objects");
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await lfs.objects.put(await readFile(join(entry.parentPath, entry.name)));
  }
  return lfs;
}

/** Answers `<repository>.git/info/lfs/objects/batch` as the LFS server would. */
function frontOf(lfs: TestLfsServer) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.url !== "/models.git/info/lfs/objects/batch") return false;
    void passOn(request, response, `${lfs.endpoint}/objects/batch`);
    return true;
  };
}

async function passOn(request: IncomingMessage, response: ServerResponse, to: string): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = { accept: "application/vnd.git-lfs+json", "content-type": "application/vnd.git-lfs+json" };
  const reply = await fetch(to, { method: "POST", headers, body: Buffer.concat(chunks) });
  response.writeHead(reply.status, { "content-type": headers.accept }).end(Buffer.from(await reply.arrayBuffer()));
}
