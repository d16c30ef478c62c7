import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  formatCommit,
  formatTag,
  formatTree,
  type ObjectKind,
  objectIdOf,
  parseObject,
} from "../../../src/adapters/git/object-format.ts";
import type { ObjectId } from "../../../src/domain/object-id.ts";
import type { Signature, TreeEntry } from "../../../src/ports/git-store.ts";
import { checkedId, type TempRepo, tempRepo } from "../../support/temp-repo.ts";

const ONE = checkedId("1".repeat(40));
const ADA: Signature = { name: "Ada Lovelace", email: "ada@example.org", seconds: 1_700_000_000, zone: "+0530" };
const latin1 = (text: string) => Buffer.from(text, "latin1");

let repo: TempRepo;

beforeAll(async () => {
  repo = await tempRepo();
});

async function rawObject(id: ObjectId, kind: ObjectKind): Promise<Buffer> {
  return repo.gitBytes({}, "cat-file", kind, id);
}

async function storeLiterally(kind: ObjectKind, content: Uint8Array): Promise<ObjectId> {
  const said = await repo.gitBytes({ input: content }, "hash-object", "-t", kind, "-w", "--stdin", "--literally");
  return checkedId(said.toString().trim());
}

describe("commits", () => {
  it("are read as git wrote them and give the same object again", async () => {
    await repo.commit("first", { "a.txt": "a" });
    const id = await repo.commit("Größe\n\nbody ✓", { "b.txt": "b" });
    const bytes = await rawObject(id, "commit");
    const commit = parseObject(id, "commit", bytes);
    if (commit.kind !== "commit") throw new Error(commit.kind);
    expect(commit.message).toBe("Größe\n\nbody ✓\n");
    expect(commit.author).toMatchObject({ name: "Ada Tester", email: "ada@example.org", zone: "+0000" });
    expect(commit.parents).toEqual([await repo.id("HEAD~1")]);
    expect(objectIdOf("commit", formatCommit(commit), "sha1")).toBe(id);
  });

  it("keep the bytes of an identity that is not UTF-8", () => {
    const content = latin1(`tree ${ONE}\nauthor J\xf6rg <j@x> 5 -0100\ncommitter  <> 0 +0000\n\nm\n`);
    const commit = parseObject(ONE, "commit", content);
    if (commit.kind !== "commit") throw new Error(commit.kind);
    expect(commit.author).toEqual({ name: "Jörg", email: "j@x", seconds: 5, zone: "-0100", raw: "J\xf6rg <j@x>" });
    expect(formatCommit(commit).equals(content)).toBe(true);
  });

  it("tolerate signatures, encodings and unknown headers", () => {
    const who = "A <a@x> 1 +0000";
    const gpg = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----";
    const content = latin1(
      `tree ${ONE}\nauthor ${who}\ncommitter ${who}\nencoding ISO-8859-1\n${gpg}\nx y\n\n\xe9t\xe9\n`,
    );
    expect(parseObject(ONE, "commit", content)).toMatchObject({ kind: "commit", message: "été\n", parents: [] });
  });

  it("write any message and identity that git's own fsck accepts", async () => {
    const part = fc.string({ unit: fc.constantFrom(..."aZ é✓.-'"), minLength: 1, maxLength: 12 });
    const tree = await storeLiterally("tree", new Uint8Array());
    const check = async (name: string, email: string, message: string, seconds: number) => {
      const who = { name, email: email.replaceAll(" ", ""), seconds, zone: "-0330" };
      const content = formatCommit({ tree, parents: [], author: who, committer: who, message });
      const id = objectIdOf("commit", content, "sha1");
      const said = await repo.gitBytes({ input: content }, "hash-object", "-t", "commit", "-w", "--stdin");
      expect(said.toString().trim()).toBe(id);
      expect(parseObject(id, "commit", content)).toMatchObject({ author: { email: who.email, seconds }, message });
    };
    const seconds = fc.nat({ max: 2 ** 31 - 1 });
    await fc.assert(
      fc.asyncProperty(part, part, fc.string(), seconds, async (a, b, text, at) => {
        await check(a, b, text.replaceAll("\0", ""), at);
      }),
      { numRuns: 20 },
    );
  });

  it.each(["Eve\nparent 1", "Eve <x>", "a\u0000b", "\u001b[31m", "\u0085"])("refuse the author %j", (name) => {
    const forged = { tree: ONE, parents: [], author: { ...ADA, name }, committer: ADA, message: "m\n" };
    expect(() => formatCommit(forged)).toThrowError(expect.objectContaining({ code: "usage" }));
    expect(() => formatCommit({ ...forged, author: { ...ADA, raw: `${name} <a>\n` } })).toThrowError(/identity/);
  });

  it.each([
    ["nothing", ""],
    ["no tree", `author A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm`],
    ["a short tree id", `tree 1234\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm`],
    ["a tree id of the other format", `tree ${"1".repeat(64)}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm`],
    ["no committer", `tree ${ONE}\nauthor A <a> 1 +0000\n\nm`],
    ["an author without a date", `tree ${ONE}\nauthor A <a>\ncommitter A <a> 1 +0000\n\nm`],
    ["a date beyond all numbers", `tree ${ONE}\nauthor A <a> 99999999999999999 +0000\ncommitter A <a> 1 +0000\n\nm`],
  ])("with %s are malformed", (_, content) => {
    expect(parseObject(ONE, "commit", latin1(content))).toMatchObject({ kind: "malformed", id: ONE });
  });
});

describe("tags", () => {
  it("are read as git wrote them and give the same object again", async () => {
    await repo.commit("tagged");
    await repo.git("tag", "-a", "team/fraud@v1.0.0", "-m", "hello\n\nReason: ünïcode");
    const id = await repo.id("refs/tags/team/fraud@v1.0.0");
    const tag = parseObject(id, "tag", await rawObject(id, "tag"));
    if (tag.kind !== "tag" || tag.tagger === null) throw new Error(tag.kind);
    expect(tag).toMatchObject({
      name: "team/fraud@v1.0.0",
      targetKind: "commit",
      message: "hello\n\nReason: ünïcode\n",
    });
    expect(objectIdOf("tag", formatTag({ ...tag, tagger: tag.tagger }, "commit"), "sha1")).toBe(id);
  });

  it("may lack a tagger, as very old ones do", () => {
    const content = latin1(`object ${ONE}\ntype commit\ntag v0.99\n\nold\n`);
    expect(parseObject(ONE, "tag", content)).toMatchObject({ kind: "tag", tagger: null, message: "old\n" });
  });

  it.each(["", "a b", "a\nb", "a..b", "x.lock", "-rf", "HEAD", "a@{1}"])("refuse the name %j", (name) => {
    expect(() => formatTag({ target: ONE, name, tagger: ADA, message: "m\n" }, "commit")).toThrowError(/no name/);
  });

  it("of an unknown target type are malformed", () => {
    const content = latin1(`object ${ONE}\ntype toString\ntag a\ntagger A <a> 1 +0000\n\nm\n`);
    expect(parseObject(ONE, "tag", content)).toMatchObject({ kind: "malformed" });
  });
});

describe("trees", () => {
  const entry = (name: string, mode: TreeEntry["mode"] = "100644"): TreeEntry => ({ name, mode, id: ONE });

  it("are sorted as git sorts them, folders as if they ended in a slash", async () => {
    const name = fc
      .string({ unit: fc.constantFrom(..."a.-0B_é"), minLength: 1, maxLength: 3 })
      .filter((n) => !/^\.+$/.test(n));
    const mode = fc.constantFrom<TreeEntry["mode"]>("100644", "40000", "160000", "120000", "100755");
    const entries = fc.uniqueArray(fc.record({ name, mode, id: fc.constant(ONE) }), {
      selector: (one) => one.name,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(entries, async (list) => {
        const kinds = { "40000": "tree", "160000": "commit" } as const;
        const input = list.map(
          (one) =>
            `${one.mode} ${one.mode in kinds ? kinds[one.mode as keyof typeof kinds] : "blob"} ${ONE}\t${one.name}\0`,
        );
        const said = await repo.gitBytes({ input: input.join("") }, "mktree", "--missing", "-z");
        const bytes = formatTree(list);
        const id = objectIdOf("tree", bytes, "sha1");
        expect(id).toBe(said.toString().trim());
        const parsed = parseObject(id, "tree", bytes);
        expect(parsed.kind === "tree" && new Set(parsed.entries)).toEqual(new Set(list));
      }),
      { numRuns: 25 },
    );
  });

  it("keep names that are not UTF-8", () => {
    const content = Buffer.concat([latin1("100644 caf\xe9\u00e2\0"), Buffer.from(ONE, "hex")]);
    const tree = parseObject(ONE, "tree", content);
    if (tree.kind !== "tree") throw new Error(tree.kind);
    expect(formatTree(tree.entries).equals(content)).toBe(true);
  });

  it("survive any bytes: parsed and written the same, or malformed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30, min: 1 }), fc.uint8Array({ maxLength: 80 }), (name, noise) => {
        const named = Buffer.concat([latin1("100644 "), name, Buffer.from([0]), Buffer.from(ONE, "hex")]);
        for (const bytes of [named, Buffer.from(noise)]) {
          const tree = parseObject(ONE, "tree", bytes);
          if (tree.kind === "tree") expect(formatTree(tree.entries).equals(bytes)).toBe(true);
          else expect(tree.kind).toBe("malformed");
        }
      }),
    );
  });

  const row = (head: string) => Buffer.concat([latin1(`${head}\0`), Buffer.from(ONE, "hex")]);
  it.each([
    ["a doubled name", [row("100644 a"), row("100644 a")]],
    ["a folder and a file of one name", [row("100644 a"), row("100644 a.b"), row("40000 a")]],
    ["a wrong order", [row("100644 b"), row("100644 a")]],
    ["an unknown mode", [row("100664 a")]],
    ["a padded mode", [row("040000 a")]],
    ["a slash", [row("100644 a/b")]],
    ["..", [row("40000 ..")]],
    [".GIT", [row("40000 .GIT")]],
    ["no name", [row("100644 ")]],
    ["a cut-off id", [row("100644 a").subarray(0, 15)]],
  ])("with %s are malformed", (_, parts) => {
    expect(parseObject(ONE, "tree", Buffer.concat(parts))).toMatchObject({ kind: "malformed" });
  });

  it.each([[[entry("a"), entry("a", "40000")]], [[entry("a/b")]], [[entry("..")]], [[entry("")]], [[entry(".git")]]])(
    "refuse to write %j",
    (entries) => {
      expect(() => formatTree(entries)).toThrowError(expect.objectContaining({ code: "usage" }));
    },
  );
});
