import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildSync } from "esbuild";
import { expect, it, onTestFinished } from "vitest";
import { tempDir } from "../../support/temp-repo.ts";

const SIZE = 2 ** 30;
const CHUNK = Buffer.alloc(65_536, 7);

/** Serves and takes SIZE bytes without keeping any. */
async function startSink(): Promise<string> {
  const server = createServer((request, response) => {
    let taken = 0;
    request.on("data", (chunk: Buffer) => {
      taken += chunk.length;
    });
    request.on("end", () => {
      if (request.method === "PUT") {
        response.end(String(taken));
        return;
      }
      response.setHeader("content-length", SIZE);
      let given = 0;
      const give = () => {
        while (given < SIZE) {
          given += CHUNK.length;
          if (!response.write(CHUNK)) return;
        }
        response.end();
      };
      response.on("drain", give);
      give();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

it.each(["GET", "PUT"])("a %s of 1 GiB takes less than 150 MB of memory", async (method) => {
  const folder = await tempDir();
  buildSync({
    entryPoints: [join(import.meta.dirname, "transfer-process.ts")],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    define: { GIT_MODEL_VERSION: '"0.0.0"' },
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  const args = [join(folder, "transfer-process.mjs"), method, await startSink(), String(SIZE)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const [bytes, peak] = stdout.trim().split(" ").map(Number);
  expect(bytes).toBe(SIZE);
  expect(peak).toBeLessThan(150);
});
