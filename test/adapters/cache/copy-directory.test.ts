import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failure } from "../lfs/objects.ts";
import { contentsOf, sampleCache } from "./sample-version.ts";

async function sample() {
  const { cache, directory } = await sampleCache();
  const from = join(directory, "baked-in");
  await mkdir(join(from, "parts"), { recursive: true });
  await writeFile(join(from, "model.onnx"), "weights");
  await writeFile(join(from, "parts/scaler.pkl"), "scaler");
  const files = [
    { path: "model.onnx", size: 7 },
    { path: "parts/scaler.pkl", size: 6 },
  ];
  return { cache, directory, from, files, out: join(directory, "out") };
}

describe("a local directory as fallback", () => {
  it("is listed, also through a link of the user's to it", async () => {
    const { cache, directory, from, files } = await sample();
    expect(await cache.listDirectory(from)).toEqual(files);
    await symlink(from, join(directory, "current"));
    expect(await cache.listDirectory(join(directory, "current"))).toEqual(files);
  });

  it("is copied with the rules of copyOut", async () => {
    const { cache, from, files, out } = await sample();
    expect(await cache.copyDirectory(from, out, { force: false })).toEqual({ files });
    expect(await contentsOf(out)).toEqual({ "model.onnx": "weights", "parts/scaler.pkl": "scaler" });
    expect(await failure(cache.copyDirectory(from, out, { force: false }))).toMatchObject({ code: "usage" });
    await writeFile(join(out, "stale"), "x");
    await cache.copyDirectory(from, out, { force: true });
    expect(Object.keys(await contentsOf(out))).toEqual(["model.onnx", "parts/scaler.pkl"]);
  });

  it("may be copied over itself", async () => {
    const { cache, from, files } = await sample();
    expect(await cache.copyDirectory(from, from, { force: true })).toEqual({ files });
    expect(await cache.listDirectory(from)).toEqual(files);
  });

  it("is not found when it is absent or a file", async () => {
    const { cache, directory, from, out } = await sample();
    for (const path of [join(directory, "nowhere"), join(from, "model.onnx")]) {
      const error = await failure(cache.copyDirectory(path, out, { force: false }));
      expect(error).toMatchObject({ code: "not-found", message: `${path} is no directory` });
    }
  });

  it("is refused with a symlink in it, and nothing is written", async () => {
    const { cache, directory, from, out } = await sample();
    await symlink("/etc/passwd", join(from, "parts/link"));
    const error = await failure(cache.copyDirectory(from, out, { force: false }));
    expect(error).toMatchObject({ code: "artifact-invalid" });
    expect(error.message).toContain(join(from, "parts/link"));
    expect(await readdir(directory)).not.toContain("out");
  });
});
