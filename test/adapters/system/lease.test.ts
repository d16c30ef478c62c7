import { renameSync, statSync, writeFileSync } from "node:fs";
import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { awaitLease, type LeaseTiming, liveSince, takeLease } from "../../../src/adapters/system/lease.ts";
import { bundle, run } from "../../support/bundled-process.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { failure } from "../lfs/objects.ts";

let script = "";

beforeAll(async () => {
  script = await bundle(join(import.meta.dirname, "lease-process.ts"));
});

async function sample() {
  const directory = await tempDir();
  return { directory, path: join(directory, "locks/one"), left: () => readdir(join(directory, "locks")) };
}

/** Time that passes a second a sleep, and what happens meanwhile. */
function fastTime(meanwhile: (seconds: number) => void | Promise<void> = () => undefined) {
  let seconds = 0;
  const timing: LeaseTiming = {
    now: () => seconds * 1000,
    async sleep() {
      seconds += 1;
      await meanwhile(seconds);
      await setImmediate();
    },
  };
  return { timing, seconds: () => seconds };
}

/** A lease whose holder cannot be asked about: of another machine, or killed before it wrote its name. */
async function foreign(path: string): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, "");
}

describe("a lease", () => {
  it("is one holder's at a time, and leaves nothing", async () => {
    const { path, left } = await sample();
    const first = await takeLease(path);
    let isSecond = false;
    const second = takeLease(path).then((lease) => {
      isSecond = true;
      return lease;
    });
    for (let look = 0; look < 20; look += 1) await setImmediate();
    expect([await first.held(), isSecond]).toEqual([true, false]);
    await first.release();
    expect(await first.held()).toBe(false);
    await (await second).release();
    expect(await left()).toEqual([]);
  });

  it("is taken over when it was not touched for ten seconds, not before", async () => {
    const { path, left } = await sample();
    await foreign(path);
    const { timing, seconds } = fastTime();
    const lease = await takeLease(path, timing);
    expect(seconds()).toBe(10);
    expect(await lease.held()).toBe(true);
    await lease.release();
    expect(await left()).toEqual([]);
  });

  it("stays its holder's as long as that one touches it", async () => {
    const { path } = await sample();
    await foreign(path);
    const { timing, seconds } = fastTime(async (second) => {
      if (second % 9 === 0 && second < 60) await utimes(path, second, second);
    });
    await (await takeLease(path, timing)).release();
    expect(seconds()).toBe(54 + 10);
  });

  it("is not taken over by a waiter that stood still itself", async () => {
    const { path } = await sample();
    await foreign(path);
    let jumps = 0;
    let now = 0;
    const timing: LeaseTiming = {
      now: () => now,
      sleep: async () => {
        jumps += 1;
        now += 3_600_000;
      },
    };
    await (await takeLease(path, timing)).release();
    expect(jumps).toBe(10);
  });

  it("is left alone when another one has come in its place since the last look", async () => {
    const { path, left } = await sample();
    await foreign(path);
    const { timing: fast } = fastTime(async (second) => {
      if (second > 10) throw new Error("still held");
    });
    let looks = 0;
    let ino = 0;
    const timing: LeaseTiming = {
      ...fast,
      now() {
        looks += 1;
        if (looks === 11) {
          writeFileSync(`${path}.new`, "");
          renameSync(`${path}.new`, path);
          ino = statSync(path).ino;
        }
        return fast.now();
      },
    };
    await expect(takeLease(path, timing)).rejects.toThrow("still held");
    expect((await stat(path)).ino).toBe(ino);
    expect(await left()).toEqual(["one"]);
  });

  it("tells a holder that stood still that it is another's, and is not released by it", async () => {
    const { path } = await sample();
    const slow = run(script, path, "hold");
    await slow.says(/holds/);
    slow.child.kill("SIGSTOP");
    const lease = await takeLease(path, fastTime().timing);
    slow.child.kill("SIGCONT");
    slow.child.stdin.end("?\n");
    await slow.says(/held false/);
    await slow.ends();
    expect(await lease.held()).toBe(true);
    await lease.release();
  });

  it("is free at once when its holder's process is gone", async () => {
    const { path } = await sample();
    const holder = run(script, path, "hold");
    await holder.says(/holds/);
    expect(await liveSince(path)).toBeGreaterThan(Date.now() - 60_000);
    await holder.kill();
    expect(await liveSince(path)).toBeNull();
    const { timing, seconds } = fastTime();
    await awaitLease(path, timing);
    await (await takeLease(path, timing)).release();
    expect(seconds()).toBe(0);
  });

  it("is taken in turns by many processes that all find a dead one", async () => {
    const { directory, path, left } = await sample();
    const holder = run(script, path, "hold");
    await holder.says(/holds/);
    await holder.kill();
    const log = join(directory, "log");
    await Promise.all(Array.from({ length: 6 }, () => run(script, path, log).ends()));
    const lines = (await readFile(log, "utf8")).trim().split("\n");
    expect(lines).toHaveLength(6 * 10 * 2);
    for (let turn = 0; turn < lines.length; turn += 2) {
      expect(lines[turn + 1]).toBe(lines[turn]?.replace("in", "out"));
    }
    expect(await left()).toEqual([]);
  });

  it("is a disk failure with the path where it cannot be made", async () => {
    const { directory } = await sample();
    await writeFile(join(directory, "file"), "");
    for (const path of [join(directory, "file/lock"), join(directory, "file/deep/lock")]) {
      const error = await failure(takeLease(path, fastTime().timing));
      expect(error).toMatchObject({ code: "disk", message: expect.stringContaining(join(directory, "file")) });
    }
  });
});
