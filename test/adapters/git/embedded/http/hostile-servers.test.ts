import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { openEmbeddedGit } from "../../../../../src/adapters/git/embedded/open-embedded-git.ts";
import { testHttpClient } from "../../../../support/http-client.ts";
import { isolatedEnvironment } from "../../../../support/run-git.ts";
import { tempRepo } from "../../../../support/temp-repo.ts";
import {
  type Answer,
  advertising,
  type Behaviour,
  band,
  bombEntry,
  commitOf,
  copies,
  distance,
  endless,
  entry,
  idOf,
  line,
  ONE,
  packAnswer,
  packOf,
  result,
  sealed,
  startHostileServer,
} from "./hostile-git-server.ts";
import { BRANCHES } from "./served.ts";

const RESULT = "application/x-git-upload-pack-result";
const COMMIT = commitOf();
const TIP = idOf("commit", COMMIT);
const EMPTY_TREE = entry("tree", Buffer.alloc(0));
const GOOD = packOf([entry("commit", COMMIT), EMPTY_TREE]);

const withStatus =
  (status: number, type = "text/plain", body = "no"): Answer =>
  (response) =>
    void response.writeHead(status, { "content-type": type }).end(body);

const stalls =
  (first: string | Uint8Array): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": RESULT });
    response.write(first);
  };

function fetching(pack: Buffer): Behaviour {
  return { fetch: result(packAnswer(pack)) };
}

describe("a sound server of our own", () => {
  it("is fetched from: what the table below tries is refused for its own fault", async () => {
    const { repo, fetch } = await clientOf(fetching(GOOD));
    expect((await fetch()).updated).toEqual([{ ref: "refs/remotes/origin/main", from: null, to: TIP }]);
    await repo.fsck();
  });

  it("may send a ref that Git would not take: it is passed over, and nothing is written outside", async () => {
    const names = ["refs/heads/../../../evil", "refs/heads/a\u0001b", "refs/heads/x.lock", "evil"];
    const lines = [...names, "refs/heads/main"].map((name) => line(`${TIP} ${name}\n`)).join("");
    const { repo, fetch } = await clientOf({ ...fetching(GOOD), lsRefs: result(`${lines}0000`) });
    await fetch();
    expect(await repo.git("for-each-ref", "--format=%(refname)")).toBe("refs/remotes/origin/main");
  });

  it("may answer with an old protocol: its refs are listed, fetching needs git", async () => {
    const refs = [
      line(`${TIP} HEAD\0multi_ack symref=HEAD:refs/heads/main agent=x\n`),
      line(`${TIP} refs/heads/main\n`),
      line(`${ONE} refs/tags/v1\n`),
      line(`${TIP} refs/tags/v1^{}\n`),
    ].join("");
    const { store, fetch } = await clientOf({
      advertisement: advertising(`${line("# service=git-upload-pack\n")}0000${refs}0000`),
    });
    expect(await store.listRemote("origin")).toEqual({
      head: "main",
      refs: [
        { name: "refs/heads/main", id: TIP, peeled: null },
        { name: "refs/tags/v1", id: ONE, peeled: TIP },
      ],
    });
    await expect(fetch()).rejects.toMatchObject({
      code: "git-required",
      message: expect.stringContaining("version 2"),
    });
  });
});

const bomb = (): Buffer => {
  // Each step is 200 times as large as the one before: 100 bytes become 160 GB in five of them.
  const base = entry("blob", Buffer.alloc(100, 1));
  const entries = [base];
  let size = 100;
  for (let step = 0; step < 5; step++) {
    const previous = entries.at(-1) ?? base;
    entries.push(entry("ofs", copies(size, 200), { base: distance(previous.length) }));
    size *= 200;
  }
  return packOf([entry("commit", COMMIT), EMPTY_TREE, ...entries]);
};
/** Many deltas, each making 16 MB of a few bytes. */
const flood = (): Buffer => {
  const base = entry("blob", Buffer.alloc(16_000_000));
  const entries = [base];
  let behind = base.length;
  for (let n = 0; n < 400; n++) {
    const next = entry("ofs", copies(16_000_000, 1, [n & 0xff, n >> 8]), { base: distance(behind) });
    entries.push(next);
    behind += next.length;
  }
  return packOf(entries);
};

/** A branch that names this commit, which comes with the empty tree alone. */
function fetchingCommit(commit: Buffer): Behaviour {
  const list = line(`${idOf("commit", commit)} refs/heads/main\n`);
  return { ...fetching(packOf([entry("commit", commit), EMPTY_TREE])), lsRefs: result(`${list}0000`) };
}

const CASES: readonly (readonly [string, () => Behaviour, string])[] = [
  ["HTML instead of Git", () => ({ advertisement: withStatus(200, "text/html", "<html>") }), "git-failed"],
  ["the right type around something else", () => ({ advertisement: advertising("<html></html>") }), "git-failed"],
  ["an empty answer", () => ({ advertisement: advertising("") }), "network"],
  ["401", () => ({ advertisement: withStatus(401) }), "auth-failed"],
  ["403", () => ({ advertisement: withStatus(403) }), "auth-failed"],
  ["404", () => ({ advertisement: withStatus(404) }), "git-failed"],
  ["500", () => ({ advertisement: withStatus(500) }), "network"],
  ["429 to the fetch itself", () => ({ fetch: withStatus(429) }), "network"],
  [
    "another digest",
    () => ({ advertisement: advertising(`${line("version 2\n")}${line("object-format=sha256\n")}0000`) }),
    "repository-unsupported",
  ],
  ["no ls-refs", () => ({ advertisement: advertising(`${line("version 2\n")}0000`) }), "git-required"],
  [
    "a thousand capabilities",
    () => ({ advertisement: advertising(`${line("version 2\n")}${line("a\n").repeat(1000)}0000`) }),
    "git-failed",
  ],
  [
    "an id that is not hex",
    () => ({ lsRefs: result(`${line(`${"z".repeat(40)} refs/heads/main\n`)}0000`) }),
    "git-failed",
  ],
  [
    "an id of another length",
    () => ({ lsRefs: result(`${line(`${"1".repeat(64)} refs/heads/main\n`)}0000`) }),
    "git-failed",
  ],
  ["an ERR line", () => ({ lsRefs: result(line("ERR \u001b[31mno\u202e http://user:secret@x/\n")) }), "git-failed"],
  ["a list that is cut off", () => ({ lsRefs: result(line(`${TIP} refs/heads/main\n`)) }), "network"],
  ["a packet that is cut off", () => ({ lsRefs: result("00ff1234") }), "network"],
  ["a packet length of 3", () => ({ lsRefs: result("0003") }), "git-failed"],
  ["a packet length that is no number", () => ({ lsRefs: result("zzzz") }), "git-failed"],
  [
    "ten million refs",
    () => ({ lsRefs: endless(RESULT, "", line(`${TIP} refs/heads/a\n`).repeat(1000)) }),
    "git-failed",
  ],
  ["a server that stops in its list", () => ({ lsRefs: stalls(line(`${TIP} refs/heads/main\n`)) }), "network"],
  ["a server that stops in its pack", () => ({ fetch: stalls(packAnswer(GOOD).subarray(0, 90)) }), "network"],
  [
    "endless progress",
    () => ({
      fetch: endless(RESULT, line("packfile\n"), Buffer.concat(Array(100).fill(band(2, Buffer.from("Counting"))))),
    }),
    "network",
  ],
  [
    "endless signs of life",
    () => ({ fetch: endless(RESULT, line("packfile\n"), Buffer.concat(Array(5000).fill(band(1, Buffer.alloc(0))))) }),
    "network",
  ],
  ["empty packets", () => ({ fetch: endless(RESULT, line("packfile\n"), "0004".repeat(1000)) }), "git-failed"],
  [
    "another band",
    () => ({ fetch: result(Buffer.concat([Buffer.from(line("packfile\n")), band(9, Buffer.from("x"))])) }),
    "git-failed",
  ],
  [
    "the error band",
    () => ({
      fetch: result(Buffer.concat([Buffer.from(line("packfile\n")), band(3, Buffer.from("\u001b[2Jout of memory\n"))])),
    }),
    "git-failed",
  ],
  ["another section", () => ({ fetch: result(`${line("acknowledgments\n")}0001`) }), "git-failed"],
  [
    "a history that is cut off",
    () => ({ fetch: result(packAnswer(GOOD, `${line("shallow-info\n")}${line(`shallow ${TIP}\n`)}0001`)) }),
    "shallow-history",
  ],
  ["no pack", () => ({ fetch: result(`${line("packfile\n")}0000`) }), "network"],
  ["a pack without its end", () => fetching(GOOD.subarray(0, -7)), "network"],
  [
    "a pack with a wrong trailer",
    () => fetching(Buffer.concat([GOOD.subarray(0, -20), Buffer.alloc(20, 1)])),
    "network",
  ],
  [
    "something else with a right trailer",
    () => fetching(sealed(Buffer.from("HELLO WORLD, I AM NO PACK"))),
    "git-failed",
  ],
  [
    "a pack of another version",
    () => fetching(sealed(Buffer.concat([Buffer.from("PACK"), Buffer.from([0, 0, 0, 9, 0, 0, 0, 0])]))),
    "git-failed",
  ],
  ["a pack that counts too many", () => fetching(packOf([entry("commit", COMMIT), EMPTY_TREE], 3)), "git-failed"],
  ["a pack that counts too few", () => fetching(packOf([entry("commit", COMMIT), EMPTY_TREE], 1)), "git-failed"],
  ["a pack that counts four billion", () => fetching(packOf([entry("commit", COMMIT)], 0xffffffff)), "git-failed"],
  ["an object twice", () => fetching(packOf([entry("commit", COMMIT), EMPTY_TREE, EMPTY_TREE])), "git-failed"],
  ["other objects than asked for", () => fetching(packOf([entry("blob", Buffer.from("x"))])), "git-failed"],
  ["an empty pack", () => fetching(packOf([])), "git-failed"],
  ["a commit without its tree", () => fetchingCommit(commitOf(ONE)), "git-failed"],
  ["a commit without its parent", () => fetchingCommit(commitOf(undefined, [ONE])), "git-failed"],
  [
    "a commit that is none",
    () => fetching(packOf([entry("commit", COMMIT), EMPTY_TREE, entry("commit", Buffer.from("tree x\n"))])),
    "git-failed",
  ],
  [
    "a tree that is cut off",
    () => fetching(packOf([entry("commit", COMMIT), EMPTY_TREE, entry("tree", Buffer.from("100644 a\0short"))])),
    "git-failed",
  ],
  [
    "a lying size",
    () => fetching(packOf([entry("commit", COMMIT, { size: COMMIT.length + 1 }), EMPTY_TREE])),
    "git-failed",
  ],
  [
    "600 kB that inflate to 600 MB",
    () => fetching(packOf([entry("commit", COMMIT), EMPTY_TREE, bombEntry(600 * 1024 * 1024)])),
    "git-failed",
  ],
  [
    "600 MB that call themselves 10 bytes",
    () => fetching(packOf([entry("commit", COMMIT), EMPTY_TREE, bombEntry(10)])),
    "git-failed",
  ],
  ["a chain of deltas that explodes", () => fetching(bomb()), "git-failed"],
  ["hundreds of deltas that make 16 MB each", () => fetching(flood()), "git-failed"],
  [
    "a delta on a base that is not there",
    () =>
      fetching(
        packOf([entry("commit", COMMIT), EMPTY_TREE, entry("ref", copies(10, 1), { base: Buffer.alloc(20, 7) })]),
      ),
    "git-failed",
  ],
  [
    "a delta on the head of the pack",
    () => fetching(packOf([entry("ofs", copies(10, 1), { base: distance(11) })])),
    "git-failed",
  ],
  [
    "a delta on a base of another size",
    () =>
      fetching(
        packOf([
          entry("blob", Buffer.from("0123456789")),
          entry("ofs", copies(11, 1), { base: distance(entry("blob", Buffer.from("0123456789")).length) }),
        ]),
      ),
    "git-failed",
  ],
  [
    "bytes that are not deflated",
    () => fetching(packOf([Buffer.from([0x35, 1, 2, 3, 4, 5, 6, 7, 8, 9])])),
    "git-failed",
  ],
  [
    "an entry of an unknown type",
    () => fetching(packOf([Buffer.concat([Buffer.from([0x50]), deflateSync(Buffer.alloc(0))])])),
    "git-failed",
  ],
];

/** What must have been the reason, where several could have stopped it. */
const REASONS: Readonly<Record<string, RegExp>> = {
  "a pack that counts too many": /cut off|entry/,
  "a pack that counts too few": /more in its pack/,
  "a pack that counts four billion": /4294967295 objects/,
  "an object twice": /twice/,
  "other objects than asked for": new RegExp(TIP),
  "a commit without its tree": new RegExp(ONE),
  "a commit without its parent": new RegExp(ONE),
  "a lying size": /damaged/,
  "600 kB that inflate to 600 MB": /more than 104857600 bytes/,
  "600 MB that call themselves 10 bytes": /damaged/,
  "a chain of deltas that explodes": /more than 104857600 bytes/,
  "hundreds of deltas that make 16 MB each": /too much/,
  "a delta on a base that is not there": /no base/,
  "a delta on the head of the pack": /no base/,
  "a delta on a base of another size": /delta of its pack is damaged/,
};

describe("a server that lies is refused, nothing of it is kept, no ref moves:", () => {
  it.each(CASES)("%s", async (name, behaviour, code) => {
    const { repo, fetch } = await clientOf(behaviour());
    const error: unknown = await fetch().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: "RegistryError", code });
    const { message, hint } = error as { readonly message: string; readonly hint: string | null };
    expect(message).toMatch(REASONS[name] ?? /./);
    expect(`${message} ${hint}`).not.toMatch(/secret|[\p{Cc}\p{Cf}]/u);
    if (code !== "network") expect(hint).not.toBeNull();
    expect(await repo.git("for-each-ref")).toBe("");
    expect(await readdir(join(repo.gitDir, "objects/pack"))).toEqual([]);
    expect(await repo.git("count-objects")).toMatch(/^0 objects/);
    await expect(readdir(join(repo.gitDir, "shallow"))).rejects.toThrow(/ENOENT/);
  });

  it("objects by id that are others", async () => {
    const { store } = await clientOf(fetching(GOOD));
    await expect(store.fetchObjects("origin", [ONE as never])).rejects.toMatchObject({ code: "not-found" });
  });
});

async function clientOf(behaviour: Behaviour) {
  const { url, lines } = await startHostileServer(behaviour, TIP);
  const repo = await tempRepo({ bare: true });
  await repo.git("remote", "add", "origin", url);
  const store = await openEmbeddedGit({
    directory: repo.path,
    env: isolatedEnvironment(),
    http: (config) => testHttpClient(config, 400),
  });
  onTestFinished(() => store.close());
  return { repo, store, lines, fetch: () => store.fetch("origin", [BRANCHES]) };
}
