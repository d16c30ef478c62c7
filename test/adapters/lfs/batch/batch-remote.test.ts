import { rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { Pointer } from "../../../../src/domain/artifact/pointer.ts";
import { EMPTY_SHA256 } from "../../../../src/domain/artifact/pointer.ts";
import { startLfsServer } from "../../../support/lfs-server/lfs-server.ts";
import { failure, flipByte, pointerTo } from "../objects.ts";
import { bytesOf, openSide } from "./batch-support.ts";

const MIB = 1024 * 1024;
const LARGE = bytesOf(3 * MIB + 5);

describe("a server by the batch API", () => {
  it.each([
    ["of one byte", 1],
    ["that is held whole", 128 * 1024],
    ["that is just not", 128 * 1024 + 1],
    ["that is received whole", MIB - 1],
    ["that arrives in pieces", MIB],
  ])("takes and gives an object %s", async (_, size) => {
    const server = await startLfsServer();
    const { remote, ingest } = await openSide(server.endpoint);
    const pointer = await ingest(bytesOf(size));
    let sent = 0;
    await remote.upload([pointer], (bytes) => (sent += bytes));
    const reader = await openSide(server.endpoint);
    await reader.remote.download([pointer], reader.store);
    expect(await reader.store.check(pointer, { hash: true })).toBe("present");
    expect(sent).toBe(size);
  });

  it("takes what it lacks, answers what was sent, and gives it back", async () => {
    const server = await startLfsServer();
    const { remote, ingest } = await openSide(server.endpoint);
    const [small, large, empty] = [await ingest("one"), await ingest(LARGE), await ingest("")];
    expect(await remote.missing([small, large, small, empty])).toEqual([small, large]);
    expect(await remote.upload([small])).toEqual([small]);
    let bytes = 0;
    expect(await remote.upload([small, large, large, empty], (more) => (bytes += more))).toEqual([large]);
    expect(bytes).toBe(large.size);
    expect(await remote.missing([small, large])).toEqual([]);
    const reader = await openSide(server.endpoint);
    let arrived = 0;
    await reader.remote.download([small, large, empty], reader.store, (more) => (arrived += more));
    expect(arrived).toBe(small.size + large.size);
    expect(await reader.store.check(small, { hash: true })).toBe("present");
    expect(await reader.store.check(large, { hash: true })).toBe("present");
    const before = server.requests.length;
    await reader.remote.download([small, large], reader.store);
    expect(server.requests.length).toBe(before);
  });

  it("sends exactly what the protocol wants", async () => {
    const server = await startLfsServer();
    const { remote, ingest } = await openSide(server.endpoint);
    const pointer = await ingest("one");
    await remote.upload([pointer]);
    const [batch, put, verify, confirmation] = server.requests;
    const media = "application/vnd.git-lfs+json";
    const object = { oid: pointer.sha256, size: 3 };
    expect(batch?.headers).toMatchObject({ accept: media, "content-type": media });
    const common = { transfers: ["basic"], objects: [object], hash_algo: "sha256" };
    expect(batch?.json).toEqual({ operation: "upload", ...common });
    expect(put).toMatchObject({ method: "PUT", headers: { "content-length": "3" } });
    expect(put?.headers["transfer-encoding"]).toBeUndefined();
    expect(verify).toMatchObject({ path: "/verify", json: object, headers: { accept: media, "content-type": media } });
    expect(confirmation?.json).toEqual({ operation: "download", ...common });
  });

  it("asks about a hundred objects at a time, and downloads nothing to know what is missing", async () => {
    const server = await startLfsServer();
    const { remote } = await openSide(server.endpoint);
    const pointers = Array.from({ length: 250 }, (_, index) => pointerTo(`object ${index}`));
    for (const index of [0, 120, 249]) await server.objects.put(`object ${index}`);
    const missing = await remote.missing(pointers);
    expect(missing).toEqual(pointers.filter((_, index) => ![0, 120, 249].includes(index)));
    expect(server.requests.map(({ path }) => path)).toEqual(Array(3).fill("/lfs/objects/batch"));
    const sizes = server.requests.map(({ json }) => (json as { readonly objects: readonly unknown[] }).objects.length);
    expect(sizes.sort()).toEqual([100, 100, 50]);
  });

  it("names all that the server lacks, of every batch, and stops bringing the others", async () => {
    const server = await startLfsServer();
    const reader = await openSide(server.endpoint, { config: [{ key: "lfs.concurrenttransfers", value: "1" }] });
    const pointers: Pointer[] = [];
    for (let index = 0; index < 230; index += 1) {
      const content = `object ${String(index).padStart(4, "0")}`;
      pointers.push(pointerTo(content));
      if (index !== 3 && index !== 225) await server.objects.put(content);
    }
    const error = await failure(reader.remote.download(pointers, reader.store));
    expect(error.code).toBe("lfs-missing");
    expect(error.message).toContain("2 objects");
    for (const index of [3, 225]) expect(error.message).toContain(pointers[index]?.sha256);
    expect(server.to("/object/")).toHaveLength(3);
  });

  it("names all that the local store lacks before it sends any more, and leaves alone what nobody wants", async () => {
    const server = await startLfsServer();
    const { remote, store, ingest } = await openSide(server.endpoint);
    const [here, there, gone, other] = [
      await ingest("1"),
      await ingest("22"),
      await ingest("333"),
      await ingest("4444"),
    ];
    await server.objects.put("22");
    for (const { sha256 } of [there, gone, other]) await rm(store.pathOf(sha256));
    const error = await failure(remote.upload([here, there, gone, other]));
    expect(error).toMatchObject({ code: "lfs-missing" });
    expect(error.message).toContain(gone.sha256);
    expect(error.message).toContain(other.sha256);
    expect(error.message).not.toContain(there.sha256);
  });

  it("treats a pointer with another size as another object", async () => {
    const server = await startLfsServer();
    const { remote } = await openSide(server.endpoint);
    await server.objects.put("one");
    const pointer = pointerTo("one");
    const liar = { ...pointer, size: 99 };
    expect(await remote.missing([pointer, liar])).toEqual([liar]);
    expect(await remote.missing([{ sha256: EMPTY_SHA256, size: 0 }])).toEqual([]);
  });

  it("is not satisfied by an upload that the server forgets", async () => {
    const server = await startLfsServer({
      behaviour: { object: ({ request, response }) => void request.resume().on("end", () => response.end()) },
      verify: false,
    });
    const { remote, ingest } = await openSide(server.endpoint);
    const pointer = await ingest("one");
    const error = await failure(remote.upload([pointer]));
    expect(error).toMatchObject({ code: "lfs-failed", retryable: true });
    expect(error.message).toContain(`${pointer.sha256} (3 bytes) after the upload`);
  });

  it("is not satisfied by a server that only says it has an object", async () => {
    const claiming = ({ objects }: { readonly objects: unknown }, operation: string) =>
      operation === "upload"
        ? { objects: (objects as readonly object[]).map((each) => ({ ...each, actions: undefined })) }
        : { objects };
    const server = await startLfsServer({
      behaviour: { batch: (reply, { batch }) => claiming(reply, batch.operation) },
    });
    const { remote, ingest } = await openSide(server.endpoint);
    expect(await failure(remote.upload([await ingest("one")]))).toMatchObject({ code: "lfs-failed" });
    expect(server.to("/object/")).toHaveLength(0);
  });

  it.each([
    ["a small object", Buffer.from("one")],
    ["a large object", LARGE],
  ])("never completes a request with %s whose bytes changed in the store", async (_, content) => {
    const server = await startLfsServer();
    const { remote, store, ingest } = await openSide(server.endpoint);
    const pointer = await ingest(content);
    const other = await ingest("two");
    await flipByte(store.pathOf(pointer.sha256));
    const error = await failure(remote.upload([pointer, other]));
    expect(error.code).toBe("digest-mismatch");
    expect(error.message).toContain(pointer.sha256);
    expect(await store.check(pointer)).toBe("missing");
    expect(await server.objects.sizeOf(pointer.sha256)).toBeNull();
    expect(server.to("/verify").map(({ json }) => json)).not.toContainEqual(
      expect.objectContaining({ oid: pointer.sha256 }),
    );
    expect(await server.objects.sizeOf(other.sha256)).toBe(3);
  });

  it("moves as many at once as is configured, and the first one alone until it was let in", async () => {
    let running = 0;
    let most = 0;
    const starts: number[] = [];
    const server = await startLfsServer({
      behaviour: {
        async object({ honest, response }) {
          running += 1;
          starts.push(running);
          most = Math.max(most, running);
          response.on("finish", () => {
            running -= 1;
          });
          await new Promise((resolve) => setTimeout(resolve, 20));
          await honest();
        },
      },
    });
    const pointers: Pointer[] = [];
    for (let index = 0; index < 24; index += 1) {
      const { oid, size } = await server.objects.put(`object ${index}`);
      pointers.push({ sha256: oid as Pointer["sha256"], size });
    }
    const three = await openSide(server.endpoint, { config: [{ key: "lfs.concurrenttransfers", value: "3" }] });
    await three.remote.download(pointers, three.store);
    expect(most).toBe(3);
    expect(starts.slice(0, 2)).toEqual([1, 1]);
    most = 0;
    const usual = await openSide(server.endpoint);
    await usual.remote.download(pointers, usual.store);
    expect(most).toBeLessThanOrEqual(8);
    expect(most).toBeGreaterThan(3);
  });
});
