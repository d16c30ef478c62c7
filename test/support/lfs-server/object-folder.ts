import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { onTestFinished } from "vitest";

/** The objects of a test's LFS server, as files. */
export interface ObjectFolder {
  put(bytes: Uint8Array | string): Promise<{ readonly oid: string; readonly size: number }>;
  /** Bytes under a digest that need not be theirs. */
  plant(oid: string, bytes: Uint8Array | string): Promise<void>;
  remove(oid: string): Promise<void>;
  sizeOf(oid: string): Promise<number | null>;
  read(oid: string): Promise<Buffer>;
  /** An honest PUT: 200 for exactly the object's bytes, 422 for others. */
  take(oid: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** An honest GET, with ranges. */
  give(oid: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export async function openObjectFolder(given?: string): Promise<ObjectFolder> {
  const directory = given ?? (await newFolder());
  const pathOf = (oid: string) => join(directory, oid);
  const sizeOf = async (oid: string) =>
    stat(pathOf(oid)).then(
      ({ size }) => size,
      () => null,
    );
  let uploads = 0;
  return {
    sizeOf,
    read: (oid) => readFile(pathOf(oid)),
    plant: (oid, bytes) => writeFile(pathOf(oid), bytes),
    remove: (oid) => rm(pathOf(oid), { force: true }),
    async put(bytes) {
      const content = Buffer.from(bytes);
      const oid = createHash("sha256").update(content).digest("hex");
      await writeFile(pathOf(oid), content);
      return { oid, size: content.length };
    },
    async take(oid, request, response) {
      const hash = createHash("sha256");
      uploads += 1;
      const temporary = join(directory, `upload-${uploads}`);
      request.on("data", (chunk: Buffer) => hash.update(chunk));
      await pipeline(request, createWriteStream(temporary));
      const isRight = hash.digest("hex") === oid;
      if (isRight) await rename(temporary, pathOf(oid));
      else await rm(temporary);
      response.writeHead(isRight ? 200 : 422).end();
    },
    async give(oid, request, response) {
      const size = await sizeOf(oid);
      if (size === null) {
        response.writeHead(404).end();
        return;
      }
      const etag = `"${oid}"`;
      const [, first] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
      const isCurrent = request.headers["if-range"] === undefined || request.headers["if-range"] === etag;
      const start = first === undefined || !isCurrent ? 0 : Number(first);
      if (start >= size && start > 0) {
        response.writeHead(416, { "content-range": `bytes */${size}` }).end();
        return;
      }
      const range = start > 0 ? { "content-range": `bytes ${start}-${size - 1}/${size}` } : {};
      response.writeHead(start > 0 ? 206 : 200, { "content-length": String(size - start), etag, ...range });
      await pipeline(createReadStream(pathOf(oid), { start }), response);
    },
  };
}

async function newFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "git-model-lfs-server-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
