import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { HttpReply } from "../../../src/adapters/http/http-client.ts";
import { streamOf, testClient, textOf } from "./http-support.ts";
import { startServer } from "./loopback-server.ts";

/** A server that does with a connection what it wants; answers its address. */
async function rawServer(behave: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    behave(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/a?token=hidden`;
}

const answering = (text: string) => rawServer((socket) => socket.once("data", () => socket.write(text)));

async function consume(reply: HttpReply): Promise<number> {
  let size = 0;
  for await (const chunk of reply.body) size += chunk.length;
  return size;
}

const RETRYABLE = { code: "network", retryable: true, message: expect.not.stringContaining("hidden") };
const FINAL = { code: "network", retryable: false, message: expect.not.stringContaining("hidden") };

describe("a server that", () => {
  it("is not there is a retryable network error", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    server.close();
    await once(server, "close");
    const sent = testClient().send({ method: "GET", url: `http://127.0.0.1:${port}/?token=hidden`, access: "none" });
    await expect(sent).rejects.toMatchObject({ ...RETRYABLE, message: expect.stringContaining("ECONNREFUSED") });
  });

  it("has a name that nobody knows is a retryable network error", async () => {
    const sent = testClient().send({ method: "GET", url: "http://nowhere.invalid/", access: "none" });
    await expect(sent).rejects.toMatchObject({ ...RETRYABLE, message: expect.stringContaining("nowhere.invalid") });
  });

  it("never answers is given up", async () => {
    const url = await rawServer(() => undefined);
    const sent = testClient({ idleTimeoutMs: 100 }).send({ method: "GET", url, access: "none" });
    await expect(sent).rejects.toMatchObject({ ...RETRYABLE, message: expect.stringContaining("no byte for") });
  });

  it("answers 100 for ever is given up", async () => {
    const url = await rawServer((socket) => {
      const timer = setInterval(() => socket.write("HTTP/1.1 102 Processing\r\n\r\n"), 10);
      socket.once("close", () => clearInterval(timer));
    });
    const sent = testClient({ idleTimeoutMs: 100 }).send({ method: "GET", url, access: "none" });
    await expect(sent).rejects.toMatchObject(RETRYABLE);
  });

  it("stops in the middle of the body is given up, however long the caller reads before", async () => {
    const url = await answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
    const reply = await testClient({ idleTimeoutMs: 100 }).send({ method: "GET", url, access: "none" });
    await expect(consume(reply)).rejects.toMatchObject(RETRYABLE);
  });

  it("is waited for no longer than the caller takes to read", async () => {
    const server = await startServer((_, response) => void response.end(Buffer.alloc(4_000_000)));
    const reply = await testClient({ idleTimeoutMs: 250 }).send({ method: "GET", url: server.origin, access: "none" });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await consume(reply)).toBe(4_000_000);
  });

  it("sends faster than the caller reads has to wait", async () => {
    let given = 0;
    const server = await startServer((_, response) => {
      const more = () => {
        while (given < 2 ** 29) {
          given += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return;
        }
        response.end();
      };
      response.on("drain", more);
      more();
    });
    const reply = await testClient().send({ method: "GET", url: server.origin, access: "none" });
    let before = -1;
    const standsStill = () => {
      const [then, now] = [before, given];
      before = now;
      return then === now;
    };
    await expect.poll(standsStill, { interval: 200, timeout: 10_000 }).toBe(true);
    expect(given).toBeLessThan(2 ** 26);
    expect(await consume(reply)).toBe(2 ** 29);
  });

  it("takes no more of an upload is given up", async () => {
    const url = await rawServer((socket) => socket.pause());
    const sent = testClient({ idleTimeoutMs: 200 }).send({
      method: "PUT",
      url,
      body: streamOf(64_000_000),
      access: "none",
    });
    await expect(sent).rejects.toMatchObject(RETRYABLE);
  });

  it("is waited for no longer than the source of an upload needs", async () => {
    const server = await startServer((request, response) => void response.end(String(request.body.length)));
    const body = {
      size: 4,
      async *open() {
        yield Buffer.from("ab");
        await new Promise((resolve) => setTimeout(resolve, 600));
        yield Buffer.from("cd");
      },
    };
    const client = testClient({ idleTimeoutMs: 250 });
    expect(await textOf(await client.send({ method: "PUT", url: server.origin, body, access: "none" }))).toBe("4");
  });

  it("resets the connection before or in the answer is a retryable network error", async () => {
    const before = await rawServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
    const client = testClient();
    await expect(client.send({ method: "GET", url: before, access: "none" })).rejects.toMatchObject(RETRYABLE);
    const during = await rawServer((socket) =>
      socket.once("data", () =>
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", () => socket.resetAndDestroy()),
      ),
    );
    const read = client.send({ method: "GET", url: during, access: "none" }).then(consume);
    await expect(read).rejects.toMatchObject(RETRYABLE);
  });

  it.each([
    ["a length", "content-length: 10\r\n\r\nabc"],
    ["chunks", "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"],
  ])("cuts a body with %s short is a retryable network error", async (_, rest) => {
    const url = await rawServer((socket) => socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\n${rest}`)));
    const reply = await testClient().send({ method: "GET", url, access: "none" });
    await expect(consume(reply)).rejects.toMatchObject(RETRYABLE);
  });

  it("speaks something else is an error that is not tried again", async () => {
    const url = await answering("SSH-2.0-OpenSSH_9.2\r\n");
    await expect(testClient().send({ method: "GET", url, access: "none" })).rejects.toMatchObject(FINAL);
  });

  it("sends huge headers is an error that is not tried again", async () => {
    const url = await answering(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}\r\n\r\n`);
    await expect(testClient().send({ method: "GET", url, access: "none" })).rejects.toMatchObject(FINAL);
  });

  it("answers an upload early is heard", async () => {
    const server = await startServer((_, response) => void response.writeHead(413).end("too large"), { early: true });
    const sent = testClient().send({ method: "PUT", url: server.origin, body: streamOf(50_000_000), access: "none" });
    const reply = await sent;
    expect([reply.status, await textOf(reply)]).toEqual([413, "too large"]);
  });

  it("answers more than is wanted is cut off", async () => {
    const server = await startServer((_, response) => void response.end(Buffer.alloc(100_000)));
    const client = testClient();
    const reply = await client.send({ method: "GET", url: server.origin, access: "none" });
    await expect(reply.bytes(99_999)).rejects.toMatchObject(FINAL);
    const again = await client.send({ method: "GET", url: server.origin, access: "none" });
    expect((await again.bytes(100_000)).length).toBe(100_000);
  });
});

describe("a request", () => {
  it.each(["a\r\nx-evil: 1", "a\nb", "a\0b", "a\u0007b"])("with %j in a header is refused unsent", async (value) => {
    const server = await startServer((_, response) => void response.end());
    const send = (headers: Record<string, string>) =>
      testClient().send({ method: "GET", url: server.origin, headers, access: "none" });
    await expect(send({ "x-a": value })).rejects.toMatchObject(FINAL);
    await expect(send({ [value]: "x" })).rejects.toMatchObject(FINAL);
    expect(server.received).toEqual([]);
  });

  it("does not let its caller's headers speak for the connection", async () => {
    const server = await startServer(({ body }, response) => void response.end(String(body.length)));
    const headers = { "Content-Length": "1", "Transfer-Encoding": "chunked", Host: "evil", Connection: "upgrade" };
    const body = Buffer.from("four");
    const reply = await testClient().send({ method: "POST", url: server.origin, headers, body, access: "none" });
    expect(await textOf(reply)).toBe("4");
    expect(server.received[0]?.headers).toMatchObject({ host: `127.0.0.1:${server.port}`, "content-length": "4" });
  });

  it.each([3, 5])("whose body has %i bytes instead of 4 fails", async (size) => {
    const server = await startServer((_, response) => void response.end());
    const body = { size: 4, open: () => streamOf(size, 1).open() };
    const sent = testClient().send({ method: "PUT", url: server.origin, body, access: "none" });
    await expect(sent).rejects.toMatchObject({ code: "network", message: expect.stringContaining("4 bytes") });
  });

  it("fails as its source does", async () => {
    const server = await startServer((_, response) => void response.end());
    const broken = new Error("disk");
    const body = {
      size: 4,
      async *open(): AsyncGenerator<Uint8Array> {
        yield Buffer.from("ab");
        throw broken;
      },
    };
    const sent = testClient().send({ method: "PUT", url: server.origin, body, access: "none" });
    await expect(sent).rejects.toBe(broken);
  });

  it("ends its source when the connection breaks", async () => {
    const url = await rawServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
    let ended = false;
    const body = {
      size: 64_000_000,
      async *open() {
        try {
          yield* streamOf(64_000_000).open();
        } finally {
          ended = true;
        }
      },
    };
    await expect(testClient().send({ method: "PUT", url, body, access: "none" })).rejects.toMatchObject(RETRYABLE);
    await expect.poll(() => ended).toBe(true);
  });

  it("can be aborted before it begins, while it waits and while its body comes", async () => {
    const reason = new Error("enough");
    const server = await startServer(({ path }, response) => {
      if (path === "/body") response.write("abc");
    });
    const client = testClient();
    const early = client.send({ method: "GET", url: server.origin, access: "none", signal: AbortSignal.abort(reason) });
    await expect(early).rejects.toBe(reason);
    const waiting = new AbortController();
    const sent = client.send({ method: "GET", url: server.origin, access: "none", signal: waiting.signal });
    await expect.poll(() => server.received.length).toBe(1);
    waiting.abort(reason);
    await expect(sent).rejects.toBe(reason);
    const reading = new AbortController();
    const url = `${server.origin}/body`;
    const reply = await client.send({ method: "GET", url, access: "none", signal: reading.signal });
    const read = consume(reply);
    reading.abort(reason);
    await expect(read).rejects.toBe(reason);
  });

  it("waits its turn when there are more than connections, without being given up", async () => {
    const server = await startServer((_, response) => void setTimeout(() => response.end("x"), 100));
    const client = testClient({ idleTimeoutMs: 1000 });
    const bodies = Array.from({ length: 200 }, () =>
      client.send({ method: "GET", url: server.origin, access: "none" }).then(textOf),
    );
    expect(new Set(await Promise.all(bodies))).toEqual(new Set(["x"]));
    expect(server.connections()).toBeLessThanOrEqual(16);
  });

  it("that still waits when the client is closed fails", async () => {
    const server = await startServer(() => undefined);
    const client = testClient();
    const sent = Array.from({ length: 40 }, () => client.send({ method: "GET", url: server.origin, access: "none" }));
    const ends = Promise.allSettled(sent);
    await expect.poll(() => server.received.length).toBe(16);
    await client.close();
    for (const end of await ends) expect(end).toMatchObject({ status: "rejected", reason: { code: "network" } });
  });

  it("needs an address on the web", async () => {
    for (const url of ["file:///etc/passwd", "ssh://git@host/a", "nonsense"]) {
      await expect(testClient().send({ method: "GET", url, access: "none" })).rejects.toMatchObject(FINAL);
    }
  });
});
