import { beforeAll, describe, expect, it } from "vitest";
import { proxyFor } from "../../../src/adapters/http/proxies.ts";
import { settingsFor } from "../../../src/adapters/http/url-settings.ts";
import { fixedLogins, streamOf, testClient, textOf } from "./http-support.ts";
import { startProxy } from "./loopback-proxy.ts";
import { startServer } from "./loopback-server.ts";
import { type Authority, makeAuthority } from "./tls-support.ts";

let authority: Authority;
beforeAll(async () => {
  authority = await makeAuthority();
});

const sized = () => startServer(({ method, body }, response) => void response.end(`${method} ${body.length}`));
const sizedTls = () =>
  startServer(({ method, body }, response) => void response.end(`${method} ${body.length}`), { tls: authority.server });
const proxyAt = (value: string) => [{ key: "http.proxy", value }];

describe("a proxy", () => {
  it("gets whole URLs for http, with its own login and without that of the server", async () => {
    const server = await startServer(({ headers }, response) => {
      if (headers.authorization === undefined) response.writeHead(401).end();
      else response.end("in");
    });
    const proxy = await startProxy({ login: "grace:hopper" });
    const config = proxyAt(`http://grace:hopper@${proxy.address}`);
    const client = testClient({ config, logins: fixedLogins({ username: "ada", password: "s3cret" }) });
    const url = `${server.origin}/a?b`.replace("//", "//eve:userinfo@");
    const reply = await client.send({ method: "GET", url, access: "login" });
    expect(await textOf(reply)).toBe("in");
    const line = `GET ${server.origin}/a?b by grace:hopper`;
    expect(proxy.asked).toEqual([line, line]);
    expect(server.received.map(({ headers }) => headers.host)).toEqual([
      `127.0.0.1:${server.port}`,
      `127.0.0.1:${server.port}`,
    ]);
    expect(server.received.every(({ headers }) => headers["proxy-authorization"] === undefined)).toBe(true);
  });

  it("passes TLS on, and does not see what goes through", async () => {
    const [server, proxy] = [await sizedTls(), await startProxy({ login: "grace:hopper" })];
    const config = [...proxyAt(`grace:hopper@${proxy.address}`), { key: "http.sslcainfo", value: authority.file }];
    const client = testClient({ config });
    const url = `${server.origin}/`;
    const reply = await client.send({ method: "PUT", url, body: streamOf(500_000), access: "none" });
    expect(await textOf(reply)).toBe("PUT 500000");
    expect(proxy.asked).toEqual([`CONNECT localhost:${server.port} by grace:hopper`]);
    expect(proxy.headers).toEqual([]);
    expect(server.received[0]?.headers).not.toHaveProperty("proxy-authorization");
  });

  it("may be spoken to in TLS itself", async () => {
    const [server, secure] = [await sized(), await sizedTls()];
    const proxy = await startProxy({ tls: authority.server });
    const config = [...proxyAt(`https://${proxy.address}`), { key: "http.sslcainfo", value: authority.file }];
    const client = testClient({ config });
    for (const { origin } of [server, secure]) {
      expect(await textOf(await client.send({ method: "GET", url: origin, access: "none" }))).toBe("GET 0");
    }
    expect(proxy.asked).toEqual([`GET ${server.origin}/`, `CONNECT localhost:${secure.port}`]);
  });

  it("that wants another login is named, without the login", async () => {
    const [server, secure, proxy] = [await sized(), await sizedTls(), await startProxy({ login: "grace:hopper" })];
    for (const { origin } of [server, secure]) {
      const config = [...proxyAt(`http://grace:wrong@${proxy.address}`), { key: "http.sslverify", value: "false" }];
      const sent = testClient({ config }).send({ method: "GET", url: origin, access: "none" });
      await expect(sent).rejects.toMatchObject({
        code: "auth-failed",
        message: `The proxy http://${proxy.address} refused its login`,
      });
    }
  });

  it("that does not connect or is not there is named", async () => {
    const [secure, proxy, server] = [await sizedTls(), await startProxy({ refuse: 403 }), await sized()];
    const send = (address: string, url: string) =>
      testClient({ config: proxyAt(`http://${address}`) }).send({ method: "GET", url, access: "none" });
    const refusal = { code: "network", message: expect.stringContaining(`${proxy.address} answered 403`) };
    await expect(send(proxy.address, secure.origin)).rejects.toMatchObject(refusal);
    for (const { origin } of [secure, server]) {
      const absent = { code: "network", message: expect.stringContaining("the proxy http://127.0.0.1:1:") };
      await expect(send("127.0.0.1:1", origin)).rejects.toMatchObject(absent);
    }
  });

  it("comes from the environment by scheme, and not for the hosts of no_proxy", async () => {
    const [server, proxy] = [await sized(), await startProxy()];
    const send = (environment: Record<string, string>) =>
      testClient({ environment }).send({ method: "GET", url: server.origin, access: "none" }).then(textOf);
    await send({ http_proxy: `http://${proxy.address}` });
    await send({ all_proxy: `http://${proxy.address}` });
    expect(proxy.asked.length).toBe(2);
    await send({ https_proxy: `http://${proxy.address}`, HTTP_PROXY: `http://${proxy.address}` });
    await send({ http_proxy: `http://${proxy.address}`, no_proxy: `example.org, 127.0.0.1:${server.port}` });
    expect(proxy.asked.length).toBe(2);
    expect(server.received.length).toBe(4);
  });
});

describe("the proxy for a URL", () => {
  const chosen = (
    url: string,
    environment: Record<string, string>,
    config: readonly (readonly [string, string])[] = [],
  ) => {
    const entries = config.map(([key, value]) => ({ key, value }));
    const at = new URL(url);
    return proxyFor(at, settingsFor(entries, "http", at), environment)?.origin ?? null;
  };

  it("is http.proxy, which an empty value switches off, before the environment", () => {
    const environment = { https_proxy: "http://env:1" };
    expect(chosen("https://a.org/", environment)).toBe("http://env:1");
    expect(chosen("https://a.org/", environment, [["http.proxy", "http://conf:2"]])).toBe("http://conf:2");
    expect(chosen("https://a.org/", environment, [["http.proxy", ""]])).toBeNull();
    expect(chosen("https://a.org/", environment, [["http.https://a.org.proxy", ""]])).toBeNull();
    expect(chosen("https://b.org/", environment, [["http.https://a.org.proxy", ""]])).toBe("http://env:1");
  });

  it("has curl's port where it names none", () => {
    expect(chosen("http://a.org/", { http_proxy: "proxy.org" })).toBe("http://proxy.org:1080");
    expect(chosen("http://a.org/", { http_proxy: "http://proxy.org:80/" })).toBe("http://proxy.org:80");
    expect(chosen("http://a.org/", { http_proxy: "http://[::1]:3128" })).toBe("http://[::1]:3128");
    expect(chosen("http://a.org/", { http_proxy: "https://proxy.org" })).toBe("https://proxy.org:443");
  });

  it.each(["socks5://a:1080", "socks://a", "socks4a://a", "ftp://a", "http://", "a b"])("%s is refused", (proxy) => {
    const refused = expect.objectContaining({ code: "network", retryable: false });
    expect(() => chosen("http://a.org/", { http_proxy: proxy })).toThrow(refused);
  });

  it.each([
    ["*", "http://a.org/", true],
    ["a.org", "http://a.org/", true],
    ["a.org", "http://deep.in.a.org/", true],
    [".a.org", "http://a.org/", true],
    ["*.a.org", "http://x.a.org/", true],
    ["A.ORG", "http://a.org:8080/", true],
    ["b.org a.org", "http://a.org/", true],
    ["a.org:8080", "http://a.org:8080/", true],
    ["a.org:8080", "http://a.org/", false],
    ["a.org:443", "https://a.org/", true],
    ["a.org", "http://nota.org/", false],
    ["org.a", "http://a.org/", false],
    ["10.0.0.1", "http://10.0.0.1/", true],
    ["0.0.1", "http://10.0.0.1/", false],
    ["[::1]", "http://[::1]/", true],
    ["::1", "http://[::1]/", true],
    ["[::1]:81", "http://[::1]:81/", true],
    ["[::1]:81", "http://[::1]:82/", false],
    ["", "http://a.org/", false],
    [",", "http://a.org/", false],
  ])("with no_proxy %j: %s directly is %s", (list, url, direct) => {
    const environment = { http_proxy: "http://p:1", https_proxy: "http://p:1", no_proxy: list };
    expect(chosen(url, environment)).toBe(direct ? null : "http://p:1");
  });
});
