import { execFileSync } from "node:child_process";
import { appendFile, mkdir, open, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openLocalStore } from "../../../src/adapters/lfs/local-store.ts";
import { EMPTY_SHA256 } from "../../../src/domain/artifact/pointer.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { failure, flipByte, pointerTo, stream } from "./objects.ts";

async function emptyStore() {
  const directory = await tempDir();
  const store = openLocalStore({ commonDir: join(directory, ".git") });
  const temporaries = async () => (await readdir(join(store.directory, "tmp")).catch(() => [])).length;
  const file = async (name: string, content: string | Uint8Array) => {
    await writeFile(join(directory, name), content);
    return join(directory, name);
  };
  return { directory, store, temporaries, file };
}

describe("the local LFS store", () => {
  it("keeps a file where git-lfs keeps it, readable for all, with no temporary file left", async () => {
    const { directory, store, temporaries, file } = await emptyStore();
    const pointer = await store.ingest(await file("model.onnx", "weights"));
    expect(pointer).toEqual(pointerTo("weights"));
    const { sha256 } = pointer;
    const path = join(directory, ".git/lfs/objects", sha256.slice(0, 2), sha256.slice(2, 4), sha256);
    expect(store.pathOf(sha256)).toBe(path);
    expect(await readFile(path, "utf8")).toBe("weights");
    expect((await stat(path)).mode & 0o777).toBe(0o644 & ~process.umask());
    expect(await temporaries()).toBe(0);
  });

  it("answers the digest of any content of any length, from a file and from a stream", async () => {
    const { store, file } = await emptyStore();
    const sizes = fc.constantFrom(1, 2, 65_536, 1_048_575, 1_048_576, 1_048_577, 4_194_304, 5_300_000);
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 0, max: 255 }), async (size, seed) => {
        const content = Buffer.alloc(size, Buffer.from([seed, 7, size % 251]));
        const expected = pointerTo(content);
        const path = await file("any.bin", content);
        expect(await store.measure(path)).toEqual(expected);
        let seen = 0;
        expect(await store.ingest(path, (bytes) => (seen += bytes))).toEqual(expected);
        expect(seen).toBe(size);
        expect((await readFile(store.pathOf(expected.sha256))).equals(content)).toBe(true);
        await store.receive(expected, stream(content.subarray(0, 1), content.subarray(1)));
        expect(await store.check(expected, { hash: true })).toBe("present");
      }),
      { numRuns: 16 },
    );
  });

  it("honours another storage directory", async () => {
    const directory = await tempDir();
    const store = openLocalStore({ commonDir: join(directory, ".git"), storage: join(directory, "elsewhere") });
    await writeFile(join(directory, "a"), "a");
    const { sha256 } = await store.ingest(join(directory, "a"));
    expect(store.pathOf(sha256).startsWith(join(directory, "elsewhere", "objects"))).toBe(true);
    expect(await readdir(directory)).toEqual(["a", "elsewhere"]);
  });

  it("stores nothing for an empty file, as git-lfs does, and finds it present", async () => {
    const { store, file } = await emptyStore();
    const pointer = await store.ingest(await file("empty", ""));
    expect(pointer).toEqual({ sha256: EMPTY_SHA256, size: 0 });
    await store.receive(pointer, stream());
    expect(await store.check(pointer, { hash: true })).toBe("present");
    expect(await readdir(store.directory)).toEqual(["tmp"]);
  });

  it("does not write again what it has, and heals what is damaged", async () => {
    const { store, file } = await emptyStore();
    const path = await file("a", "content");
    const { sha256 } = await store.ingest(path);
    const first = await stat(store.pathOf(sha256));
    await store.ingest(path);
    expect((await stat(store.pathOf(sha256))).ino).toBe(first.ino);
    await flipByte(store.pathOf(sha256));
    await store.ingest(path);
    expect(await readFile(store.pathOf(sha256), "utf8")).toBe("content");
  });

  it("refuses what is no regular file, naming it, and does not wait for a fifo", async () => {
    const { directory, store, file, temporaries } = await emptyStore();
    await symlink(await file("real", "x"), join(directory, "link"));
    await mkdir(join(directory, "folder"));
    execFileSync("mkfifo", [join(directory, "pipe")]);
    for (const [name, kind] of Object.entries({
      link: "a symbolic link",
      folder: "a directory",
      pipe: "a named pipe",
    })) {
      const error = await failure(store.ingest(join(directory, name)));
      expect(error).toMatchObject({ code: "artifact-invalid" });
      expect(error.message).toBe(`${join(directory, name)} is ${kind}, not a file`);
    }
    expect(await failure(store.ingest(join(directory, "absent")))).toMatchObject({ code: "artifact-invalid" });
    expect(await temporaries()).toBe(0);
  });

  it.each(["grows", "is rewritten"])("refuses a file that %s while it is read", async (what) => {
    const { store, file, temporaries } = await emptyStore();
    const path = await file("growing", Buffer.alloc(3_000_000, 1));
    let told = false;
    const touch = (): void => {
      if (told) return;
      told = true;
      if (what === "grows") void appendFile(path, "more");
      else void open(path, "r+").then(async (handle) => handle.write(Buffer.from("x"), 0).then(() => handle.close()));
    };
    const error = await failure(store.ingest(path, touch));
    expect(error).toMatchObject({ code: "artifact-invalid", retryable: true });
    expect(error.message).toContain(path);
    expect(await temporaries()).toBe(0);
  });

  it("names the path when the disk refuses", async () => {
    const { directory, file } = await emptyStore();
    await file("occupied", "a file where the store should be");
    const store = openLocalStore({ commonDir: directory, storage: join(directory, "occupied") });
    const error = await failure(store.ingest(await file("a", "a")));
    expect(error).toMatchObject({ code: "disk" });
    expect(error.message).toContain(join(directory, "occupied"));
  });

  it.each([
    ["shorter", "conten"],
    ["longer", "content and more"],
    ["different", "cOntent"],
  ])("refuses a stream that is %s than the object and leaves nothing", async (_, sent) => {
    const { store, temporaries } = await emptyStore();
    const pointer = pointerTo("content");
    const error = await failure(store.receive(pointer, stream(sent)));
    expect(error).toMatchObject({ code: "digest-mismatch" });
    expect(error.message).toContain(pointer.sha256);
    expect(await store.check(pointer)).toBe("missing");
    expect(await temporaries()).toBe(0);
  });

  it("stops reading an endless stream at the expected size", async () => {
    const { store } = await emptyStore();
    async function* endless() {
      for (;;) yield Buffer.alloc(1024);
    }
    expect(await failure(store.receive(pointerTo("content"), endless()))).toMatchObject({ code: "digest-mismatch" });
  });

  it("passes the error of a broken stream on and leaves nothing", async () => {
    const { store, temporaries } = await emptyStore();
    async function* broken() {
      yield Buffer.from("con");
      throw new TypeError("connection reset");
    }
    await expect(store.receive(pointerTo("content"), broken())).rejects.toThrow("connection reset");
    expect(await temporaries()).toBe(0);
  });

  it("finds a flipped byte only by hashing, a wrong size at once", async () => {
    const { store, file } = await emptyStore();
    const pointer = await store.ingest(await file("a", "content"));
    await flipByte(store.pathOf(pointer.sha256), 3);
    expect(await store.check(pointer)).toBe("present");
    expect(await store.check(pointer, { hash: true })).toBe("corrupt");
    await appendFile(store.pathOf(pointer.sha256), "x");
    expect(await store.check(pointer)).toBe("corrupt");
  });

  it("quarantines damaged bytes, but not good ones that a lying pointer blames", async () => {
    const { store, file } = await emptyStore();
    const pointer = await store.ingest(await file("a", "content"));
    await store.quarantine({ ...pointer, size: 5 });
    expect(await store.check(pointer, { hash: true })).toBe("present");
    await flipByte(store.pathOf(pointer.sha256));
    await store.quarantine(pointer);
    expect(await store.check(pointer)).toBe("missing");
    expect(await readdir(join(store.directory, "bad"))).toEqual([pointer.sha256]);
    await store.quarantine(pointer);
  });

  it("takes the same file from many at once", async () => {
    const { store, file, temporaries } = await emptyStore();
    const path = await file("a", Buffer.alloc(300_000, 3));
    const pointers = await Promise.all(Array.from({ length: 8 }, () => store.ingest(path)));
    expect(new Set(pointers.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(await temporaries()).toBe(0);
  });
});
