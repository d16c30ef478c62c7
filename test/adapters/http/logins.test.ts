import { describe, expect, it } from "vitest";
import { fixedLogins, streamOf, testClient, textOf } from "./http-support.ts";
import { basicOf, type LoopbackServer, startServer } from "./loopback-server.ts";

const ADA = { username: "ada", password: "s3cret" };
const EVE = { username: "eve", password: "wr:öng" };

/** Lets `ada:s3cret` in, and who brings the header of `key`. */
function locked(): Promise<LoopbackServer> {
  return startServer(({ path, headers, body }, response) => {
    const isIn = basicOf(headers) === "ada:s3cret" || headers.authorization === "Bearer key";
    if (!isIn) response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end("who?");
    else if (path.startsWith("/403")) response.writeHead(403).end("not you");
    else response.end(`in ${body.length}`);
  });
}

const basics = ({ received }: LoopbackServer) => received.map(({ headers }) => basicOf(headers));

describe("a server that wants a login", () => {
  it("gets what is offered one after the other, and what it took at once from then on", async () => {
    const server = await locked();
    const logins = fixedLogins(EVE, ADA);
    const client = testClient({ logins });
    const url = `${server.origin}/a`;
    const reply = await client.send({ method: "PUT", url, body: streamOf(200_000), access: "login" });
    expect(await textOf(reply)).toBe("in 200000");
    expect(basics(server)).toEqual([null, "eve:wr:öng", "ada:s3cret"]);
    await (await client.send({ method: "GET", url, access: "login" })).discard();
    expect(basics(server).slice(3)).toEqual(["ada:s3cret"]);
    expect(logins.log).toEqual([`asked ${server.origin}`, "refused eve", "accepted ada"]);
  });

  it("and takes none is an error that says what to do and nothing secret", async () => {
    const server = await locked();
    const sent = testClient({ logins: fixedLogins(EVE) }).send({ method: "GET", url: server.origin, access: "login" });
    await expect(sent).rejects.toMatchObject({
      code: "auth-failed",
      message: expect.stringMatching(new RegExp(`^${server.origin} wants a login and refused`)),
      hint: expect.not.stringContaining("GIT_MODEL_TOKEN"),
    });
    await expect(sent).rejects.toMatchObject({ message: expect.not.stringMatching(/eve|wr:öng/) });
    const ours = testClient({ registryUrl: `${server.origin}/models.git` });
    await expect(ours.send({ method: "GET", url: server.origin, access: "login" })).rejects.toMatchObject({
      code: "auth-failed",
      message: expect.stringContaining("none is known"),
      hint: expect.stringContaining("GIT_MODEL_TOKEN"),
    });
  });

  it("is answered at 401 only: 403 is an answer, and says nothing about the login", async () => {
    const server = await locked();
    const logins = fixedLogins(ADA);
    const reply = await testClient({ logins }).send({ method: "GET", url: `${server.origin}/403`, access: "login" });
    expect([reply.status, await textOf(reply)]).toEqual([403, "not you"]);
    expect(logins.log).toEqual([`asked ${server.origin}`]);
    const closed = await startServer((_, response) => void response.writeHead(403).end());
    const stranger = fixedLogins(ADA);
    const sent = testClient({ logins: stranger }).send({ method: "GET", url: closed.origin, access: "login" });
    expect((await sent).status).toBe(403);
    expect(stranger.log).toEqual([]);
  });

  it("is an answer too where the caller wants no login, or brings an authorization", async () => {
    const server = await locked();
    const logins = fixedLogins(ADA);
    const client = testClient({ logins });
    await (await client.send({ method: "GET", url: server.origin, access: "login" })).discard();
    const none = await client.send({ method: "GET", url: server.origin, access: "none" });
    expect(none.status).toBe(401);
    const own = { Authorization: "Bearer stale" };
    const brought = await client.send({ method: "GET", url: server.origin, headers: own, access: "login" });
    expect(brought.status).toBe(401);
    expect(server.received.slice(2).map(({ headers }) => headers.authorization)).toEqual([undefined, "Bearer stale"]);
  });

  it("that takes a login no more is offered the next", async () => {
    let password = "old";
    const server = await startServer(({ headers }, response) => {
      response.writeHead(basicOf(headers) === `ada:${password}` ? 200 : 401).end();
    });
    const logins = fixedLogins({ username: "ada", password: "old" }, { username: "ada", password: "new" });
    const client = testClient({ logins });
    const status = async () => (await client.send({ method: "GET", url: server.origin, access: "login" })).status;
    expect(await status()).toBe(200);
    password = "new";
    expect(await status()).toBe(200);
    expect(await status()).toBe(200);
    expect(basics(server).at(-1)).toBe("ada:new");
  });

  it.each(["a\nb", "a\rb", "a\0b"])("is not sent %j", async (password) => {
    const server = await locked();
    const logins = fixedLogins({ username: "ada", password });
    const sent = testClient({ logins }).send({ method: "GET", url: server.origin, access: "login" });
    await expect(sent).rejects.toMatchObject({ code: "auth-failed", message: expect.stringContaining(server.origin) });
    expect(server.received.length).toBe(1);
  });
});

describe("http.extraHeader", () => {
  const header = (value: string) => ({ key: "http.extraheader", value });
  const scoped = (url: string, value: string) => ({ key: `http.${url}.extraheader`, value });
  const seen = ({ received }: LoopbackServer) => received.map(({ headers }) => headers["x-a"]);
  const echo = () => startServer((_, response) => void response.end());

  it("for no URL goes to the registry's server alone", async () => {
    const [registry, other] = [await echo(), await echo()];
    const client = testClient({ config: [header("X-A: 1")], registryUrl: `${registry.origin}/models.git` });
    for (const { origin } of [registry, other])
      await client.send({ method: "GET", url: `${origin}/x`, access: "login" });
    expect([seen(registry), seen(other)]).toEqual([["1"], [undefined]]);
  });

  it("for a URL goes there, below its path, and not to where a redirect leads", async () => {
    const away = await echo();
    const server = await startServer(({ path }, response) => {
      if (path === "/team/away") response.writeHead(302, { location: `${away.origin}/team/x` });
      response.end();
    });
    const config = [scoped(`${server.origin}/team`, "X-A: 1"), scoped(`http://127.0.0.1:1`, "X-A: 2")];
    const client = testClient({ config });
    for (const path of ["/team/x", "/other", "/team/away"]) {
      await client.send({ method: "GET", url: `${server.origin}${path}`, access: "login" });
    }
    await client.send({ method: "GET", url: `${server.origin}/team/x`, access: "none" });
    expect(seen(server)).toEqual(["1", undefined, "1", undefined]);
    expect(seen(away)).toEqual([undefined]);
  });

  it("may be several, of which an empty one forgets those before", async () => {
    const server = await startServer((_, response) => void response.end());
    const lines = ["X-Gone: 1", "", "X-A: 1", "X-A:2", "X-B:  b c ", "nonsense", "X-Empty:"];
    const client = testClient({ config: lines.map(header), registryUrl: server.origin });
    await client.send({ method: "GET", url: server.origin, access: "login", headers: { "x-b": "ours" } });
    const { headers } = server.received[0] ?? { headers: {} };
    expect(headers).toMatchObject({ "x-a": "1, 2", "x-b": "ours" });
    expect(headers).not.toHaveProperty("x-gone");
    expect(headers).not.toHaveProperty("x-empty");
  });

  it("may be the authorization, which a login replaces when it is refused", async () => {
    const server = await locked();
    const good = testClient({ config: [scoped(server.origin, "Authorization: Bearer key")] });
    expect((await good.send({ method: "GET", url: server.origin, access: "login" })).status).toBe(200);
    const config = [scoped(server.origin, "AUTHORIZATION: basic bm86bm8=")];
    const stale = testClient({ config, logins: fixedLogins(ADA) });
    expect((await stale.send({ method: "GET", url: server.origin, access: "login" })).status).toBe(200);
    const none = testClient({ config }).send({ method: "GET", url: server.origin, access: "login" });
    await expect(none).rejects.toMatchObject({
      code: "auth-failed",
      message: expect.stringContaining("refused the one"),
    });
  });

  it("with a line break is refused", async () => {
    const server = await echo();
    const client = testClient({ config: [scoped(server.origin, "X-A: 1\r\nX-B: 2")] });
    const sent = client.send({ method: "GET", url: server.origin, access: "login" });
    await expect(sent).rejects.toMatchObject({ code: "network", retryable: false });
    expect(server.received).toEqual([]);
  });
});
