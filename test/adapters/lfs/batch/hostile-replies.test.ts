import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import type { Pointer } from "../../../../src/domain/artifact/pointer.ts";
import type { ErrorCode } from "../../../../src/errors.ts";
import { type Behaviour, type LfsServerOptions, startLfsServer } from "../../../support/lfs-server/lfs-server.ts";
import type { BatchReply, ReplyAction, ReplyObject } from "../../../support/lfs-server/wire.ts";
import { failure } from "../objects.ts";
import { openSide } from "./batch-support.ts";

interface Hostility {
  readonly name: string;
  /** `none` or a code: how a download ends. */
  readonly code: ErrorCode;
  readonly says: string | RegExp;
  readonly behaviour: Behaviour;
}

function objects(change: (object: ReplyObject) => unknown): Behaviour {
  return { batch: (reply) => ({ ...reply, objects: (reply.objects as readonly ReplyObject[]).map(change) }) };
}

function action(change: Partial<Record<keyof ReplyAction, unknown>>): Behaviour {
  return objects(({ actions, ...object }) => ({
    ...object,
    actions: { download: { ...actions?.download, ...change } },
  }));
}

function reply(change: (reply: BatchReply) => unknown): Behaviour {
  return { batch: (honest) => change(honest) as BatchReply };
}

function raw(answer: (response: ServerResponse) => void): Behaviour {
  return {
    batch: (_, { response }) => {
      answer(response);
      return null;
    },
  };
}

function status(code: number, headers: Readonly<Record<string, string>> = {}, body = ""): Behaviour {
  return raw((response) => void response.writeHead(code, headers).end(body));
}

const OTHER = "b".repeat(64);
const WORDS = JSON.stringify({
  message: "Not today\u001b[31m, Eve\n::set-output::",
  documentation_url: "https://docs.example/lfs?token=secret",
});

const REPLIES: readonly Hostility[] = [
  {
    name: "a web page",
    code: "lfs-failed",
    says: "a web page",
    behaviour: status(200, {}, "<!doctype html><p>hi</p>"),
  },
  { name: "no JSON", code: "lfs-failed", says: "not JSON", behaviour: status(200, {}, "{") },
  { name: "nothing", code: "lfs-failed", says: "not JSON", behaviour: status(200) },
  { name: "a list", code: "lfs-failed", says: "not a batch reply", behaviour: reply(() => []) },
  { name: "null", code: "lfs-failed", says: "not a batch reply", behaviour: status(200, {}, "null") },
  { name: "no objects", code: "lfs-failed", says: "no list of objects", behaviour: reply(() => ({})) },
  {
    name: "deep nesting",
    code: "lfs-failed",
    says: /objects|JSON/,
    behaviour: status(200, {}, `{"objects":${"[".repeat(1e6)}`),
  },
  {
    name: "a million objects",
    code: "lfs-failed",
    says: "1000000 objects for 1",
    behaviour: reply(() => ({ objects: Array(1_000_000).fill(0) })),
  },
  {
    name: "a huge reply",
    code: "network",
    says: "more than",
    behaviour: reply((honest) => ({ ...honest, padding: "x".repeat(50_000_000) })),
  },
  {
    name: "an endless reply",
    code: "network",
    says: "more than",
    behaviour: raw((response) => {
      const more = () => {
        while (response.writable && response.write(" ".repeat(65_536)));
      };
      response.writeHead(200).on("drain", more);
      more();
    }),
  },
  {
    name: "an oid that nobody asked for",
    code: "lfs-failed",
    says: "nobody asked for",
    behaviour: objects((each) => ({ ...each, oid: OTHER })),
  },
  {
    name: "an oid with a path in it",
    code: "lfs-failed",
    says: "without a sha256",
    behaviour: objects((each) => ({ ...each, oid: "../../../etc/passwd" })),
  },
  {
    name: "an oid in upper case",
    code: "lfs-failed",
    says: "without a sha256",
    behaviour: objects((each) => ({ ...each, oid: each.oid.toUpperCase() })),
  },
  { name: "no oid", code: "lfs-failed", says: "without a sha256", behaviour: objects(() => ({})) },
  {
    name: "a doubled oid",
    code: "lfs-failed",
    says: "2 objects for 1",
    behaviour: reply(({ objects }) => ({ objects: [...(objects as object[]), ...(objects as object[])] })),
  },
  {
    name: "a missing oid",
    code: "lfs-failed",
    says: "nothing about object",
    behaviour: reply(() => ({ objects: [] })),
  },
  {
    name: "another size",
    code: "lfs-failed",
    says: "4 bytes for object",
    behaviour: objects((each) => ({ ...each, size: 4 })),
  },
  {
    name: "a negative size",
    code: "lfs-failed",
    says: "-1 bytes for object",
    behaviour: objects((each) => ({ ...each, size: -1 })),
  },
  {
    name: "a size as text",
    code: "lfs-failed",
    says: "no size for object",
    behaviour: objects((each) => ({ ...each, size: "3" })),
  },
  {
    name: "another transfer",
    code: "lfs-failed",
    says: "transfer",
    behaviour: reply((honest) => ({ ...honest, transfer: "tus" })),
  },
  {
    name: "another hash",
    code: "lfs-failed",
    says: "hash_algo",
    behaviour: reply((honest) => ({ ...honest, hash_algo: "md5" })),
  },
  { name: "href file:", code: "lfs-failed", says: "scheme file:", behaviour: action({ href: "file:///etc/passwd" }) },
  { name: "href ftp:", code: "lfs-failed", says: "scheme ftp:", behaviour: action({ href: "ftp://127.0.0.1/x" }) },
  {
    name: "href javascript:",
    code: "lfs-failed",
    says: "scheme javascript:",
    behaviour: action({ href: "javascript:alert(1)" }),
  },
  {
    name: "a relative href",
    code: "lfs-failed",
    says: "an address that is none",
    behaviour: action({ href: "/object" }),
  },
  {
    name: "an href with a line break",
    code: "lfs-failed",
    says: "an address that is none",
    behaviour: action({ href: "http://127.0.0.1/\r\nx: y" }),
  },
  { name: "no href", code: "lfs-failed", says: "an address that is none", behaviour: action({ href: undefined }) },
  {
    name: "a long href",
    code: "lfs-failed",
    says: "an address that is none",
    behaviour: action({ href: `http://127.0.0.1/${"x".repeat(20_000)}` }),
  },
  {
    name: "CRLF in a header",
    code: "lfs-failed",
    says: "a header that cannot be sent",
    behaviour: action({ header: { "x-a": "b\r\nHost: evil" } }),
  },
  {
    name: "CRLF in a header's name",
    code: "lfs-failed",
    says: "a header that cannot be sent",
    behaviour: action({ header: { "x-a\r\nb": "c" } }),
  },
  {
    name: "a header that is no text",
    code: "lfs-failed",
    says: "a header that cannot be sent",
    behaviour: action({ header: { "x-a": 1 } }),
  },
  {
    name: "a thousand headers",
    code: "lfs-failed",
    says: "1000 headers",
    behaviour: action({ header: Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`x-${n}`, ""])) }),
  },
  { name: "an expiry that is no date", code: "lfs-failed", says: "no date", behaviour: action({ expires_at: "soon" }) },
  {
    name: "an expires_in that is text",
    code: "lfs-failed",
    says: "expires_in",
    behaviour: action({ expires_in: "60" }),
  },
  {
    name: "actions that are a list",
    code: "lfs-failed",
    says: "not an action",
    behaviour: objects(({ actions: _, ...each }) => ({ ...each, actions: { download: [] } })),
  },
  {
    name: "an error without a code",
    code: "lfs-failed",
    says: "an error without a code",
    behaviour: objects((each) => ({ ...each, error: {} })),
  },
  {
    name: "error 404",
    code: "lfs-missing",
    says: "lacks object",
    behaviour: objects(({ oid, size }) => ({ oid, size, error: { code: 404, message: "x" } })),
  },
  {
    name: "error 410",
    code: "lfs-missing",
    says: "lacks object",
    behaviour: objects(({ oid, size }) => ({ oid, size, error: { code: 410, message: "x" } })),
  },
  {
    name: "neither actions nor an error",
    code: "lfs-missing",
    says: "lacks object",
    behaviour: objects(({ oid, size }) => ({ oid, size })),
  },
  {
    name: "error 409",
    code: "lfs-failed",
    says: /sha256 +only \(code 409\)/,
    behaviour: objects(({ oid }) => ({ oid, error: { code: 409, message: "sha256\u202e only" } })),
  },
  {
    name: "error 422",
    code: "lfs-failed",
    says: "(code 422)",
    behaviour: objects(({ oid }) => ({ oid, error: { code: 422, message: "wrong" } })),
  },
  {
    name: "error 403",
    code: "auth-failed",
    says: "(code 403)",
    behaviour: objects(({ oid }) => ({ oid, error: { code: 403, message: "no" } })),
  },
  {
    name: "error 503 for ever",
    code: "lfs-failed",
    says: "code 503",
    behaviour: objects(({ oid }) => ({ oid, error: { code: 503, message: "" } })),
  },
  {
    name: "HTTP 401 with LFS-Authenticate",
    code: "auth-failed",
    says: "login",
    behaviour: status(401, { "lfs-authenticate": "Basic" }),
  },
  {
    name: "HTTP 403",
    code: "auth-failed",
    says: "Not today [31m, Eve ::set-output:: (see https://docs.example/lfs)",
    behaviour: status(403, {}, WORDS),
  },
  { name: "HTTP 404", code: "lfs-failed", says: "(HTTP 404)", behaviour: status(404) },
  { name: "HTTP 406", code: "lfs-failed", says: "media type", behaviour: status(406) },
  { name: "HTTP 413", code: "lfs-failed", says: "too large", behaviour: status(413) },
  { name: "HTTP 422", code: "lfs-failed", says: "(HTTP 422)", behaviour: status(422) },
  {
    name: "HTTP 429 with a huge Retry-After",
    code: "network",
    says: "in 86400 s",
    behaviour: status(429, { "retry-after": "86400" }),
  },
  {
    name: "HTTP 429 with a Retry-After of many digits",
    code: "network",
    says: "it wants to be asked again in",
    behaviour: status(429, { "retry-after": "9".repeat(30) }),
  },
  {
    name: "HTTP 429 with a date in 2999",
    code: "network",
    says: "it wants to be asked again in",
    behaviour: status(429, { "retry-after": "Tue, 01 Jan 2999 00:00:00 GMT" }),
  },
  { name: "HTTP 500 for ever", code: "lfs-failed", says: "(HTTP 500)", behaviour: status(500) },
  { name: "HTTP 501", code: "lfs-failed", says: "no LFS", behaviour: status(501) },
  { name: "HTTP 503 for ever", code: "network", says: "(HTTP 503)", behaviour: status(503) },
  { name: "HTTP 507", code: "lfs-failed", says: "full", behaviour: status(507) },
  { name: "HTTP 509", code: "lfs-failed", says: "limit", behaviour: status(509) },
  {
    name: "HTTP 200 less than whole",
    code: "network",
    says: "No answer",
    behaviour: raw(
      (response) => void response.writeHead(200, { "content-length": "9" }).write("{", () => response.destroy()),
    ),
  },
  { name: "a redirect by 302", code: "network", says: "redirects", behaviour: status(302, { location: "/elsewhere" }) },
  {
    name: "a redirect in a loop",
    code: "network",
    says: "redirects",
    behaviour: status(307, { location: "/lfs/objects/batch" }),
  },
  {
    name: "a redirect to file:",
    code: "network",
    says: "redirects",
    behaviour: status(307, { location: "file:///etc/passwd" }),
  },
  { name: "HTTP 204", code: "lfs-failed", says: "(HTTP 204)", behaviour: status(204) },
  { name: "HTTP 304", code: "lfs-failed", says: "(HTTP 304)", behaviour: status(304) },
];

async function started(options: LfsServerOptions) {
  const server = await startLfsServer(options);
  const { oid, size } = await server.objects.put("one");
  const side = await openSide(server.endpoint);
  return { server, ...side, pointer: { sha256: oid as Pointer["sha256"], size } };
}

describe("a batch reply with", () => {
  it.each(REPLIES)("$name is $code, and leaves nothing behind", async ({ code, says, behaviour }) => {
    const { remote, store, pointer, clock, server } = await started({ behaviour });
    const error = await failure(remote.download([pointer], store));
    expect(error.message).toMatch(says);
    expect(error.code).toBe(code);
    expect(error.message.length).toBeLessThan(900);
    expect(error.message + (error.hint ?? "")).not.toMatch(/[\p{Cc}\p{Cf}]|secret/u);
    expect(await store.check(pointer)).toBe("missing");
    expect(clock.waited).toBeLessThan(60_000);
    expect(server.to("/object/")).toHaveLength(0);
  });

  it("a doubled oid beside a missing one is refused too", async () => {
    const { remote, store, pointer, server } = await started({
      behaviour: reply(({ objects }) => ({ objects: (objects as object[]).map(() => (objects as object[])[0]) })),
    });
    const { oid, size } = await server.objects.put("two!");
    const error = await failure(remote.download([pointer, { sha256: oid as Pointer["sha256"], size }], store));
    expect(error).toMatchObject({ code: "lfs-failed" });
    expect(error.message).toContain("twice");
  });

  it("the objects in another order, unknown keys and no transfer is taken", async () => {
    const { remote, store, server } = await started({
      behaviour: reply(({ objects }) => ({ objects: (objects as object[]).toReversed(), future: { a: 1 } })),
    });
    const pointers: Pointer[] = [];
    for (const content of ["a", "bb", "ccc"]) {
      const { oid, size } = await server.objects.put(content);
      pointers.push({ sha256: oid as Pointer["sha256"], size });
    }
    await remote.download(pointers, store);
    for (const pointer of pointers) expect(await store.check(pointer, { hash: true })).toBe("present");
  });
});

describe("an expiry", () => {
  it("in the past is renewed once, and then tried all the same", async () => {
    const { remote, store, pointer, server } = await started({
      behaviour: action({ expires_at: "2001-01-01T00:00:00Z" }),
    });
    await remote.download([pointer], store);
    expect(server.to("/lfs/objects/batch")).toHaveLength(2);
    expect(await store.check(pointer)).toBe("present");
  });

  it("in the past that the server means is no endless loop", async () => {
    const { remote, store, pointer, server } = await started({
      behaviour: {
        ...action({ expires_at: "2001-01-01T00:00:00Z" }),
        object: ({ response }) => void response.writeHead(403).end(),
      },
    });
    expect(await failure(remote.download([pointer], store))).toMatchObject({ code: "auth-failed" });
    expect(server.to("/lfs/objects/batch")).toHaveLength(2);
    expect(server.to("/object/")).toHaveLength(1);
  });

  it("by expires_in wins over expires_at, and a negative one is past", async () => {
    const { remote, store, pointer, server } = await started({
      behaviour: action({ expires_in: 3600, expires_at: "2001-01-01T00:00:00Z" }),
    });
    await remote.download([pointer], store);
    expect(server.to("/lfs/objects/batch")).toHaveLength(1);
    const late = await started({ behaviour: action({ expires_in: -5, expires_at: "2999-01-01T00:00:00Z" }) });
    await late.remote.download([late.pointer], late.store);
    expect(late.server.to("/lfs/objects/batch")).toHaveLength(2);
  });

  it("within five seconds counts as past, and the year 1 as never", async () => {
    const soon = await started({ behaviour: action({ expires_in: 5 }) });
    await soon.remote.download([soon.pointer], soon.store);
    expect(soon.server.to("/lfs/objects/batch")).toHaveLength(2);
    const never = await started({ behaviour: action({ expires_in: 0, expires_at: "0001-01-01T00:00:00Z" }) });
    await never.remote.download([never.pointer], never.store);
    expect(never.server.to("/lfs/objects/batch")).toHaveLength(1);
  });

  it("that was not announced is renewed when the action is refused", async () => {
    const { remote, store, pointer, server } = await started({
      behaviour: {
        object: ({ turn, response, honest }) => (turn === 1 ? void response.writeHead(403).end() : honest()),
      },
    });
    await remote.download([pointer], store);
    expect(server.to("/lfs/objects/batch")).toHaveLength(2);
    expect(await store.check(pointer)).toBe("present");
  });
});

describe("an object that the server cannot speak of for a moment", () => {
  it("is asked for again", async () => {
    let asked = 0;
    const { remote, store, pointer } = await started({
      behaviour: objects((each) => {
        asked += 1;
        return asked < 4 ? { oid: each.oid, size: each.size, error: { code: 503, message: "busy" } } : each;
      }),
    });
    await remote.download([pointer], store);
    expect(asked).toBe(4);
  });
});
