import { describe, expect, it } from "vitest";
import { parseBatchReply } from "../../../../src/adapters/lfs/batch/batch-reply.ts";
import { pointerTo } from "../objects.ts";

const POINTER = pointerTo("one");

function parsed(href: string, secure: boolean) {
  const objects = [{ oid: POINTER.sha256, size: 3, actions: { download: { href } } }];
  const question = { operation: "download", pointers: [POINTER] } as const;
  return parseBatchReply(JSON.stringify({ objects }), question, { name: "https://h/lfs", secure, askedAt: 0 });
}

describe("a batch reply", () => {
  it("of a server that was asked by https points to no address without encryption", () => {
    expect(() => parsed("http://h/object", true)).toThrow("without encryption");
    expect(parsed("https://elsewhere/object", true)).toMatchObject([
      { transfer: { href: "https://elsewhere/object" } },
    ]);
    expect(parsed("http://h/object", false)).toMatchObject([{ transfer: { href: "http://h/object" } }]);
  });

  it("keeps a header named like a property of every object", () => {
    const header = JSON.parse('{"__proto__": "x", "constructor": "y"}');
    const objects = [{ oid: POINTER.sha256, size: 3, actions: { download: { href: "http://h/o", header } } }];
    const question = { operation: "download", pointers: [POINTER] } as const;
    const [answer] = parseBatchReply(JSON.stringify({ objects }), question, { name: "h", secure: false, askedAt: 0 });
    expect(answer).toMatchObject({ transfer: { headers: { constructor: "y" } } });
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});
