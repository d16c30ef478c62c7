import { createHash } from "node:crypto";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import type { Pointer } from "../../../../src/domain/artifact/pointer.ts";
import { RegistryError } from "../../../../src/errors.ts";
import type { ArtifactSink } from "../../../../src/ports/artifact-store.ts";
import { type Behaviour, type ObjectExchange, startLfsServer } from "../../../support/lfs-server/lfs-server.ts";
import { failure } from "../objects.ts";
import { bytesOf, openSide, type SideOptions } from "./batch-support.ts";

const MIB = 1024 * 1024;
const LARGE = bytesOf(3 * MIB + 5);

async function prepared(content: Uint8Array | string, object: Behaviour["object"], options: SideOptions = {}) {
  const server = await startLfsServer({ behaviour: object === undefined ? {} : { object } });
  const { oid, size } = await server.objects.put(content);
  const side = await openSide(server.endpoint, options);
  return { server, ...side, pointer: { sha256: oid as Pointer["sha256"], size } };
}

/** Sends the object's bytes from where the client wants them, up to a position, and then breaks the connection. */
async function breakAt(exchange: ObjectExchange, end: number): Promise<void> {
  const { oid, objects, request, response } = exchange;
  const bytes = await objects.read(oid);
  const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const headers = { "content-length": String(bytes.length - start), etag: `"${oid}"` };
  const range = { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(start > 0 ? 206 : 200, start > 0 ? { ...headers, ...range } : headers);
  response.write(bytes.subarray(start, end));
  await new Promise((resolve) => setTimeout(resolve, 30));
  response.destroy();
}

describe("a download that breaks", () => {
  it("continues where it was, by Range and If-Range, and counts every byte once", async () => {
    const { remote, store, pointer, server } = await prepared(LARGE, (exchange) =>
      exchange.turn <= 2 ? breakAt(exchange, exchange.turn * MIB) : exchange.honest(),
    );
    let counted = 0;
    await remote.download([pointer], store, (bytes) => (counted += bytes));
    expect(counted).toBe(LARGE.length);
    expect(await store.check(pointer, { hash: true })).toBe("present");
    expect(server.to("/object/").map(({ headers }) => headers.range)).toEqual([
      undefined,
      `bytes=${MIB}-`,
      `bytes=${2 * MIB}-`,
    ]);
    expect(server.to("/object/")[2]?.headers["if-range"]).toBe(`"${pointer.sha256}"`);
  });

  it("is begun anew where it is small, without counting twice", async () => {
    const content = bytesOf(1000);
    const { remote, store, pointer, server } = await prepared(content, (exchange) =>
      exchange.turn === 1 ? breakAt(exchange, 700) : exchange.honest(),
    );
    const counted: number[] = [];
    await remote.download([pointer], store, (bytes) => counted.push(bytes));
    expect(counted.reduce((sum, bytes) => sum + bytes)).toBe(1000);
    expect(Math.min(...counted)).toBeGreaterThan(0);
    expect(server.to("/object/").map(({ headers }) => headers.range)).toEqual([undefined, undefined]);
  });

  it.each([
    ["answers 200", 200, 2],
    ["answers 416", 416, 3],
    ["continues elsewhere", 206, 3],
  ])("begins anew where the server %s to a Range", async (_, status, requests) => {
    const { remote, store, pointer, server } = await prepared(LARGE, async (exchange) => {
      if (exchange.turn === 1) return breakAt(exchange, MIB);
      if (exchange.request.headers.range === undefined || status === 200) {
        delete exchange.request.headers.range;
        return exchange.honest();
      }
      const headers = status === 206 ? { "content-range": `bytes 0-${LARGE.length - 1}/${LARGE.length}` } : {};
      exchange.response.writeHead(status, headers).end();
    });
    await remote.download([pointer], store);
    expect(server.to("/object/")).toHaveLength(requests);
    expect(await store.check(pointer, { hash: true })).toBe("present");
  });

  it.each([
    ["small", bytesOf(1000)],
    ["large", LARGE],
  ])("for ever is given up after eight tries that bring nothing (%s)", async (_, content) => {
    const { remote, store, pointer, server, clock } = await prepared(content, (exchange) => breakAt(exchange, 100));
    expect(await failure(remote.download([pointer], store))).toMatchObject({ code: "network", retryable: true });
    expect(server.to("/object/")).toHaveLength(8);
    expect(clock.waited).toBeLessThan(40_000);
  });

  it("by a byte at a time does not last for ever", async () => {
    const { remote, store, pointer, server } = await prepared(LARGE, ({ response, turn, request }) => {
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const range = { "content-range": `bytes ${start}-${LARGE.length - 1}/${LARGE.length}` };
      response.writeHead(start > 0 ? 206 : 200, start > 0 ? range : {});
      response.end(LARGE.subarray(turn - 1, turn));
    });
    expect(await failure(remote.download([pointer], store))).toMatchObject({ code: "network" });
    expect(server.to("/object/")).toHaveLength(8);
  });

  it("because the server says nothing more ends after the idle time", async () => {
    const { remote, store, pointer } = await prepared(
      LARGE,
      ({ response }) => void response.writeHead(200, { "content-length": LARGE.length }).write(LARGE.subarray(0, 10)),
      { idleTimeoutMs: 50 },
    );
    const error = await failure(remote.download([pointer], store));
    expect(error).toMatchObject({ code: "network", retryable: true });
    expect(error.message).toContain("no byte for");
  });
});

describe("a download of what somebody else", () => {
  it("is downloading at the same time waits for it, and every byte travels once", async () => {
    const { remote, store, pointer, server } = await prepared(LARGE, undefined);
    const counted = [0, 0, 0];
    const all = counted.map((_, index) =>
      remote.download([pointer], store, (bytes) => {
        counted[index] = (counted[index] ?? 0) + bytes;
      }),
    );
    await Promise.all(all);
    expect(server.to("/object/")).toHaveLength(1);
    expect(counted).toEqual([LARGE.length, LARGE.length, LARGE.length]);
  });
});

describe("a disk that is full", () => {
  it.each([
    ["small", bytesOf(1000)],
    ["large", LARGE],
  ])("ends the run at once, and asks the server for no more (%s)", async (_, content) => {
    const { remote, store, pointer, server, clock } = await prepared(content, undefined);
    const full = async () => {
      throw new RegistryError("disk", "no space left", { retryable: true });
    };
    const sink: ArtifactSink = {
      ...store,
      receive: full,
      resume: async () => ({
        received: 0,
        append: full,
        restart: full,
        complete: full,
        release: async () => undefined,
      }),
    };
    expect(await failure(remote.download([pointer], sink))).toMatchObject({ code: "disk" });
    expect(server.to("/object/")).toHaveLength(1);
    expect(clock.waited).toBe(0);
  });
});

describe("wrong bytes", () => {
  const wrong = (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
    return copy;
  };

  it.each([
    ["small", bytesOf(1000)],
    ["large", LARGE],
  ])("are dropped and asked for once more (%s)", async (_, content) => {
    const { remote, store, pointer, server } = await prepared(content, ({ turn, response, honest }) =>
      turn === 1 ? void response.end(wrong(content)) : honest(),
    );
    await remote.download([pointer], store);
    expect(await store.check(pointer, { hash: true })).toBe("present");
    expect(server.to("/object/").map(({ headers }) => headers.range)).toEqual([undefined, undefined]);
  });

  it.each([
    ["small", bytesOf(1000)],
    ["large", LARGE],
  ])("are refused when they come again, and keep no other object away (%s)", async (_, content) => {
    const { remote, store, pointer, server } = await prepared(
      content,
      ({ oid, response, honest }) =>
        oid === createHash("sha256").update(content).digest("hex") ? void response.end(wrong(content)) : honest(),
      { config: [{ key: "lfs.concurrenttransfers", value: "1" }] },
    );
    const other = await server.objects.put("other");
    const good = { sha256: other.oid as Pointer["sha256"], size: other.size };
    const error = await failure(remote.download([pointer, good], store));
    expect(error.code).toBe("digest-mismatch");
    expect(error.message).toContain(pointer.sha256);
    expect(error.message).not.toContain(good.sha256);
    expect(await store.check(pointer)).toBe("missing");
    expect(await store.check(good, { hash: true })).toBe("present");
    expect(server.to("/object/").filter(({ path }) => path.includes(pointer.sha256))).toHaveLength(2);
  });

  it.each([
    ["too long, announced", { announced: 5000, sent: 5000 }],
    ["too long, not announced", { announced: null, sent: 5000 }],
    ["without an end", { announced: null, sent: Number.POSITIVE_INFINITY }],
    ["too short, announced", { announced: 10, sent: 10 }],
    ["too short, not announced", { announced: null, sent: 10 }],
  ])("of a small object, %s", async (_, { announced, sent }) => {
    let flowed = 0;
    function* zeros(size: number) {
      for (let left = size; left > 0; left -= 65_536) {
        flowed += Math.min(left, 65_536);
        yield Buffer.alloc(Math.min(left, 65_536));
      }
    }
    const { remote, store, pointer } = await prepared(bytesOf(1000), async ({ response }) => {
      response.writeHead(200, announced === null ? {} : { "content-length": announced });
      await pipeline(zeros(sent), response).catch(() => undefined);
    });
    expect(await failure(remote.download([pointer], store))).toMatchObject({ code: "digest-mismatch" });
    expect(await store.check(pointer)).toBe("missing");
    expect(flowed).toBeLessThan(64 * MIB);
  });

  it.each([
    ["too long, announced", { announced: LARGE.length + 1, sent: LARGE.length + 1 }],
    ["too long, not announced", { announced: null, sent: LARGE.length + 1 }],
    ["too short, announced", { announced: MIB, sent: MIB }],
  ])("of a large object, %s", async (_, { announced, sent }) => {
    const { remote, store, pointer } = await prepared(LARGE, ({ response }) => {
      response.writeHead(200, announced === null ? {} : { "content-length": announced });
      response.end(Buffer.concat([LARGE, LARGE]).subarray(0, sent));
    });
    expect(await failure(remote.download([pointer], store))).toMatchObject({ code: "digest-mismatch" });
    expect(await store.check(pointer)).toBe("missing");
  });

  it("of a large object that the server holds cut short, with honest ranges", async () => {
    const { remote, store, pointer, server } = await prepared(LARGE, undefined);
    await server.objects.plant(pointer.sha256, LARGE.subarray(0, 2 * MIB));
    const lying = await startLfsServer({
      actionOrigin: server.origin,
      behaviour: {
        batch: () => ({
          objects: [
            {
              oid: pointer.sha256,
              size: pointer.size,
              actions: { download: { href: `${server.origin}/object/${pointer.sha256}` } },
            },
          ],
        }),
      },
    });
    const side = await openSide(lying.endpoint);
    expect(await failure(side.remote.download([pointer], side.store))).toMatchObject({ code: "digest-mismatch" });
    expect(remote.name).not.toBe("");
    expect(await store.check(pointer)).toBe("missing");
  });
});

describe("a large object whose server thinks that it is shorter", () => {
  it("is wrong, not a connection that breaks", async () => {
    const { remote, store, pointer, server } = await prepared(LARGE, ({ request, response }) => {
      // Not announced, in chunks.
      if (request.headers.range === undefined) response.writeHead(200).end(LARGE.subarray(0, 2 * MIB));
      else response.writeHead(416).end();
    });
    expect(await failure(remote.download([pointer], store))).toMatchObject({ code: "digest-mismatch" });
    expect(server.to("/object/").length).toBeLessThanOrEqual(6);
  });
});

describe("an object that is gone when it is fetched", () => {
  it.each([404, 410])("is missing (%d)", async (status) => {
    const { remote, store, pointer } = await prepared("one", ({ response }) => void response.writeHead(status).end());
    expect(await failure(remote.download([pointer], store))).toMatchObject({ code: "lfs-missing" });
  });
});

describe("an object address that says no", () => {
  it.each([
    [403, "auth-failed", 2],
    [413, "lfs-failed", 1],
    [500, "lfs-failed", 8],
    [503, "network", 8],
    [507, "lfs-failed", 1],
    [509, "lfs-failed", 1],
  ])("by %d ends as %s after %d tries (download)", async (status, code, tries) => {
    const { remote, store, pointer, server, clock } = await prepared(
      "one",
      ({ response }) => void response.writeHead(status).end(JSON.stringify({ message: "because" })),
    );
    const error = await failure(remote.download([pointer], store));
    expect(error.code).toBe(code);
    expect(error.message).toContain("because");
    expect(server.to("/object/")).toHaveLength(tries);
    expect(clock.waited).toBeLessThan(60_000);
  });

  it.each([
    [409, "lfs-failed", 1],
    [413, "lfs-failed", 1],
    [422, "lfs-failed", 1],
    [503, "network", 8],
    [507, "lfs-failed", 1],
  ])("by %d ends as %s after %d tries (upload)", async (status, code, tries) => {
    const server = await startLfsServer({
      behaviour: {
        object: async ({ request, response }) => {
          for await (const _ of request);
          response.writeHead(status).end();
        },
      },
    });
    const { remote, ingest } = await openSide(server.endpoint);
    expect(await failure(remote.upload([await ingest("one")]))).toMatchObject({ code });
    expect(server.to("/object/")).toHaveLength(tries);
  });

  it("before it read the body is heard", async () => {
    const server = await startLfsServer({
      behaviour: { object: ({ response }) => void response.writeHead(413).end() },
    });
    const { remote, ingest } = await openSide(server.endpoint);
    expect(await failure(remote.upload([await ingest(bytesOf(8 * MIB))]))).toMatchObject({ code: "lfs-failed" });
  });
});

describe("an upload that breaks", () => {
  it("is sent again from its beginning, and every byte counts once", async () => {
    const server = await startLfsServer({
      behaviour: {
        object: async ({ turn, request, honest }) => {
          if (turn > 2) return honest();
          await once(request, "data");
          request.destroy();
        },
      },
    });
    const { remote, ingest } = await openSide(server.endpoint);
    const pointer = await ingest(LARGE);
    const counted: number[] = [];
    expect(await remote.upload([pointer], (bytes) => counted.push(bytes))).toEqual([pointer]);
    expect(counted.reduce((sum, bytes) => sum + bytes)).toBe(LARGE.length);
    expect(Math.min(...counted)).toBeGreaterThan(0);
    expect(server.to("/object/")).toHaveLength(3);
    expect(await server.objects.sizeOf(pointer.sha256)).toBe(LARGE.length);
  });

  it("at the verification alone is verified again, not sent again", async () => {
    let turns = 0;
    const server = await startLfsServer({
      behaviour: {
        verify: (response) => {
          turns += 1;
          response.writeHead(turns < 3 ? 503 : 200).end();
        },
      },
    });
    const { remote, ingest } = await openSide(server.endpoint);
    await remote.upload([await ingest("one")]);
    expect(server.to("/object/")).toHaveLength(1);
    expect(server.to("/verify")).toHaveLength(3);
  });

  it("is no upload where the verification says no", async () => {
    const server = await startLfsServer({ behaviour: { verify: (response) => void response.writeHead(404).end() } });
    const { remote, ingest } = await openSide(server.endpoint);
    expect(await failure(remote.upload([await ingest("one")]))).toMatchObject({ code: "lfs-failed" });
  });
});
