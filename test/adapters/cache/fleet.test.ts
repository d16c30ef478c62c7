import { randomFillSync } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openModelCache } from "../../../src/adapters/cache/model-cache.ts";
import { pointerTo } from "../lfs/objects.ts";
import { openFleet } from "./fleet.ts";
import { unreachable } from "./sample-version.ts";

const bytes = (size: number) => randomFillSync(Buffer.alloc(size));

describe("several pulls on one machine", () => {
  it.each([false, true])("transfer a version once (in pieces: %s)", async (resumes) => {
    const { cache, serve, start, transfers, atWork } = await openFleet();
    const version = await serve({ "a.bin": bytes(3_000_000), "b.bin": bytes(200_000), "c.bin": bytes(10) });
    const pulls = Array.from({ length: 8 }, () => start([version], { resumes, pausesAfter: 1 }));
    await atWork(8);
    await Promise.all(pulls.map((each) => each.ends()));
    expect((await transfers()).toSorted()).toEqual(version.artifacts.map(({ sha256 }) => `${sha256} 0`).toSorted());
    expect(await readdir(join(cache, "versions"))).toEqual([version.tree]);
    expect(await readdir(join(cache, "tmp")).catch(() => [])).toEqual([]);
    await openModelCache({ directory: cache }).materialise(version, unreachable, { verify: true });
  });

  it("transfer a large object of several versions once", async () => {
    const { serve, start, transfers, atWork } = await openFleet();
    const shared = bytes(5_000_000);
    const versions = await Promise.all([1, 2, 3].map((index) => serve({ "big.bin": shared, "own.bin": bytes(index) })));
    const pulls = versions.map((version) => start([version], { resumes: true, pausesAfter: 1 }));
    await atWork(3);
    await Promise.all(pulls.map((each) => each.ends()));
    const { sha256 } = pointerTo(shared);
    expect((await transfers()).filter((line) => line.startsWith(sha256))).toEqual([`${sha256} 0`]);
  });

  it("go on when the one that fetches is killed, from what it brought", async () => {
    const { cache, serve, start, transfers } = await openFleet();
    const version = await serve({ "big.bin": bytes(60_000_000) });
    const first = start([version], { resumes: true });
    const part = join(cache, "incomplete", `${version.artifacts[0]?.sha256}.part`);
    while ((await stat(part).catch(() => ({ size: 0 }))).size < 5_000_000);
    const others = Array.from({ length: 3 }, () => start([version], { resumes: true }));
    await first.kill();
    await Promise.all(others.map((each) => each.ends()));
    const [begun, continued, ...more] = await transfers();
    expect(begun).toMatch(/ 0$/);
    expect(Number(continued?.split(" ")[1])).toBeGreaterThanOrEqual(5_000_000);
    expect(more).toEqual([]);
    await openModelCache({ directory: cache }).materialise(version, unreachable, { verify: true });
  });
});

describe("a link that is switched while a process reads through it", () => {
  it("shows one whole version at every moment", async () => {
    const { directory, serve, start } = await openFleet();
    const link = join(directory, "current");
    const versions = await Promise.all(
      [1, 2, 3].map(() =>
        serve({ "model.bin": bytes(300_000), "scaler.bin": bytes(1000), "sub/vocab.txt": bytes(70) }),
      ),
    );
    await start(versions, { link }).ends();
    const reader = start(versions, { link, reads: true, turns: 0 });
    await reader.says(/reads/);
    const switcher = await start(versions, { link, turns: 200 }).ends();
    expect(switcher.match(/pulled/g)).toHaveLength(200);
    reader.child.stdin.end();
    const [, reads] = await reader.says(/read (\d+)/);
    await reader.ends();
    expect(Number(reads)).toBeGreaterThan(10);
    expect((await readdir(directory)).filter((name) => name.includes("git-model"))).toEqual([]);
  });
});

describe("what a pull fetches", () => {
  it("is read-only in the cache, known by the hash of its arrival", async () => {
    const { cache, serve, start } = await openFleet();
    const version = await serve({ "a.bin": bytes(8_000_000) });
    const said = await start([version], { counts: process.platform === "linux" }).ends();
    const read = Number(/rchar: (\d+)/.exec(said)?.[1] ?? 0);
    expect(read).toBeLessThan(1.5 * 8_000_000);
    const sha256 = version.artifacts[0]?.sha256 ?? "";
    const object = join(cache, "objects", sha256.slice(0, 2), sha256.slice(2, 4), sha256);
    expect((await stat(object)).mode & 0o777).toBe(0o444 & ~process.umask());
    const { ctimeNs } = await stat(object, { bigint: true });
    const stamp = JSON.parse(await readFile(join(cache, "stamps", sha256.slice(0, 2), `${sha256}.json`), "utf8"));
    expect(stamp).toMatchObject({ stamps: [{ ctimeNs: `${ctimeNs}` }] });
  });
});
