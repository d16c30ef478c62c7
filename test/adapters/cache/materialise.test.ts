import { existsSync } from "node:fs";
import {
  appendFile,
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openModelCache } from "../../../src/adapters/cache/model-cache.ts";
import { openLocalStore } from "../../../src/adapters/lfs/local-store.ts";
import type { Sha256 } from "../../../src/domain/artifact/digest.ts";
import { EMPTY_SHA256 } from "../../../src/domain/artifact/pointer.ts";
import { failure, flipByte, pointerTo, stream } from "../lfs/objects.ts";
import { contentsOf, sampleCache, sampleVersion, unreachable } from "./sample-version.ts";

const quick = { verify: false };
const thorough = { verify: true };

describe("materialise", () => {
  it("lays a version out read-only, artifacts at the top and the documents beside them", async () => {
    const { cache, cacheDirectory, source, put } = await sampleCache();
    await put("weights", "scaler");
    const version = sampleVersion({ "model.onnx": "weights", "parts/deep/scaler.pkl": "scaler", "empty.txt": "" });
    let bytes = 0;
    const options = { verify: false, onBytes: (more: number) => (bytes += more) };
    const { path, files } = await cache.materialise(version, source, options);
    expect(path).toBe(join(cacheDirectory, "versions", version.tree));
    expect(await contentsOf(path)).toEqual({
      "README.md": "# Card\n",
      "empty.txt": "",
      "manifest.yaml": Buffer.from(version.manifest).toString(),
      "model.onnx": "weights",
      "parts/deep/scaler.pkl": "scaler",
    });
    expect(files.map(({ artifact, origin }) => [artifact.path, origin])).toEqual([
      ["model.onnx", "lfs"],
      ["parts/deep/scaler.pkl", "lfs"],
      ["empty.txt", "cache"],
    ]);
    expect(bytes).toBe(13);
    for (const folder of [".", "parts", "parts/deep"])
      expect((await stat(join(path, folder))).mode & 0o777).toBe(0o555);
    for (const file of ["model.onnx", "empty.txt", "manifest.yaml", "README.md"]) {
      expect((await stat(join(path, file))).mode & 0o777).toBe(0o444 & ~process.umask());
    }
    expect((await stat(join(path, "model.onnx"))).nlink).toBe(2);
  });

  it("needs no source and writes nothing when it has the version", async () => {
    const { cache, cacheDirectory, source, put } = await sampleCache();
    await put("weights");
    const version = sampleVersion({ "model.onnx": "weights" });
    const first = await cache.materialise(version, source, quick);
    const [before] = await Promise.all([stat(join(first.path, "model.onnx"), { bigint: true })]);
    const stamps = await readdir(join(cacheDirectory, "stamps"), { recursive: true });
    for (const options of [quick, thorough]) {
      const again = await openModelCache({ directory: cacheDirectory }).materialise(version, unreachable, options);
      expect(again.path).toBe(first.path);
      expect(again.files[0]?.origin).toBe("cache");
    }
    expect(await stat(join(first.path, "model.onnx"), { bigint: true })).toMatchObject({ ctimeNs: before.ctimeNs });
    expect(await readdir(join(cacheDirectory, "stamps"), { recursive: true })).toEqual(stamps);
  });

  it("keeps one copy of an object that several versions and paths share, and each is quick afterwards", async () => {
    const { cache, cacheDirectory, source, put } = await sampleCache();
    await put("weights");
    const one = sampleVersion({ "a.bin": "weights", "b.bin": "weights" });
    const two = sampleVersion({ "c.bin": "weights" });
    await cache.materialise(one, source, quick);
    const { path } = await cache.materialise(two, unreachable, quick);
    expect((await stat(join(path, "c.bin"))).nlink).toBe(4);
    const { sha256 } = pointerTo("weights");
    const stamp = join(cacheDirectory, "stamps", sha256.slice(0, 2), `${sha256}.json`);
    const { ctimeNs } = await stat(join(path, "c.bin"), { bigint: true });
    expect(JSON.parse(await readFile(stamp, "utf8"))).toMatchObject({ stamps: [{ ctimeNs: `${ctimeNs}` }] });
  });

  it("keeps the artifacts of one role in a directory of its own", async () => {
    const { cache, source, put } = await sampleCache();
    await put("weights");
    const files = { "model.onnx": "weights", "scaler.pkl": { content: "not stored", role: "preprocessor" } };
    const { path, files: laidOut } = await cache.materialise(sampleVersion(files, { role: "model" }), source, quick);
    expect(path).toMatch(/\.model$/);
    expect(laidOut).toHaveLength(1);
    expect(Object.keys(await contentsOf(path))).toEqual(["README.md", "manifest.yaml", "model.onnx"]);
  });

  it("fetches what is nowhere local, all at once", async () => {
    const { cache, source, far, fetched } = await sampleCache();
    far.set(pointerTo("one").sha256, "one").set(pointerTo("two").sha256, "two");
    const version = sampleVersion({ a: "one", b: "two", c: "one" }, { card: null });
    const { path } = await cache.materialise(version, source, quick);
    expect(fetched).toEqual([[pointerTo("one"), pointerTo("two")]]);
    expect(Object.keys(await contentsOf(path))).toEqual(["a", "b", "c", "manifest.yaml"]);
  });

  it("names every object that is nowhere to be had, and leaves no version", async () => {
    const { cache, cacheDirectory, source, put } = await sampleCache();
    await put("one");
    const error = await failure(cache.materialise(sampleVersion({ a: "one", b: "two", c: "three" }), source, quick));
    expect(error).toMatchObject({ code: "lfs-missing" });
    expect(error.message).toContain(pointerTo("two").sha256);
    expect(error.message).toContain(pointerTo("three").sha256);
    expect(error.message).not.toContain(pointerTo("one").sha256);
    expect(await readdir(join(cacheDirectory, "versions")).catch(() => [])).toEqual([]);
    expect(await readdir(join(cacheDirectory, "tmp")).catch(() => [])).toEqual([]);
  });

  it("passes on why a fetch failed", async () => {
    const { cache } = await sampleCache();
    const error = await failure(cache.materialise(sampleVersion({ a: "one" }), unreachable, quick));
    expect(error).toMatchObject({ code: "network", retryable: true });
  });

  it.each([
    ["a flipped byte", (path: string) => flipByte(path)],
    [
      "a flipped byte behind an old mtime",
      async (path: string) => {
        const { atime, mtime } = await stat(path);
        await flipByte(path);
        await utimes(path, atime, mtime);
      },
    ],
    [
      "a longer file",
      async (path: string) => {
        await chmod(path, 0o644);
        await appendFile(path, "x");
      },
    ],
  ])("finds %s in a version, keeps it aside and repairs", async (_, damage) => {
    const { cache, cacheDirectory, source, put } = await sampleCache();
    await put("weights", "other");
    const version = sampleVersion({ "model.onnx": "weights", "b.bin": "other" });
    const { path } = await cache.materialise(version, source, quick);
    await damage(join(path, "model.onnx"));
    const again = await cache.materialise(version, source, quick);
    expect(again.path).toBe(path);
    expect(again.files.map(({ origin }) => origin)).toEqual(["lfs", "cache"]);
    expect((await contentsOf(path))["model.onnx"]).toBe("weights");
    expect(await readdir(join(cacheDirectory, "bad"))).toEqual([pointerTo("weights").sha256]);
    expect(await readdir(join(cacheDirectory, "versions"))).toEqual([version.tree]);
  });

  it("answers with the source's failure, not with damaged bytes, when it cannot repair", async () => {
    const { cache, source, put } = await sampleCache();
    await put("weights");
    const version = sampleVersion({ "model.onnx": "weights" });
    const { path } = await cache.materialise(version, source, quick);
    await flipByte(join(path, "model.onnx"));
    expect(await failure(cache.materialise(version, unreachable, quick))).toMatchObject({ code: "network" });
    expect(await failure(cache.materialise(version, unreachable, quick))).toMatchObject({ code: "network" });
  });

  it("reports a damaged source, fetches again, and gives up only if that is damaged too", async () => {
    const { cache, source, store, put, far, reported, fetched } = await sampleCache();
    const pointer = pointerTo("weights");
    await put("weights");
    await flipByte(store.pathOf(pointer.sha256));
    const version = sampleVersion({ "model.onnx": "weights" });
    far.set(pointer.sha256, "wEights");
    const error = await failure(cache.materialise(version, source, quick));
    expect(error).toMatchObject({ code: "digest-mismatch" });
    expect(error.message).toContain(pointer.sha256);
    far.set(pointer.sha256, "weights");
    const { path } = await cache.materialise(version, source, quick);
    expect((await contentsOf(path))["model.onnx"]).toBe("weights");
    expect(reported).toEqual([pointer]);
    expect(fetched).toHaveLength(2);
  });

  it.each(["an extra file", "a symlink", "a missing file", "another manifest", "a symlink for the whole"])(
    "makes a directory again that holds %s",
    async (what) => {
      const { cache, directory, source, put } = await sampleCache();
      await put("weights");
      const version = sampleVersion({ "parts/model.onnx": "weights" });
      const { path } = await cache.materialise(version, source, quick);
      for (const folder of [path, join(path, "parts")]) await chmod(folder, 0o755);
      if (what === "an extra file") await writeFile(join(path, "extra"), "x");
      if (what === "a missing file") await rm(join(path, "manifest.yaml"));
      if (what === "another manifest") {
        await rm(join(path, "manifest.yaml"));
        await writeFile(join(path, "manifest.yaml"), "x");
      }
      if (what === "a symlink") {
        await rename(join(path, "parts"), join(directory, "parts"));
        await symlink(join(directory, "parts"), join(path, "parts"));
      }
      if (what === "a symlink for the whole") {
        await rename(path, join(directory, "moved"));
        await symlink(join(directory, "moved"), path);
      }
      await cache.materialise(version, unreachable, quick);
      expect((await lstat(path)).isDirectory()).toBe(true);
      expect((await lstat(join(path, "parts"))).isDirectory()).toBe(true);
      expect(Object.keys(await contentsOf(path))).toEqual(["README.md", "manifest.yaml", "parts/model.onnx"]);
    },
  );

  it("treats a torn stamp as none", async () => {
    const { cache, cacheDirectory, source, put } = await sampleCache();
    await put("weights");
    const version = sampleVersion({ "model.onnx": "weights" });
    const { path } = await cache.materialise(version, source, quick);
    const { sha256 } = pointerTo("weights");
    const stamp = join(cacheDirectory, "stamps", sha256.slice(0, 2), `${sha256}.json`);
    const { ino, size, mtimeNs, ctimeNs } = await stat(join(path, "model.onnx"), { bigint: true });
    const whole = { stamps: [{ ino: `${ino}`, size: `${size}`, mtimeNs: `${mtimeNs}`, ctimeNs: `${ctimeNs}` }] };
    for (const torn of [
      "",
      "\0\0\0",
      '{"stamps":[{"ino":',
      '{"stamps":[null,{}]}',
      JSON.stringify(whole).slice(0, -1),
    ]) {
      await flipByte(join(path, "model.onnx"));
      await writeFile(stamp, torn);
      await cache.materialise(version, source, quick);
      expect((await contentsOf(path))["model.onnx"]).toBe("weights");
    }
  });

  it("trusts a matching stamp unless asked to verify", async () => {
    const { cache, cacheDirectory, source, put } = await sampleCache();
    await put("weights");
    const version = sampleVersion({ "model.onnx": "weights" });
    const { path } = await cache.materialise(version, source, quick);
    await flipByte(join(path, "model.onnx"));
    const { ino, size, mtimeNs, ctimeNs } = await stat(join(path, "model.onnx"), { bigint: true });
    const { sha256 } = pointerTo("weights");
    // No change of bytes can keep the ctime; a forged stamp is the only way to show the difference.
    await writeFile(
      join(cacheDirectory, "stamps", sha256.slice(0, 2), `${sha256}.json`),
      JSON.stringify({ stamps: [{ ino: `${ino}`, size: `${size}`, mtimeNs: `${mtimeNs}`, ctimeNs: `${ctimeNs}` }] }),
    );
    await cache.materialise(version, unreachable, quick);
    await cache.materialise(version, source, thorough);
    expect((await contentsOf(path))["model.onnx"]).toBe("weights");
  });

  it("does not lose a good object to a manifest that lies about its size", async () => {
    const { cache, cacheDirectory, source, put } = await sampleCache();
    await put("weights");
    const good = sampleVersion({ "model.onnx": "weights" });
    await cache.materialise(good, source, quick);
    const artifacts = good.artifacts.map((artifact) => ({ ...artifact, size: 99 }));
    const lying = { ...good, artifacts, tree: "0".repeat(40) as typeof good.tree };
    const error = await failure(cache.materialise(lying, source, quick));
    expect(error).toMatchObject({ code: "digest-mismatch" });
    await cache.materialise(good, unreachable, thorough);
    expect(await readdir(join(cacheDirectory, "bad")).catch(() => [])).toEqual([]);
  });

  it("refuses a file of no bytes with another digest than that of no bytes", async () => {
    const { cache, source } = await sampleCache();
    const { artifacts, ...rest } = sampleVersion({ "empty.bin": "" });
    expect(artifacts[0]?.sha256).toBe(EMPTY_SHA256);
    const lying = { ...rest, artifacts: artifacts.map((one) => ({ ...one, sha256: "a".repeat(64) as Sha256 })) };
    const error = await failure(cache.materialise(lying, source, quick));
    expect(error).toMatchObject({ code: "digest-mismatch" });
    expect(error.message).toContain("empty.bin");
  });

  it("adopts objects that a mirror with this cache as its LFS storage has fetched", async () => {
    const { cache, cacheDirectory } = await sampleCache();
    const mirror = openLocalStore({ commonDir: cacheDirectory, storage: cacheDirectory });
    const version = sampleVersion({ "model.onnx": "weights" });
    const { path } = await cache.materialise(
      version,
      {
        locate: async (pointer) => ((await mirror.check(pointer)) === "missing" ? null : mirror.pathOf(pointer.sha256)),
        fetch: async () => mirror.receive(pointerTo("weights"), stream("weights")),
        reportCorrupt: (pointer) => mirror.quarantine(pointer),
      },
      quick,
    );
    const { ino, mode } = await stat(join(path, "model.onnx"));
    expect(mode & 0o777).toBe(0o444);
    expect(ino).toBe((await stat(mirror.pathOf(pointerTo("weights").sha256))).ino);
    await cache.materialise(version, unreachable, thorough);
  });

  it("sweeps what a killed process left a day ago, and nothing younger", async () => {
    const { cache, cacheDirectory, source, put } = await sampleCache();
    await put("weights");
    const left = (name: string) => join(cacheDirectory, name);
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    for (const name of ["versions/.new-dead", "versions/.old-dead", "versions/.new-alive"]) {
      await mkdir(left(name), { recursive: true });
      await writeFile(join(left(name), "file"), "x", { mode: 0o444 });
      await chmod(left(name), 0o555);
    }
    await mkdir(left("tmp"));
    await writeFile(left("tmp/dead"), "x");
    for (const name of ["versions/.new-dead", "versions/.old-dead", "tmp/dead"]) {
      await utimes(left(name), yesterday, yesterday);
    }
    const version = sampleVersion({ "model.onnx": "weights" });
    await cache.materialise(version, source, quick);
    expect((await readdir(left("versions"))).sort()).toEqual([".new-alive", version.tree].sort());
    expect(existsSync(left("tmp/dead"))).toBe(false);
  });

  it("answers `disk` with the path when the cache cannot be made", async () => {
    const { directory, source, put } = await sampleCache();
    await put("weights");
    await writeFile(join(directory, "occupied"), "a file");
    const cache = openModelCache({ directory: join(directory, "occupied/cache") });
    const error = await failure(cache.materialise(sampleVersion({ "model.onnx": "weights" }), source, quick));
    expect(error).toMatchObject({ code: "disk" });
    expect(error.message).toContain(join(directory, "occupied/cache"));
  });
});
