/** Lets one object arrive from a file that stands for a server. Arguments: storage, file, sha256, size. Prints what it asks for. */
import { createReadStream } from "node:fs";
import { openLocalStore } from "../../../src/adapters/lfs/local-store.ts";
import type { Sha256 } from "../../../src/domain/artifact/digest.ts";

const [, , storage = "", file = "", sha256 = "", size = "0"] = process.argv;
const store = openLocalStore({ commonDir: storage, storage, durableDownloads: false });
const arrival = await store.resume({ sha256: sha256 as Sha256, size: Number(size) });
process.stdout.write(arrival === null ? "there\n" : `from ${arrival.received}\n`);
if (arrival !== null) {
  await arrival.append(served(arrival.received));
  await arrival.complete();
}
process.stdout.write("done\n");

async function* served(start: number) {
  for await (const chunk of createReadStream(file, { start, highWaterMark: 64 * 1024 })) {
    process.stdout.write(".");
    yield chunk as Uint8Array;
  }
}
