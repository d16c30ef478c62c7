/**
 * One process of a fleet. Its only argument is JSON, see `Order`. It says `pulled <path>` after each pull and `read <n>`
 * when it has read for as long as it was told; bytes of another version than the one it was handed end it with an error.
 */
import { createHash } from "node:crypto";
import { appendFileSync, createReadStream } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { openModelCache } from "../../../src/adapters/cache/model-cache.ts";
import type { Materialisation, ObjectSource } from "../../../src/ports/model-cache.ts";

export interface Order {
  readonly cache: string;
  /** Folder of the objects, by digest, that stands for a server. */
  readonly served: string;
  /** Where each transfer is written, a line each: digest and first byte. */
  readonly log: string;
  readonly versions: readonly (Omit<Materialisation, "manifest" | "card"> & { readonly manifest: string })[];
  readonly limit?: number;
  /** Pulled to, one after the other in turn, so many times. */
  readonly link?: string;
  readonly turns?: number;
  /** Reads each version that it was handed, or what the link shows, as long as stdin is open. */
  readonly reads?: boolean;
  /** Objects arrive in pieces that can be continued. */
  readonly resumes?: boolean;
  /** After so many transfers have begun, waits for stdin to close before it goes on. */
  readonly pausesAfter?: number;
  /** Says at its end how much it has read, as Linux counts it. */
  readonly counts?: boolean;
  /** Waits for stdin to close before it ends. */
  readonly stays?: boolean;
}

const order = JSON.parse(process.argv[2] ?? "") as Order;
const cache = openModelCache({ directory: order.cache, limit: async () => order.limit ?? null });
const versions = order.versions.map(
  (one): Materialisation => ({ ...one, manifest: Buffer.from(one.manifest), card: null }),
);
const closed = new Promise<void>((resolve) => process.stdin.on("close", resolve).resume());
const state = { isClosed: false };
void closed.then(() => {
  state.isClosed = true;
});

let begun = 0;
const begin = async (line: string): Promise<void> => {
  appendFileSync(order.log, `${line}\n`);
  begun += 1;
  if (begun === order.pausesAfter) await closed;
};

const source: ObjectSource = {
  locate: async () => null,
  reportCorrupt: async () => undefined,
  async fetch(pointers, sink) {
    for (const pointer of pointers) {
      const from = join(order.served, pointer.sha256);
      if (order.resumes !== true) {
        await begin(`${pointer.sha256} 0`);
        await sink.receive(pointer, createReadStream(from));
        continue;
      }
      const arrival = await sink.resume(pointer);
      if (arrival === null) continue;
      await begin(`${pointer.sha256} ${arrival.received}`);
      await arrival.append(createReadStream(from, { start: arrival.received, highWaterMark: 16_384 }));
      await arrival.complete();
    }
  },
};

const turns = order.turns ?? versions.length;
for (let turn = 0; turn < turns; turn += 1) {
  const version = versions[turn % versions.length];
  if (version === undefined) break;
  const { path } = await cache.materialise(version, source, { verify: false });
  if (order.link !== undefined) await cache.link(path, order.link);
  process.stdout.write(`pulled ${path}\n`);
  if (order.reads === true && order.link === undefined) await readWhole(path);
}
if (order.reads === true) {
  let reads = 0;
  for (; !state.isClosed; reads += 1) {
    if (order.link !== undefined) await readWhole(await realpath(order.link));
    else for (const version of versions) await readWhole(join(order.cache, "versions", version.tree));
    if (reads === 0) process.stdout.write("reads\n");
  }
  process.stdout.write(`read ${reads}\n`);
}
if (order.stays === true) await closed;
if (order.counts === true) process.stdout.write(`${await readFile("/proc/self/io", "utf8")}`);

async function readWhole(directory: string): Promise<void> {
  const version = versions.find(({ tree }) => directory.endsWith(tree));
  if (version === undefined) throw new Error(`${directory} is no version`);
  for (const { path, sha256 } of version.artifacts) {
    const found = createHash("sha256")
      .update(await readFile(join(directory, path)))
      .digest("hex");
    if (found !== sha256) throw new Error(`${path} of ${directory} has the bytes of another version`);
  }
}
