import { spawn, spawnSync } from "node:child_process";
import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { describe, expect, it } from "vitest";
import { openLocalStore } from "../../../src/adapters/lfs/local-store.ts";
import { testAsRoot } from "../../support/oracles.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { failure, pointerTo } from "./objects.ts";

async function bundledStore() {
  const directory = await tempDir();
  const script = join(directory, "storing-process.mjs");
  const entry = join(import.meta.dirname, "storing-process.ts");
  buildSync({
    entryPoints: [entry],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
  const storage = join(directory, "lfs");
  return { directory, script, storage, store: openLocalStore({ commonDir: directory, storage }) };
}

describe("a store whose writer is killed", () => {
  it("holds the whole object or none, wherever the kill falls, and the next run completes", async () => {
    const { directory, script, storage, store } = await bundledStore();
    const content = Buffer.alloc(24 * 1024 * 1024, "model ");
    const pointer = pointerTo(content);
    const file = join(directory, "model.bin");
    await writeFile(file, content);
    for (const chunks of [0, 1, 6, 12, 18, 23, 24]) {
      const child = spawn(process.execPath, [script, storage, file], { stdio: ["ignore", "pipe", "inherit"] });
      let out = "";
      child.stdout.on("data", (text: Buffer) => {
        out += text.toString();
        if (out.replace("begins\n", "").length >= chunks) child.kill("SIGKILL");
      });
      await new Promise((resolve) => child.on("close", resolve));
      expect(["missing", "present"]).toContain(await store.check(pointer, { hash: true }));
      expect(await store.ingest(file)).toEqual(pointer);
      expect(await store.check(pointer, { hash: true })).toBe("present");
      await rm(join(storage, "objects"), { recursive: true });
    }
  });

  it("loses its leftovers after a day, not before", async () => {
    const { directory, storage, store } = await bundledStore();
    await mkdir(join(storage, "tmp"), { recursive: true });
    for (const name of ["old", "young"]) await writeFile(join(storage, "tmp", name), "left");
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    await utimes(join(storage, "tmp/old"), yesterday, yesterday);
    await writeFile(join(directory, "a"), "a");
    await store.ingest(join(directory, "a"));
    expect(await readdir(join(storage, "tmp"))).toEqual(["young"]);
  });
});

describe("a store on a full disk", () => {
  testAsRoot("says so with its path, keeps nothing of the object, and takes a smaller one", async () => {
    const { directory, storage } = await bundledStore();
    await mkdir(storage);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "none", storage]).status === 0;
    expect(mounted, "root can mount a file system of 2 MiB").toBe(true);
    try {
      const store = openLocalStore({ commonDir: directory, storage });
      const content = Buffer.alloc(9 * 1024 * 1024, 1);
      await writeFile(join(directory, "big"), content);
      await writeFile(join(directory, "small"), "small");
      const error = await failure(store.ingest(join(directory, "big")));
      expect(error).toMatchObject({ code: "disk", retryable: true });
      expect(error.message).toContain(storage);
      expect(error.message).toContain("no space left");
      expect(await store.check(pointerTo(content))).toBe("missing");
      expect(await readdir(join(storage, "tmp"))).toEqual([]);
      expect(await store.check(await store.ingest(join(directory, "small")), { hash: true })).toBe("present");
    } finally {
      spawnSync("umount", [storage]);
    }
  });
});
