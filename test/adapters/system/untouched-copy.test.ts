import { createHash } from "node:crypto";
import { renameSync, utimesSync, writeFileSync } from "node:fs";
import { chmod, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { copyUntouched } from "../../../src/adapters/system/untouched-copy.ts";
import { tempDir } from "../../support/temp-repo.ts";

const LARGE = Buffer.alloc(5 * 1024 * 1024, "large");
const OPTIONS = { durable: true, mode: 0o644 };

describe("copying a file that nobody writes to", () => {
  let folder: string;
  let source: string;
  let target: string;

  beforeEach(async () => {
    folder = await tempDir();
    [source, target] = [join(folder, "source"), join(folder, "target")];
    await writeFile(source, LARGE);
  });

  it.each([
    ["large one", LARGE],
    ["small one", Buffer.from("small")],
    ["file of no bytes", Buffer.alloc(0)],
  ])("gives a %s its bytes, its mode and its digest", async (_, bytes) => {
    await writeFile(source, bytes);
    await chmod(source, 0o444);
    let told = 0;
    const pointer = await copyUntouched(source, target, { ...OPTIONS, onBytes: (more) => (told += more) });
    expect(pointer).toEqual({ sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length });
    expect((await readFile(target)).equals(bytes)).toBe(true);
    expect((await stat(target)).mode & 0o777).toBe(0o644 & ~process.umask());
    expect(told).toBe(bytes.length);
  });

  it.each([
    ["written to", (path: string) => writeFileSync(path, "other", { flag: "r+" })],
    ["given another time", (path: string) => utimesSync(path, 1, 1)],
    ["replaced by one of its size", replace],
  ])("is refused when it is %s meanwhile, and leaves nothing", async (_, touch) => {
    let isTouched = false;
    const onBytes = () => {
      if (!isTouched) touch(source);
      isTouched = true;
    };
    const copying = copyUntouched(source, target, { ...OPTIONS, onBytes });
    await expect(copying).rejects.toMatchObject({ code: "artifact-invalid" });
    expect(await readdir(folder)).not.toContain("target");
  });

  it.each(["link", "absent"])("refuses a source that is %s", async (name) => {
    await symlink(source, join(folder, "link"));
    await expect(copyUntouched(join(folder, name), target, OPTIONS)).rejects.toMatchObject({
      code: "artifact-invalid",
    });
    expect(await readdir(folder)).not.toContain("target");
  });
});

function replace(path: string): void {
  writeFileSync(`${path}.new`, Buffer.alloc(LARGE.length, "other"));
  renameSync(`${path}.new`, path);
}
