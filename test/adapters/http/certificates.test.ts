import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { tempDir } from "../../support/temp-repo.ts";
import { testClient, textOf } from "./http-support.ts";
import { startServer } from "./loopback-server.ts";
import { type Authority, makeAuthority } from "./tls-support.ts";

let authority: Authority;
let stranger: Authority;
beforeAll(async () => {
  [authority, stranger] = await Promise.all([makeAuthority(), makeAuthority()]);
});

type Config = Readonly<Record<string, string>>;

async function secured(config: Config, environment: Config = {}): Promise<string> {
  const server = await startServer((_, response) => void response.end("in"), { tls: authority.server });
  const entries = Object.entries(config).map(([key, value]) => ({ key: key.replace("ORIGIN", server.origin), value }));
  const reply = await testClient({ config: entries, environment }).send({
    method: "GET",
    url: server.origin,
    access: "none",
  });
  return textOf(reply);
}

const UNTRUSTED = { code: "network", retryable: false, hint: expect.stringContaining("http.sslCAInfo") };

describe("a server's certificate", () => {
  it("must be signed by somebody who is trusted", async () => {
    await expect(secured({})).rejects.toMatchObject(UNTRUSTED);
    await expect(secured({ "http.sslcainfo": stranger.file })).rejects.toMatchObject(UNTRUSTED);
    expect(await secured({ "http.sslcainfo": authority.file })).toBe("in");
    expect(await secured({ "http.sslcainfo": stranger.file, "http.ORIGIN.sslcainfo": authority.file })).toBe("in");
    expect(await secured({ "http.sslcainfo": stranger.file }, { GIT_SSL_CAINFO: authority.file })).toBe("in");
    expect(await secured({}, { SSL_CERT_FILE: authority.file })).toBe("in");
  });

  it("may be signed by an authority in a folder", async () => {
    const folder = await tempDir();
    await mkdir(join(folder, "certs"));
    await writeFile(join(folder, "certs", "8d28ae65.0"), authority.certificate);
    expect(await secured({ "http.sslcapath": "~/certs" }, { HOME: folder })).toBe("in");
  });

  it("is not looked at where somebody says so, there and nowhere else", async () => {
    expect(await secured({ "http.sslverify": "false" })).toBe("in");
    expect(await secured({ "http.ORIGIN.sslverify": "0" })).toBe("in");
    expect(await secured({}, { GIT_SSL_NO_VERIFY: "1" })).toBe("in");
    await expect(secured({ "http.https://elsewhere.org.sslverify": "false" })).rejects.toMatchObject(UNTRUSTED);
    await expect(secured({ "http.sslverify": "false", "http.ORIGIN.sslverify": "true" })).rejects.toMatchObject(
      UNTRUSTED,
    );
  });

  it("must be for the host that is asked", async () => {
    const server = await startServer((_, response) => void response.end("in"), { tls: authority.server });
    const config = [{ key: "http.sslcainfo", value: authority.file }];
    const url = `https://127.0.0.1:${server.port}/`;
    const sent = testClient({ config }).send({ method: "GET", url, access: "none" });
    await expect(sent).rejects.toMatchObject({
      code: "network",
      retryable: false,
      message: expect.stringContaining("another name"),
    });
  });

  it("of an authority that cannot be read is named", async () => {
    const named = { code: "network", message: expect.stringContaining("/nowhere/ca.pem") };
    await expect(secured({ "http.sslcainfo": "/nowhere/ca.pem" })).rejects.toMatchObject(named);
    await expect(secured({ "http.sslcapath": "/nowhere/ca.pem" })).rejects.toMatchObject(named);
    await expect(secured({ "http.sslcert": "/nowhere/ca.pem" })).rejects.toMatchObject(named);
  });

  it("that is no certificate is an error of ours", async () => {
    const file = join(await tempDir(), "not-a.pem");
    await writeFile(file, "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
    await expect(secured({ "http.sslcainfo": file })).rejects.toMatchObject({ code: "network", retryable: false });
    const cert = { "http.sslcainfo": authority.file, "http.sslcert": file };
    await expect(secured(cert)).rejects.toMatchObject({ code: "network", retryable: false });
  });

  it("stands beside one of ours where the server asks for it", async () => {
    const { server: tls, certificate: ca } = authority;
    const options = { tls: { ...tls, ca, requestCert: true } };
    const names: unknown[] = [];
    const server = await startServer((_, response, incoming) => {
      const { socket } = incoming;
      if ("getPeerCertificate" in socket && typeof socket.getPeerCertificate === "function") {
        names.push(socket.getPeerCertificate().subject?.CN);
      }
      response.end();
    }, options);
    const config = [
      { key: "http.sslcainfo", value: authority.file },
      { key: "http.sslcert", value: authority.client.cert },
      { key: "http.sslkey", value: authority.client.key },
    ];
    await testClient({ config }).send({ method: "GET", url: server.origin, access: "none" }).then(textOf);
    expect(names).toEqual(["ada"]);
  });

  it("makes no way from https to http", async () => {
    const plain = await startServer((_, response) => void response.end("plain"));
    const server = await startServer((_, response) => void response.writeHead(307, { location: plain.origin }).end(), {
      tls: authority.server,
    });
    const config = [{ key: "http.sslcainfo", value: authority.file }];
    const sent = testClient({ config }).send({ method: "GET", url: server.origin, access: "none" });
    await expect(sent).rejects.toMatchObject({
      code: "network",
      retryable: false,
      message: expect.stringContaining("not encrypted"),
    });
    expect(plain.connections()).toBe(0);
    const back = await startServer((_, response) => void response.writeHead(307, { location: server.origin }).end());
    await expect(
      testClient({ config }).send({ method: "GET", url: back.origin, access: "none" }),
    ).rejects.toMatchObject({ message: expect.stringContaining("not encrypted") });
    expect(server.received.length).toBe(2);
  });
});
