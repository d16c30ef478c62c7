import { describe, expect, it } from "vitest";
import { streamOf, testClient, textOf } from "./http-support.ts";
import { startServer } from "./loopback-server.ts";

describe("a plain request", () => {
  it("brings status, headers and body, whatever the status", async () => {
    const server = await startServer((_, response) => {
      response.writeHead(418, { "x-pot": "tea" }).end("short and stout");
    });
    const reply = await testClient().send({
      method: "GET",
      url: `${server.origin}/a/b?c=d`,
      headers: { Accept: "text/plain" },
      access: "none",
    });
    expect(reply.status).toBe(418);
    expect(reply.url).toBe(`${server.origin}/a/b`);
    expect(reply.header("X-Pot")).toBe("tea");
    expect(reply.header("x-pan")).toBeNull();
    expect(await textOf(reply)).toBe("short and stout");
    expect(server.received).toMatchObject([{ method: "GET", path: "/a/b?c=d", headers: { accept: "text/plain" } }]);
    expect(server.received[0]?.headers["user-agent"]).toMatch(/^git-model\/\d/);
    expect(server.received[0]?.headers["accept-encoding"]).toBe("identity");
  });

  it("sends bytes and streams with their length", async () => {
    const server = await startServer((request, response) => void response.end(String(request.body.length)));
    const client = testClient();
    const url = `${server.origin}/`;
    const bytes = await client.send({ method: "POST", url, body: Buffer.from("{}"), access: "none" });
    expect(await textOf(bytes)).toBe("2");
    const stream = await client.send({ method: "PUT", url, body: streamOf(1_000_000), access: "none" });
    expect(await textOf(stream)).toBe("1000000");
    const empty = await client.send({ method: "PUT", url, body: new Uint8Array(), access: "none" });
    expect(await textOf(empty)).toBe("0");
    expect(server.received.map(({ headers }) => headers["content-length"])).toEqual(["2", "1000000", "0"]);
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it("may be for the head alone", async () => {
    const server = await startServer((_, response) => void response.writeHead(200, { "content-length": "12" }).end());
    const reply = await testClient().send({ method: "HEAD", url: server.origin, access: "none" });
    expect([reply.header("content-length"), await textOf(reply)]).toEqual(["12", ""]);
  });

  it("is not changed by settings of the machine that are for others", async () => {
    const server = await startServer((_, response) => void response.end("x"));
    const config = [
      { key: "http.proxy", value: "" },
      { key: "http.https://other.example.org.proxy", value: "socks5://nowhere" },
      { key: "http.sslcainfo", value: "/nowhere/ca.pem" },
      { key: "http", value: "" },
      { key: "http.", value: "" },
    ];
    const url = `${server.origin}/`;
    expect(await textOf(await testClient({ config }).send({ method: "GET", url, access: "login" }))).toBe("x");
  });
});
