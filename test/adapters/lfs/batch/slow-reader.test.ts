import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import type { Pointer } from "../../../../src/domain/artifact/pointer.ts";
import { bytesOf, openSide } from "./batch-support.ts";

it("gets every byte as it was, though the memory that carried it is used again", async () => {
  const server = await startSlowReader();
  const { remote, ingest } = await openSide(server.endpoint);
  const pointer = await ingest(bytesOf(12 * 1024 * 1024 + 7));
  await remote.upload([pointer]);
  expect(server.received).toEqual([pointer]);
});

/** An LFS server that takes what is sent to it in its own time, and says what it got. */
async function startSlowReader() {
  const received: Pointer[] = [];
  const server = createServer(async (request, response) => {
    if (request.method === "PUT") {
      received.push(await readSlowly(request));
      response.end();
      return;
    }
    const { operation, objects } = JSON.parse((await readAll(request)).toString()) as {
      readonly operation: string;
      readonly objects: readonly { readonly oid: string; readonly size: number }[];
    };
    const isThere = (oid: string) => received.some(({ sha256 }) => sha256 === oid);
    const href = `http://${request.headers.host}/object`;
    const answers = objects.map(({ oid, size }) => {
      const actions = isThere(oid) === (operation === "download") ? { [operation]: { href } } : {};
      return { oid, size, actions };
    });
    response.end(JSON.stringify({ transfer: "basic", objects: answers }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { endpoint: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`, received };
}

async function readSlowly(request: IncomingMessage): Promise<Pointer> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    for (let turns = 0; turns < 3; turns += 1) await turn();
    hash.update(chunk);
    size += chunk.length;
  }
  return { sha256: hash.digest("hex") as Pointer["sha256"], size };
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
