import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openSourceFiles } from "../../../src/adapters/system/source-files.ts";
import { tempDir } from "../../support/temp-repo.ts";

describe("source files", () => {
  let root: string;
  const collect = (path: string) => openSourceFiles(root).collect(path);

  beforeAll(async () => {
    root = await tempDir();
    await mkdir(join(root, "model", "sub", ".cache"), { recursive: true });
    for (const name of ["model/b.bin", "model/a.bin", "model/sub/c.bin", "model/sub/.hidden", "model/ReadMe.md"]) {
      await writeFile(join(root, name), name);
    }
    await writeFile(join(root, "model/sub/README.md"), "a file of its own");
  });

  test("of a directory are what lies below it, sorted, dot files named, its card apart", async () => {
    const { files, card, skipped } = await collect("model");
    expect(files.map(({ path, size }) => [path, size])).toEqual([
      ["a.bin", 11],
      ["b.bin", 11],
      ["sub/README.md", 17],
      ["sub/c.bin", 15],
    ]);
    expect(card).toBe(join(root, "model", "ReadMe.md"));
    expect(skipped).toEqual([join("model", "sub", ".cache"), join("model", "sub", ".hidden")]);
  });

  test("of a file are that file under its base name, wherever it lies", async () => {
    const wanted = [{ path: "c.bin", file: join(root, "model/sub/c.bin"), size: 15 }];
    for (const path of ["model/sub/c.bin", "./model/../model/sub/c.bin", join(root, "model/sub/c.bin")]) {
      expect((await collect(path)).files).toEqual(wanted);
    }
  });

  test("are no links, pipes or names that are empty", async () => {
    await symlink("model", join(root, "link"));
    execFileSync("mkfifo", [join(root, "pipe")]);
    await expect(collect("link/")).rejects.toMatchObject({ code: "artifact-invalid" });
    await expect(collect("pipe")).rejects.toMatchObject({ code: "artifact-invalid", message: "pipe is no plain file" });
    await expect(collect("")).rejects.toMatchObject({ code: "usage" });
    await expect(openSourceFiles(root).read("", 10)).rejects.toMatchObject({ code: "usage" });
    await expect(collect("model/a.bin/below")).rejects.toMatchObject({ code: "artifact-invalid" });
  });

  test("are not followed without end", async () => {
    await mkdir(join(root, "deep", ...Array.from({ length: 40 }, () => "d")), { recursive: true });
    await expect(collect("deep")).rejects.toMatchObject({
      code: "artifact-invalid",
      message: expect.stringContaining("too deeply"),
    });
  });

  test("that are small are read whole, larger ones not at all", async () => {
    const files = openSourceFiles(root);
    expect(Buffer.from(await files.read("model/a.bin", 11)).toString()).toBe("model/a.bin");
    await expect(files.read("model/a.bin", 10)).rejects.toMatchObject({ code: "artifact-invalid" });
    await expect(files.read("model", 10)).rejects.toMatchObject({ code: "artifact-invalid" });
  });
});
