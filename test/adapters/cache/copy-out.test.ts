import { lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openModelCache } from "../../../src/adapters/cache/model-cache.ts";
import { failure, flipByte, pointerTo } from "../lfs/objects.ts";
import { contentsOf, sampleCache, sampleVersion, unreachable } from "./sample-version.ts";

const options = { verify: false, force: false };
const force = { verify: false, force: true };

async function sample() {
  const made = await sampleCache();
  await made.put("weights", "scaler");
  const version = sampleVersion({ "model.onnx": "weights", "parts/scaler.pkl": "scaler", empty: "" });
  const expected = {
    "README.md": "# Card\n",
    empty: "",
    "manifest.yaml": Buffer.from(version.manifest).toString(),
    "model.onnx": "weights",
    "parts/scaler.pkl": "scaler",
  };
  const out = join(made.directory, "work/out");
  const beside = async () => readdir(join(made.directory, "work"));
  return { ...made, version, expected, out, beside };
}

describe("copyOut", () => {
  it("writes files of the user's own, from the LFS store or the cache, and nothing beside them", async () => {
    const { cache, version, expected, out, source, beside } = await sample();
    const { files } = await cache.copyOut(version, out, source, options);
    expect(await contentsOf(out)).toEqual(expected);
    expect(files.map(({ artifact, origin }) => [artifact.path, origin])).toEqual([
      ["model.onnx", "lfs"],
      ["parts/scaler.pkl", "lfs"],
      ["empty", "cache"],
    ]);
    for (const name of ["model.onnx", "manifest.yaml", "README.md", "empty"]) {
      const { mode, nlink } = await stat(join(out, name));
      expect([mode & 0o777, nlink]).toEqual([0o644 & ~process.umask(), 1]);
    }
    expect(await beside()).toEqual(["out"]);
    await cache.materialise(version, source, { verify: false });
    const second = await cache.copyOut(version, `${out}-2`, unreachable, options);
    expect(second.files.every(({ origin }) => origin === "cache")).toBe(true);
    expect(await contentsOf(`${out}-2`)).toEqual(expected);
  });

  it("writes into an empty directory, and refuses one with something in it", async () => {
    const { cache, version, expected, out, source, beside } = await sample();
    await mkdir(out, { recursive: true });
    await cache.copyOut(version, out, source, options);
    expect(await contentsOf(out)).toEqual(expected);
    const error = await failure(cache.copyOut(version, out, source, options));
    expect(error).toMatchObject({ code: "usage", message: `${out} is not empty` });
    expect(error.hint).toContain("--force");
    expect(await beside()).toEqual(["out"]);
  });

  it("leaves exactly the version's files with force", async () => {
    const { cache, version, expected, out, source, beside, directory } = await sample();
    await mkdir(join(out, "parts/old"), { recursive: true });
    await writeFile(join(out, "parts/old/stale.bin"), "x");
    await writeFile(join(directory, "precious"), "untouched");
    await symlink(join(directory, "precious"), join(out, "model.onnx"));
    await cache.copyOut(version, out, source, force);
    expect(await contentsOf(out)).toEqual(expected);
    expect(await readFile(join(directory, "precious"), "utf8")).toBe("untouched");
    expect(await beside()).toEqual(["out"]);
  });

  it("keeps the old directory when the new one cannot be had", async () => {
    const { cache, out, source, beside } = await sample();
    await mkdir(out, { recursive: true });
    await writeFile(join(out, "old"), "old");
    const version = sampleVersion({ a: "weights", b: "never stored" });
    expect(await failure(cache.copyOut(version, out, source, force))).toMatchObject({ code: "lfs-missing" });
    expect(await contentsOf(out)).toEqual({ old: "old" });
    expect(await beside()).toEqual(["out"]);
  });

  it("never writes through a symlink", async () => {
    const { cache, version, source, directory } = await sample();
    await mkdir(join(directory, "elsewhere"));
    await mkdir(join(directory, "work"));
    await symlink(join(directory, "elsewhere"), join(directory, "work/link"));
    const within = join(directory, "work");
    for (const target of ["work/link", "work/link/fraud", "work/link/team/fraud"]) {
      for (const call of [options, force]) {
        const error = await failure(cache.copyOut(version, join(directory, target), source, { ...call, within }));
        expect(error).toMatchObject({ code: "usage" });
        expect(error.message).toContain(join(directory, "work/link"));
      }
    }
    expect(await failure(cache.copyOut(version, join(directory, "work/link"), source, force))).toMatchObject({
      code: "usage",
    });
    expect(await readdir(join(directory, "elsewhere"))).toEqual([]);
    expect((await lstat(join(directory, "work/link"))).isSymbolicLink()).toBe(true);
  });

  it("refuses a file in the place of the directory or of its parent", async () => {
    const { cache, version, source, directory } = await sample();
    await writeFile(join(directory, "plain"), "x");
    expect(await failure(cache.copyOut(version, join(directory, "plain"), source, force))).toMatchObject({
      code: "usage",
    });
    const below = join(directory, "plain/out");
    expect(await failure(cache.copyOut(version, below, source, options))).toMatchObject({ code: "disk" });
    expect(await readFile(join(directory, "plain"), "utf8")).toBe("x");
  });

  it.each(["work tree", "bare repository", "above the cache"])(
    "does not replace a %s, even with force",
    async (what) => {
      const { cache, version, source, directory } = await sample();
      const target = what === "above the cache" ? directory : join(directory, "repo");
      const names = { "work tree": [".git"], "bare repository": ["HEAD", "objects", "refs"], "above the cache": [] }[
        what
      ];
      for (const name of names ?? []) await mkdir(join(target, name), { recursive: true });
      const before = await readdir(target);
      expect(await failure(cache.copyOut(version, target, source, force))).toMatchObject({ code: "usage" });
      expect(await readdir(target)).toEqual(before);
    },
  );

  it.each(["cache", "LFS store"])(
    "finds a flipped byte in the %s while copying, and takes good bytes",
    async (where) => {
      const { cache, cacheDirectory, version, expected, out, source, store, far, fetched } = await sample();
      const { sha256 } = pointerTo("weights");
      if (where === "cache") {
        const { path } = await cache.materialise(version, source, { verify: false });
        await flipByte(join(path, "model.onnx"));
      } else {
        await flipByte(store.pathOf(sha256));
        far.set(sha256, "weights");
      }
      await cache.copyOut(version, out, source, options);
      expect(await contentsOf(out)).toEqual(expected);
      const bad = where === "cache" ? cacheDirectory : store.directory;
      expect(await readdir(join(bad, "bad"))).toEqual([sha256]);
      expect(fetched).toHaveLength(where === "cache" ? 0 : 1);
    },
  );

  it("hands out a file that the cache knows without hashing it, and hashes it to verify", async () => {
    const { cache, cacheDirectory, version, out, source } = await sample();
    const { path } = await cache.materialise(version, source, { verify: false });
    const { sha256 } = pointerTo("weights");
    // No change of bytes can keep the ctime; a forged stamp is the only way to show the difference.
    await flipByte(join(path, "model.onnx"));
    const { ino, size, mtimeNs, ctimeNs } = await stat(join(path, "model.onnx"), { bigint: true });
    const forged = { ino: `${ino}`, size: `${size}`, mtimeNs: `${mtimeNs}`, ctimeNs: `${ctimeNs}` };
    const stamp = join(cacheDirectory, "stamps", sha256.slice(0, 2), `${sha256}.json`);
    await writeFile(stamp, JSON.stringify({ stamps: [forged] }));
    const other = openModelCache({ directory: cacheDirectory });
    await other.copyOut(version, out, unreachable, options);
    expect((await contentsOf(out))["model.onnx"]).toBe("veights");
    await other.copyOut(version, out, source, { verify: true, force: true });
    expect((await contentsOf(out))["model.onnx"]).toBe("weights");
  });

  it("fetches into the cache what is nowhere local, and copies it from there", async () => {
    const { cache, cacheDirectory, source, far, fetched, directory } = await sampleCache();
    far.set(pointerTo("far").sha256, "far");
    const version = sampleVersion({ "a.bin": "far", "b.bin": "far" }, { card: null });
    let bytes = 0;
    const counting = { ...options, onBytes: (more: number) => (bytes += more) };
    const { files } = await cache.copyOut(version, join(directory, "one"), source, counting);
    expect(files.map(({ origin }) => origin)).toEqual(["lfs", "lfs"]);
    expect(fetched).toEqual([[pointerTo("far")]]);
    // The source tells of what it fetches.
    expect(bytes).toBe(0);
    await openModelCache({ directory: cacheDirectory }).copyOut(version, join(directory, "two"), unreachable, options);
    expect(await contentsOf(join(directory, "two"))).toMatchObject({ "a.bin": "far", "b.bin": "far" });
  });

  it("writes nothing when only damaged bytes are to be had", async () => {
    const { cache, version, out, source, store, beside } = await sample();
    const { sha256 } = pointerTo("weights");
    await flipByte(store.pathOf(sha256));
    const error = await failure(cache.copyOut(version, out, source, options));
    expect(error.code).toMatch(/^(?:lfs-missing|digest-mismatch)$/);
    expect(error.message).toContain(sha256);
    expect(await beside()).toEqual([]);
  });

  it("copies only the role that is asked for", async () => {
    const { cache, out, source } = await sample();
    const files = { "model.onnx": "weights", "scaler.pkl": { content: "absent", role: "preprocessor" } };
    await cache.copyOut(sampleVersion(files, { role: "model", card: null }), out, source, options);
    expect(await readdir(out)).toEqual(["manifest.yaml", "model.onnx"]);
    await rm(out, { recursive: true });
  });
});
