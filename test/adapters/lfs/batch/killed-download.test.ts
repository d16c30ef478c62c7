import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { openLocalStore } from "../../../../src/adapters/lfs/local-store.ts";
import type { Pointer } from "../../../../src/domain/artifact/pointer.ts";
import { startLfsServer } from "../../../support/lfs-server/lfs-server.ts";
import { tempDir } from "../../../support/temp-repo.ts";
import { bytesOf } from "./batch-support.ts";

const MIB = 1024 * 1024;
const CONTENT = bytesOf(6 * MIB);
let script = "";

beforeAll(async () => {
  script = join(await tempDir(), "downloading-process.mjs");
  buildSync({
    entryPoints: [join(import.meta.dirname, "downloading-process.ts")],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    define: { GIT_MODEL_VERSION: '"0"' },
    logLevel: "error",
  });
});

/** A server that stops for ever, the first time, when so many bytes went out. */
async function stoppingServer(after: number) {
  const server = await startLfsServer({
    behaviour: {
      object: async ({ turn, response, objects, oid, honest }) => {
        if (turn > 1) return honest();
        const bytes = await objects.read(oid);
        response.writeHead(200, { "content-length": bytes.length });
        response.write(bytes.subarray(0, after));
      },
    },
  });
  const { oid, size } = await server.objects.put(CONTENT);
  return { server, pointer: { sha256: oid as Pointer["sha256"], size } };
}

function download(endpoint: string, storage: string, { sha256, size }: Pointer): ChildProcess {
  const args = [script, endpoint, storage, sha256, String(size)];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
}

/** Downloads until some of the object is on the disk, and then no more; answers how much of it that is. */
async function killedDownload(endpoint: string, storage: string, pointer: Pointer): Promise<number> {
  const child = download(endpoint, storage, pointer);
  const part = join(storage, "incomplete", `${pointer.sha256}.part`);
  const size = () =>
    stat(part).then(
      (stats) => stats.size,
      () => 0,
    );
  await expect.poll(size, { timeout: 20_000 }).toBeGreaterThanOrEqual(MIB);
  child.kill("SIGKILL");
  await once(child, "close");
  return size();
}

describe("a download whose process is killed", () => {
  it("is continued by the next process, which asks only for the rest", async () => {
    const { server, pointer } = await stoppingServer(4 * MIB);
    const storage = join(await tempDir(), "lfs");
    const store = openLocalStore({ commonDir: storage, storage });
    const received = await killedDownload(server.endpoint, storage, pointer);
    expect(await store.check(pointer)).toBe("missing");
    const [code] = await once(download(server.endpoint, storage, pointer), "close");
    expect(code).toBe(0);
    expect(server.to("/object/").map(({ headers }) => headers.range)).toEqual([undefined, `bytes=${received}-`]);
    expect(await store.check(pointer, { hash: true })).toBe("present");
    expect((await readdir(join(storage, "incomplete"))).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("is not believed where somebody wrote into what had arrived", async () => {
    const { server, pointer } = await stoppingServer(4 * MIB);
    const storage = join(await tempDir(), "lfs");
    const store = openLocalStore({ commonDir: storage, storage });
    const received = await killedDownload(server.endpoint, storage, pointer);
    const handle = await open(join(storage, "incomplete", `${pointer.sha256}.part`), "r+");
    await handle.write("damage", 1000);
    await handle.close();
    const [code] = await once(download(server.endpoint, storage, pointer), "close");
    expect(code).toBe(0);
    const ranges = server.to("/object/").map(({ headers }) => headers.range);
    expect(ranges).toEqual([undefined, `bytes=${received}-`, undefined]);
    expect(await store.check(pointer, { hash: true })).toBe("present");
  });
});
