import { expect, it } from "vitest";
import { systemClock } from "../../../../src/adapters/system/clock.ts";
import type { Pointer } from "../../../../src/domain/artifact/pointer.ts";
import { startLfsServer } from "../../../support/lfs-server/lfs-server.ts";
import { failure } from "../objects.ts";
import { openSide } from "./batch-support.ts";

it("a storm of 503 is waited out by the real clock, and given up within a minute when it does not end", async () => {
  let until = Date.now() + 3000;
  const server = await startLfsServer({
    behaviour: {
      object: ({ response, honest }) => (Date.now() < until ? void response.writeHead(503).end() : honest()),
    },
  });
  const pointers: Pointer[] = [];
  for (let index = 0; index < 30; index += 1) {
    const { oid, size } = await server.objects.put(`object ${index}`);
    pointers.push({ sha256: oid as Pointer["sha256"], size });
  }
  const { remote, store } = await openSide(server.endpoint, { clock: systemClock });
  await remote.download(pointers, store);
  until = Date.now() + 1e9;
  const begin = Date.now();
  const other = await openSide(server.endpoint, { clock: systemClock });
  expect(await failure(other.remote.download(pointers, other.store))).toMatchObject({ code: "network" });
  expect(Date.now() - begin).toBeLessThan(60_000);
});
