import { describe, expect, it } from "vitest";
import type { Pointer } from "../../../../src/domain/artifact/pointer.ts";
import { type LfsServerOptions, startLfsServer } from "../../../support/lfs-server/lfs-server.ts";
import type { RecordedRequest, ReplyObject } from "../../../support/lfs-server/wire.ts";
import { fixedLogins } from "../../http/http-support.ts";
import { failure } from "../objects.ts";
import { openSide, type SideOptions } from "./batch-support.ts";

const ADA = { username: "ada", password: "s3cret" };
const BASIC = `Basic ${Buffer.from("ada:s3cret").toString("base64")}`;

/** A server that wants Ada, and another one where the objects are. */
async function twoServers(options: LfsServerOptions = {}, side: SideOptions = {}) {
  const storage = await startLfsServer();
  const server = await startLfsServer({ login: "ada:s3cret", actionOrigin: storage.origin, ...options });
  const logins = fixedLogins(ADA);
  const client = await openSide(server.endpoint, { logins, ...side });
  return { storage, server, logins, ...client };
}

async function pointerIn(server: { readonly objects: { put(bytes: string): Promise<{ oid: string; size: number }> } }) {
  const { oid, size } = await server.objects.put("one");
  return { sha256: oid as Pointer["sha256"], size };
}

function secretsIn(requests: readonly RecordedRequest[]): readonly string[] {
  return requests.flatMap(({ path, headers }) =>
    [path, ...Object.values(headers)].filter((text) => /s3cret|YWRh|Basic|Bearer|cookie-of/.test(text)),
  );
}

describe("Git's logins", () => {
  it("go to the server, and not to an object's address on another port", async () => {
    const { storage, server, remote, ingest, store } = await twoServers();
    const pointer = await ingest("one");
    await failure(remote.upload([pointer]));
    await storage.objects.put("one");
    await server.objects.put("one");
    await store.quarantine(pointer);
    const reader = await openSide(server.endpoint, { logins: fixedLogins(ADA) });
    await reader.remote.download([pointer], reader.store);
    expect(
      server.to("/lfs/objects/batch").filter(({ headers }) => headers.authorization === BASIC).length,
    ).toBeGreaterThan(0);
    expect(storage.requests.map(({ method }) => method)).toEqual(expect.arrayContaining(["PUT", "POST", "GET"]));
    expect(secretsIn(storage.requests)).toEqual([]);
  });

  it("go to an object's address on the server itself", async () => {
    const server = await startLfsServer({ login: "ada:s3cret" });
    const { remote, store, ingest } = await openSide(server.endpoint, { logins: fixedLogins(ADA) });
    const pointer = await ingest("one");
    await remote.upload([pointer]);
    const reader = await openSide(server.endpoint, { logins: fixedLogins(ADA) });
    await reader.remote.download([pointer], reader.store);
    expect(await store.check(pointer)).toBe("present");
    // The first request without a login, all others with it.
    expect(server.requests.filter(({ headers }) => headers.authorization === undefined)).toHaveLength(2);
  });

  it("stay away from an action that brings its own", async () => {
    const server = await startLfsServer({ actionHeaders: { Authorization: "Bearer of-the-action" } });
    const logins = fixedLogins(ADA);
    const { remote, ingest } = await openSide(server.endpoint, { logins });
    await remote.upload([await ingest("one")]);
    const [put] = server.to("/object/");
    expect(put?.headers.authorization).toBe("Bearer of-the-action");
    expect(server.to("/verify")[0]?.headers.authorization).toBe("Bearer of-the-action");
    expect(logins.log).toEqual([]);
  });

  it("stay away where the server says that none is needed", async () => {
    const server = await startLfsServer({
      behaviour: {
        batch: (reply) => ({
          objects: (reply.objects as readonly ReplyObject[]).map((each) => ({ ...each, authenticated: true })),
        }),
        object: ({ response }) => void response.writeHead(401).end(),
      },
    });
    const logins = fixedLogins(ADA);
    const { remote, store } = await openSide(server.endpoint, { logins });
    expect(await failure(remote.download([await pointerIn(server)], store))).toMatchObject({ code: "auth-failed" });
    expect(logins.log).toEqual([]);
  });

  it("in the endpoint's address are used on its origin alone, and are in no message", async () => {
    const storage = await startLfsServer();
    for (const actionOrigin of [undefined, storage.origin]) {
      const server = await startLfsServer({
        login: "ada:s3cret",
        ...(actionOrigin === undefined ? {} : { actionOrigin }),
      });
      const address = server.endpoint.replace("http://", "http://ada:s3cret@");
      const { remote, store } = await openSide(address);
      const pointer = await pointerIn(server);
      await storage.objects.put("one");
      await remote.download([pointer], store);
      expect(await store.check(pointer)).toBe("present");
      const error = await failure(remote.download([{ ...pointer, size: 7 }], store));
      expect(error.message).not.toContain("s3cret");
      expect(error.message).toContain(server.origin);
    }
    expect(secretsIn(storage.requests)).toEqual([]);
  });

  it("do not follow a redirect to another origin, nor do the action's headers", async () => {
    const stranger = await startLfsServer();
    await stranger.objects.put("one");
    const server = await startLfsServer({
      login: "ada:s3cret",
      actionHeaders: { "X-Token": "cookie-of-the-action" },
      behaviour: {
        object: ({ oid, response }) =>
          void response.writeHead(307, { location: `${stranger.origin}/object/${oid}` }).end(),
      },
    });
    const { remote, store } = await openSide(server.endpoint, { logins: fixedLogins(ADA) });
    const pointer = await pointerIn(server);
    await remote.download([pointer], store);
    expect(await store.check(pointer)).toBe("present");
    expect(stranger.requests).toHaveLength(1);
    expect(secretsIn(stranger.requests)).toEqual([]);
    expect(stranger.requests[0]?.headers["x-token"]).toBeUndefined();
  });

  it("and http.extraHeader are for the registry, not for where its objects are", async () => {
    const config = [{ key: "http.extraheader", value: "Authorization: Bearer cookie-of-ada" }];
    const storage = await startLfsServer();
    const server = await startLfsServer({ actionOrigin: storage.origin });
    const { remote, store } = await openSide(server.endpoint, { config, url: `${server.origin}/models` });
    const pointer = await pointerIn(server);
    await storage.objects.put("one");
    await remote.download([pointer], store);
    expect(server.requests[0]?.headers.authorization).toBe("Bearer cookie-of-ada");
    expect(secretsIn(storage.requests)).toEqual([]);
  });

  it("that nobody takes end in one error, not in one for each object", async () => {
    const server = await startLfsServer({ login: "somebody:else" });
    const logins = fixedLogins(ADA);
    const { remote, store } = await openSide(server.endpoint, { logins });
    const pointers = Array.from({ length: 300 }, (_, index) => ({
      sha256: index.toString(16).padStart(64, "0") as Pointer["sha256"],
      size: 1,
    }));
    expect(await failure(remote.download(pointers, store))).toMatchObject({ code: "auth-failed" });
    expect(await failure(remote.missing(pointers))).toMatchObject({ code: "auth-failed" });
    expect(server.requests.length).toBeLessThanOrEqual(4);
  });

  it("are asked for by one transfer alone, while the others wait", async () => {
    const open = await startLfsServer({ login: "ada:s3cret" });
    const batch = await startLfsServer({
      behaviour: {
        batch: (_, { batch: { objects } }) => ({
          objects: objects.map((each) => ({
            ...each,
            actions: { download: { href: `${batch.origin}/object/${each.oid}` } },
          })),
        }),
        object: async ({ oid, request, response }) => {
          if (request.headers.authorization === BASIC) await open.objects.give(oid, request, response);
          else response.writeHead(401).end();
        },
      },
    });
    const logins = fixedLogins(ADA);
    const { remote, store } = await openSide(batch.endpoint, { logins });
    const pointers: Pointer[] = [];
    for (let index = 0; index < 20; index += 1) {
      const { oid, size } = await open.objects.put(`object ${index}`);
      pointers.push({ sha256: oid as Pointer["sha256"], size });
    }
    await remote.download(pointers, store);
    expect(logins.log.filter((line) => line.startsWith("asked"))).toHaveLength(1);
    expect(batch.to("/object/").filter(({ headers }) => headers.authorization === undefined)).toHaveLength(1);
  });
});
