import { describe, expect, test } from "vitest";
import { inParallel } from "../../../src/operations/apply/in-parallel.ts";
import { retryLostRaces } from "../../../src/operations/apply/retry-lost-races.ts";

describe("inParallel", () => {
  test("answers in the order of the items and never runs more than the limit at once", async () => {
    let running = 0;
    let most = 0;
    const answers = await inParallel([5, 1, 4, 2, 3], 2, async (item) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, item));
      running--;
      return item * 10;
    });
    expect(answers).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
    expect(await inParallel([], 3, async () => 1)).toEqual([]);
  });

  test("begins nothing new after a failure, and throws it once the others ended", async () => {
    const begun: number[] = [];
    let ended = 0;
    const work = async (item: number): Promise<void> => {
      begun.push(item);
      if (item === 0) throw new Error("the disk is full");
      await new Promise((resolve) => setTimeout(resolve, 5));
      ended++;
    };
    await expect(inParallel([0, 1, 2, 3, 4], 2, work)).rejects.toThrow("the disk is full");
    expect(begun).toEqual([0, 1]);
    expect(ended).toBe(1);
  });
});

describe("retryLostRaces", () => {
  /** A clock that nobody waits for. */
  function clockOf(): { readonly sleeps: number[]; now(): number; random(): number; sleep(ms: number): Promise<void> } {
    const sleeps: number[] = [];
    let time = 0;
    return {
      sleeps,
      now: () => time,
      random: () => 1,
      sleep: async (ms) => {
        sleeps.push(ms);
        time += ms;
      },
    };
  }

  test("tries until it wins", async () => {
    const clock = clockOf();
    expect(
      await retryLostRaces(clock, async (tries) => (tries < 5 ? { kind: "lost" } : { kind: "done", value: tries })),
    ).toBe(5);
    expect(clock.sleeps).toEqual([25, 50, 100, 200, 400]);
  });

  test("gives up after 10 s, but never before 12 tries", async () => {
    const clock = clockOf();
    let tries = 0;
    const lose = async () => {
      tries++;
      return { kind: "lost" } as const;
    };
    expect(await retryLostRaces(clock, lose)).toBeNull();
    expect(clock.now()).toBeGreaterThanOrEqual(10_000);
    const slow = clockOf();
    tries = 0;
    await retryLostRaces({ ...slow, sleep: (ms) => slow.sleep(ms + 5_000) }, lose);
    expect(tries).toBe(12);
  });
});
