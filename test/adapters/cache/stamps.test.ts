import { readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cacheLayout } from "../../../src/adapters/cache/cache-layout.ts";
import { openStamps } from "../../../src/adapters/cache/stamps.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { pointerTo } from "../lfs/objects.ts";

const { sha256 } = pointerTo("weights");

async function sample() {
  const directory = await tempDir();
  const layout = cacheLayout(directory);
  const file = join(directory, "file");
  await writeFile(file, "weights");
  const look = () => stat(file, { bigint: true });
  const written = async () => JSON.parse(await readFile(layout.stamp(sha256), "utf8")).stamps as { boot?: string }[];
  return { layout, file, look, written, open: (boot: string | null) => openStamps(layout, boot) };
}

describe("a stamp of bytes that were not synced", () => {
  it("vouches in the boot in which they were hashed, for this process and for others", async () => {
    const { open, look } = await sample();
    const stamps = open("monday");
    stamps.record(sha256, await look());
    expect(stamps.vouchFor(sha256, await look())).toBe(true);
    stamps.settle();
    expect(open("monday").vouchFor(sha256, await look())).toBe(true);
    expect(open("tuesday").vouchFor(sha256, await look())).toBe(false);
    expect(open(null).vouchFor(sha256, await look())).toBe(false);
  });

  it("vouches for ever once a hash after a reboot has found them good", async () => {
    const { open, look, written } = await sample();
    const monday = open("monday");
    monday.record(sha256, await look());
    monday.settle();
    expect(await written()).toMatchObject([{ boot: "monday" }]);
    const tuesday = open("tuesday");
    tuesday.record(sha256, await look());
    tuesday.settle();
    expect((await written())[0]).not.toHaveProperty("boot");
    expect(open("wednesday").vouchFor(sha256, await look())).toBe(true);
  });

  it("does not become lasting by a second hash in the same boot, nor by a hash of rewritten bytes", async () => {
    const { open, look, file, written } = await sample();
    for (const boot of ["monday", "monday", "tuesday"]) {
      if (boot === "tuesday") await utimes(file, 1, 1);
      const stamps = open(boot);
      stamps.record(sha256, await look());
      stamps.settle();
      expect(await written()).toMatchObject([{ boot }]);
    }
  });

  it("keeps its boot when a link came or went", async () => {
    const { open, look, file, written } = await sample();
    const monday = open("monday");
    monday.record(sha256, await look());
    const { atime, mtime } = await stat(file);
    await utimes(file, atime, mtime);
    const { mtimeNs, ...rest } = await look();
    monday.renew(sha256, { ...rest, mtimeNs });
    monday.settle();
    expect(await written()).toMatchObject([{ boot: "monday" }]);
  });
});

describe("where the system does not name its boots", () => {
  it("bytes have to be synced, and the stamp lasts", async () => {
    const { open, look, written } = await sample();
    const stamps = open(null);
    expect(stamps.needSync).toBe(true);
    stamps.record(sha256, await look());
    stamps.settle();
    expect((await written())[0]).not.toHaveProperty("boot");
    expect(open("monday").vouchFor(sha256, await look())).toBe(true);
    expect(open("monday").needSync).toBe(false);
  });
});
