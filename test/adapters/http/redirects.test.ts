import { describe, expect, it } from "vitest";
import { fixedLogins, streamOf, testClient, textOf } from "./http-support.ts";
import { basicOf, type LoopbackServer, startServer } from "./loopback-server.ts";

const SECRET = { username: "ada", password: "s3cret" };

/** A server whose `/to/<status>?<location>` redirects and whose other paths answer with method, path and body size. */
function redirecting(): Promise<LoopbackServer> {
  return startServer(({ method, path, headers, body }, response) => {
    const [, status, location] = /^\/to\/(\d+)\?(.*)$/.exec(path) ?? [];
    if (status === undefined) {
      if (path.startsWith("/private") && basicOf(headers) === null) response.writeHead(401).end();
      else response.end(`${method} ${path} ${body.length}`);
      return;
    }
    response.writeHead(Number(status), { location: decodeURIComponent(location ?? "") }).end("moved");
  });
}

const to = (origin: string, status: number, location: string) =>
  `${origin}/to/${status}?${encodeURIComponent(location)}`;

describe("a redirect", () => {
  it.each([301, 302, 303, 307, 308])(
    "with status %i is followed by GET on the same origin, with the headers",
    async (status) => {
      const server = await redirecting();
      const reply = await testClient().send({
        method: "GET",
        url: to(server.origin, status, "/there?x=1"),
        headers: { "x-ours": "1" },
        access: "none",
      });
      expect(await textOf(reply)).toBe("GET /there?x=1 0");
      expect(reply.url).toBe(`${server.origin}/there`);
      expect(server.received.at(-1)?.headers["x-ours"]).toBe("1");
    },
  );

  it.each([307, 308])(
    "with status %i is followed by PUT and POST, with the body from its beginning",
    async (status) => {
      const server = await redirecting();
      const client = testClient();
      const url = to(server.origin, status, "/there");
      const put = await client.send({ method: "PUT", url, body: streamOf(300_000), access: "none" });
      expect(await textOf(put)).toBe("PUT /there 300000");
      const post = await client.send({ method: "POST", url, body: Buffer.from("{}"), access: "none" });
      expect(await textOf(post)).toBe("POST /there 2");
    },
  );

  it.each([301, 302, 303])("with status %i is refused for PUT and POST", async (status) => {
    const server = await redirecting();
    for (const method of ["PUT", "POST"] as const) {
      const sent = testClient().send({
        method,
        url: to(server.origin, status, "/there"),
        body: Buffer.from("x"),
        access: "none",
      });
      await expect(sent).rejects.toMatchObject({ code: "network", retryable: false });
    }
    expect(server.received.map(({ path }) => path)).not.toContain("/there");
  });

  it("to another origin takes neither headers nor logins along, and does not bring them back", async () => {
    const [home, away] = [await redirecting(), await redirecting()];
    const logins = fixedLogins(SECRET);
    const client = testClient({ logins });
    const known = await client.send({ method: "GET", url: `${home.origin}/private`, access: "login" });
    expect(known.status).toBe(200);
    await known.discard();
    const url = to(home.origin, 307, to(away.origin, 307, `${home.origin}/back`));
    const reply = await client.send({
      method: "PUT",
      url,
      headers: { "x-ours": "1", "content-type": "text/x" },
      body: Buffer.from("body"),
      access: "login",
    });
    expect(await textOf(reply)).toBe("PUT /back 4");
    const first = home.received.find(({ path }) => path.startsWith("/to/"));
    expect(first?.headers).toMatchObject({ "x-ours": "1" });
    expect(basicOf(first?.headers ?? {})).toBe("ada:s3cret");
    const further = to(home.origin, 307, to(away.origin, 307, "/further"));
    const second = await client.send({ method: "GET", url: further, headers: { "x-ours": "1" }, access: "login" });
    expect(await textOf(second)).toBe("GET /further 0");
    for (const { headers } of [...away.received, ...home.received.filter(({ path }) => path === "/back")]) {
      expect(headers).not.toHaveProperty("x-ours");
      expect(headers).not.toHaveProperty("content-type");
      expect(headers).not.toHaveProperty("authorization");
    }
  });

  it("to another origin never brings a login there, not even when it is asked for", async () => {
    const [home, away] = [await redirecting(), await redirecting()];
    const logins = fixedLogins(SECRET);
    const url = to(home.origin, 302, `${away.origin}/private`);
    const sent = testClient({ logins }).send({ method: "GET", url, access: "login" });
    await expect(sent).rejects.toMatchObject({ code: "auth-failed", message: expect.stringContaining(away.origin) });
    expect(logins.log).toEqual([]);
    expect(away.received.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it("of the same origin keeps the userinfo of the address as its login", async () => {
    const server = await redirecting();
    const url = to(server.origin, 302, "/private").replace("//", "//ada:s3cret@");
    const reply = await testClient().send({ method: "GET", url, access: "none" });
    expect(reply.status).toBe(200);
    expect(reply.url).toBe(`${server.origin}/private`);
    expect(basicOf(server.received.at(-1)?.headers ?? {})).toBe("ada:s3cret");
  });

  it("does not choose a login by userinfo in its Location", async () => {
    const [home, away] = [await redirecting(), await redirecting()];
    const there = `${away.origin}/private`.replace("//", "//eve:gift@");
    const reply = await testClient().send({ method: "GET", url: to(home.origin, 302, there), access: "none" });
    expect(reply.status).toBe(401);
    expect(away.received[0]?.headers.authorization).toBeUndefined();
  });

  it("is followed three times and no more", async () => {
    const { origin, received } = await redirecting();
    const three = to(origin, 302, to(origin, 302, to(origin, 302, "/there")));
    const client = testClient();
    expect(await textOf(await client.send({ method: "GET", url: three, access: "none" }))).toBe("GET /there 0");
    const before = received.length;
    const four = client.send({ method: "GET", url: to(origin, 302, three), access: "none" });
    await expect(four).rejects.toMatchObject({ code: "network", retryable: false });
    expect(received.length - before).toBe(4);
  });

  it("in a loop ends", async () => {
    const server = await startServer((_, response) => void response.writeHead(302, { location: "/again" }).end());
    const sent = testClient().send({ method: "GET", url: `${server.origin}/again`, access: "none" });
    await expect(sent).rejects.toMatchObject({ code: "network", retryable: false });
    expect(server.received.length).toBe(4);
  });

  it.each(["file:///etc/passwd", "ftp://127.0.0.1/", "javascript:1", "http://", "gopher://x"])(
    "to %s is refused",
    async (location) => {
      const { origin } = await redirecting();
      const sent = testClient().send({ method: "GET", url: to(origin, 302, location), access: "none" });
      await expect(sent).rejects.toMatchObject({ code: "network", retryable: false });
    },
  );

  it("without a Location is an answer", async () => {
    const server = await startServer((_, response) => void response.writeHead(302).end("hm"));
    const reply = await testClient().send({ method: "GET", url: server.origin, access: "none" });
    expect([reply.status, await textOf(reply)]).toEqual([302, "hm"]);
  });

  it("with an endless body or one that never ends is followed all the same", async () => {
    let given = 0;
    const server = await startServer(({ path }, response) => {
      if (path === "/there") {
        response.end("there");
        return;
      }
      response.writeHead(302, { location: "/there" });
      if (path === "/stalled") {
        response.write("moved");
        return;
      }
      const more = () => {
        do given += 65_536;
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on("drain", more);
      more();
    });
    for (const path of ["/endless", "/stalled"]) {
      const reply = await testClient().send({ method: "GET", url: `${server.origin}${path}`, access: "none" });
      expect(await textOf(reply)).toBe("there");
    }
    expect(given).toBeLessThan(32 * 2 ** 20);
  }, 10_000);

  it("shows neither userinfo nor query in its refusal", async () => {
    const { origin } = await redirecting();
    const location = "ftp://eve:hidden@127.0.0.1/?token=hidden";
    const url = `${to(origin, 302, location)}`.replace("//", "//ada:s3cret@");
    const sent = testClient().send({ method: "GET", url, access: "none" });
    await expect(sent).rejects.toMatchObject({ message: expect.not.stringMatching(/ada|s3cret|hidden|token/) });
    const loop = to(origin, 303, `${origin}/x?token=hidden`).replace("//", "//ada:s3cret@");
    const put = testClient().send({ method: "PUT", url: loop, body: Buffer.from("x"), access: "none" });
    await expect(put).rejects.toMatchObject({ message: expect.not.stringMatching(/ada|s3cret|hidden|token/) });
  });
});
