import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyDelta } from "../../../../src/adapters/git/embedded/delta.ts";
import { ObjectDatabase } from "../../../../src/adapters/git/embedded/object-database.ts";
import { writePack } from "../../../../src/adapters/git/embedded/pack-writer.ts";
import { objectIdOf } from "../../../../src/adapters/git/object-format.ts";
import type { ObjectId } from "../../../../src/domain/object-id.ts";
import { checkedId, type TempRepo, tempRepo } from "../../../support/temp-repo.ts";

const PRECIOUS = Buffer.from("precious\n");
const WHOLE = deflateSync(Buffer.concat([Buffer.from(`blob ${PRECIOUS.length}\0`), PRECIOUS]));

describe("loose objects", () => {
  it.each([
    ["empty", Buffer.alloc(0)],
    ["torn in its head", WHOLE.subarray(0, 6)],
    ["torn behind its head", WHOLE.subarray(0, WHOLE.length - 6)],
    ["no zlib stream", Buffer.from("garbage")],
    ["another object", deflateSync(Buffer.from("blob 9\0PRECIOUS\n"))],
    ["longer than it says", deflateSync(Buffer.from("blob 9\0precious\nand more"))],
    ["of a made-up kind", deflateSync(Buffer.from("blub 9\0precious\n"))],
  ])("a file that is %s is never handed out, and the next write replaces it", async (_, content) => {
    const repo = await tempRepo();
    const id = objectIdOf("blob", PRECIOUS, "sha1");
    const path = fileOf(repo, id);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode: 0o444 });
    const objects = openObjects(repo);
    expect(objects.read(id)?.kind).toBe("malformed");
    expect(await objects.write("blob", PRECIOUS)).toBe(id);
    expect(objects.readRaw(id)).toMatchObject({ kind: "blob", bytes: PRECIOUS });
    expect(await repo.git("cat-file", "blob", id)).toBe("precious");
    expect(await readdir(dirname(path))).toEqual([id.slice(2)]);
    await repo.fsck();
  });

  it("are left as they are when they are sound, but made young for a gc that runs beside", async () => {
    const repo = await tempRepo();
    const objects = openObjects(repo);
    const id = await objects.write("blob", PRECIOUS);
    const before = await stat(fileOf(repo, id));
    await new Promise((done) => setTimeout(done, 20));
    await objects.write("blob", PRECIOUS);
    const after = await stat(fileOf(repo, id));
    expect(after.ino).toBe(before.ino);
    expect(after.mtimeMs).toBeGreaterThan(before.mtimeMs);
    expect(after.mode & 0o777).toBe(0o444);
  });

  it("are not inflated beyond what their head says", async () => {
    const repo = await tempRepo();
    const id = checkedId("cd".repeat(20));
    await mkdir(dirname(fileOf(repo, id)), { recursive: true });
    const bomb = deflateSync(Buffer.concat([Buffer.from("blob 10\0"), Buffer.alloc(200_000_000)]), { level: 1 });
    await writeFile(fileOf(repo, id), bomb);
    const started = performance.now();
    expect(openObjects(repo).read(id)?.kind).toBe("malformed");
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("that are not absent but forbidden or no objects at all say so without a stack of the system's", async () => {
    const repo = await tempRepo();
    const objects = openObjects(repo);
    expect(objects.read(checkedId("ef".repeat(32)))).toBeNull();
    const id = await objects.write("blob", PRECIOUS);
    await rm(fileOf(repo, id));
    await mkdir(fileOf(repo, id));
    expect(() => objects.read(id)).toThrowError(expect.objectContaining({ code: "disk" }));
  });
});

describe("packed objects", () => {
  it("are all read as git reads them, through chains of deltas, by offset and by name", async () => {
    const repo = await tempRepo();
    let text = Array.from({ length: 400 }, (_, n) => `line ${n} ${randomBytes(8).toString("hex")}`);
    for (let n = 0; n < 12; n++) {
      text = text.map((line, at) => (at % 50 === n ? `changed ${n}` : line));
      await repo.commit(`commit ${n}`, { "big.txt": `${text.join("\n")}\n`, [`folder/${n}.txt`]: `${n}` });
    }
    await repo.git("tag", "-a", "v1", "-m", "tagged");
    for (const byName of [false, true]) {
      await repo.git("-c", `repack.useDeltaBaseOffset=${!byName}`, "repack", "-q", "-adf", "--depth=30");
      const objects = openObjects(repo);
      const listed = await repo.git(
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objectname) %(objecttype) %(objectsize)",
      );
      const rows = listed.split("\n").map((line) => line.split(" "));
      expect(rows.length).toBeGreaterThan(50);
      for (const [name = "", kind, size] of rows) {
        const id = checkedId(name);
        expect(objects.header(id)).toMatchObject({ kind, size: Number(size) });
        // The digest of the name proves the content.
        expect(objects.readRaw(id)).toMatchObject({ kind });
        expect(objects.read(id, Number(size) - 1)).toEqual({ kind: "too-large", id, size: Number(size) });
      }
      objects.close();
    }
  });

  it("that are damaged are malformed until they are written again", async () => {
    const repo = await tempRepo();
    await repo.commit("one", { "a.txt": randomBytes(400).toString("hex") });
    const id = await repo.id("HEAD:a.txt");
    const bytes = await repo.gitBytes({}, "cat-file", "blob", id);
    await repo.git("repack", "-q", "-ad");
    const [pack = ""] = (await readdir(join(repo.gitDir, "objects/pack"))).filter((name) => name.endsWith(".pack"));
    const path = join(repo.gitDir, "objects/pack", pack);
    const content = await readFile(path);
    await chmod(path, 0o644);
    await writeFile(path, Buffer.concat([content.subarray(0, 12), content.subarray(12).map((byte) => byte ^ 0x5a)]));
    const objects = openObjects(repo);
    expect(objects.read(id)?.kind).toBe("malformed");
    await objects.write("blob", bytes);
    expect(objects.readRaw(id)).toMatchObject({ kind: "blob", bytes });
  });

  it("stay readable while git packs anew beside an open store", async () => {
    const repo = await tempRepo();
    const ids: ObjectId[] = [];
    const objects = openObjects(repo);
    for (let n = 0; n < 4; n++) {
      ids.push(await repo.commit(`commit ${n}`, { "a.txt": `${n}` }));
      await repo.git("repack", "-q", "-ad");
      for (const id of ids) expect(objects.read(id)?.kind).toBe("commit");
    }
  });

  it("are not inflated when they are larger than asked for", async () => {
    const repo = await tempRepo();
    const objects = openObjects(repo);
    const bytes = Buffer.alloc(40_000_000);
    const id = objectIdOf("blob", bytes, "sha1");
    await writePack(objects.directory, [id], () => ({ id, kind: "blob", bytes }));
    const started = performance.now();
    expect(objects.read(id, 1 << 20)).toEqual({ kind: "too-large", id, size: bytes.length });
    expect(performance.now() - started).toBeLessThan(50);
  });

  it("written by us are a pack that git verifies", async () => {
    const repo = await tempRepo();
    const contents = Array.from({ length: 300 }, (_, n) => Buffer.from(`${n} `.repeat(n)));
    const byId = new Map(contents.map((bytes) => [objectIdOf("blob", bytes, "sha1"), bytes]));
    const objects = openObjects(repo);
    await writePack(objects.directory, [...byId.keys()], (id) => ({
      id,
      kind: "blob",
      bytes: byId.get(id) ?? PRECIOUS,
    }));
    const [index = ""] = (await readdir(join(repo.gitDir, "objects/pack"))).filter((name) => name.endsWith(".idx"));
    await repo.git("verify-pack", join(repo.gitDir, "objects/pack", index));
    for (const [id, bytes] of byId) expect(objects.readRaw(id)).toMatchObject({ kind: "blob", bytes });
    expect(await repo.git("count-objects", "-v")).toMatch(/in-pack: 300[\s\S]*garbage: 0/);
  });
});

describe("deltas", () => {
  it("never read or write outside of base and result, whatever they say", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ maxLength: 40 }), (base, tail) => {
        const delta = Buffer.from([base.length, 30, ...tail]);
        const result = applyDelta(Buffer.from(base), delta);
        return result === null || result.length === 30;
      }),
    );
  });

  it("copy, insert, and count to the byte", () => {
    const base = Buffer.from("hello world");
    expect(applyDelta(base, Buffer.from([11, 8, 0x91, 6, 5, 3, 1, 2, 3]))?.toString()).toBe("world\u0001\u0002\u0003");
    expect(applyDelta(base, Buffer.from([11, 9, 0x91, 6, 5, 3, 1, 2, 3]))).toBeNull();
    expect(applyDelta(base, Buffer.from([10, 5, 0x91, 6, 5]))).toBeNull();
    expect(applyDelta(base, Buffer.from([11, 6, 0x91, 6, 6]))).toBeNull();
    expect(applyDelta(base, Buffer.from([11, 1, 0]))).toBeNull();
  });
});

function openObjects(repo: TempRepo): ObjectDatabase {
  return new ObjectDatabase(join(repo.gitDir, "objects"));
}

function fileOf(repo: TempRepo, id: string): string {
  return join(repo.gitDir, "objects", id.slice(0, 2), id.slice(2));
}
