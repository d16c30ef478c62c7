import { spawnSync } from "node:child_process";
import { randomFillSync, randomInt } from "node:crypto";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openLocalStore } from "../../../src/adapters/lfs/local-store.ts";
import { bundle, run } from "../../support/bundled-process.ts";
import { testAsRoot } from "../../support/oracles.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { failure, pointerTo, stream } from "./objects.ts";

let script = "";

beforeAll(async () => {
  script = await bundle(join(import.meta.dirname, "arriving-process.ts"));
});

async function sample(size: number) {
  const directory = await tempDir();
  const content = randomFillSync(Buffer.alloc(size));
  const pointer = pointerTo(content);
  const file = join(directory, "served");
  await writeFile(file, content);
  const storage = join(directory, "lfs");
  const store = openLocalStore({ commonDir: directory, storage, durableDownloads: false });
  const start = () => run(script, storage, file, pointer.sha256, String(pointer.size));
  const part = join(storage, "incomplete", `${pointer.sha256}.part`);
  return { directory, content, pointer, storage, store, start, part };
}

describe("an object whose receivers are killed", () => {
  it("is never there in part, and is finished by the next ones from what has come", async () => {
    const { pointer, storage, store, start, part } = await sample(24 * 1024 * 1024);
    const begun: number[] = [];
    for (let kills = 0; kills < 8; kills += 1) {
      const receiver = start();
      await receiver.says(new RegExp(`\\.{${randomInt(1, 90)}}|done`));
      await receiver.kill();
      begun.push(Number(/from (\d+)/.exec(receiver.printed())?.[1] ?? pointer.size));
      expect(["missing", "present"]).toContain(await store.check(pointer, { hash: true }));
      const here = await stat(part).then(
        ({ size }) => size,
        () => pointer.size,
      );
      expect(here).toBeGreaterThanOrEqual(begun.at(-1) ?? 0);
    }
    expect(begun).toEqual(begun.toSorted((a, b) => a - b));
    expect(begun.at(-1)).toBeGreaterThan(0);
    await start().ends();
    expect(await store.check(pointer, { hash: true })).toBe("present");
    expect(await readdir(dirname(part))).toEqual([]);
    await rm(storage, { recursive: true });
  });

  it("comes once for many that ask for it at the same time", async () => {
    const { pointer, store, start } = await sample(8 * 1024 * 1024);
    const said = await Promise.all(Array.from({ length: 4 }, () => start().ends()));
    expect(said.map((text) => text.split("\n")[0]).sort()).toEqual(["from 0", "there", "there", "there"]);
    expect(await store.check(pointer, { hash: true })).toBe("present");
  });
});

describe("an object that meets a full disk", () => {
  testAsRoot("is a disk failure with the path; what came before is kept, and goes on when there is room", async () => {
    const { content, pointer, storage, store, part } = await sample(6 * 1024 * 1024);
    await mkdir(storage);
    const mount = (...options: readonly string[]) => spawnSync("mount", options).status === 0;
    expect(mount("-t", "tmpfs", "-o", "size=4m", "none", storage), "root can mount a file system").toBe(true);
    try {
      const arrival = await store.resume(pointer);
      const error = await failure(Promise.resolve(arrival?.append(stream(...pieces(content)))));
      expect(error).toMatchObject({ code: "disk", retryable: true });
      expect(error.message).toContain(part);
      expect(error.message).toContain("no space left");
      await arrival?.release();
      const kept = (await stat(part)).size;
      expect(kept).toBeGreaterThan(1024 * 1024);
      expect(mount("-o", "remount,size=8m", storage)).toBe(true);
      const again = await store.resume(pointer);
      expect(again?.received).toBe(kept);
      await again?.append(stream(content.subarray(kept)));
      await again?.complete();
      expect(await store.check(pointer, { hash: true })).toBe("present");
    } finally {
      spawnSync("umount", [storage]);
    }
  });

  testAsRoot("begins anew where there is no room for a copy of what a killed process left", async () => {
    const { content, pointer, storage, store, part } = await sample(3 * 1024 * 1024);
    await mkdir(storage);
    expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "none", storage]).status).toBe(0);
    try {
      await mkdir(dirname(part));
      await writeFile(part, content.subarray(0, 2_500_000));
      const arrival = await store.resume(pointer);
      expect(arrival?.received).toBe(0);
      await arrival?.append(stream(content));
      await arrival?.complete();
      expect(await store.check(pointer, { hash: true })).toBe("present");
    } finally {
      spawnSync("umount", [storage]);
    }
  });
});

/** As a network gives it. */
function pieces(content: Buffer): readonly Buffer[] {
  const length = 64 * 1024;
  const count = Math.ceil(content.length / length);
  return Array.from({ length: count }, (_, index) => content.subarray(index * length, (index + 1) * length));
}
