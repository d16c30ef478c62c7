import { describe, expect, it } from "vitest";
import { openPatience } from "../../../../src/adapters/lfs/batch/patience.ts";
import { ServerRefusal } from "../../../../src/adapters/lfs/batch/server-refusal.ts";
import { RegistryError } from "../../../../src/errors.ts";
import { startLfsServer } from "../../../support/lfs-server/lfs-server.ts";
import { failure, pointerTo } from "../objects.ts";
import { openSide, quickClock } from "./batch-support.ts";

function busy(retryAfterMs: number | null = null): ServerRefusal {
  return new ServerRefusal("network", "busy", { status: 503, retryAfterMs, retryable: true });
}

function patience(random = 1 - Number.EPSILON) {
  const clock = quickClock(random);
  const over = new AbortController();
  return { clock, over, ...openPatience(clock, over.signal) };
}

/** Fails so often and then answers. */
function failing(times: number, error: () => Error) {
  let calls = 0;
  const work = async () => {
    calls += 1;
    if (calls <= times) throw error();
    return calls;
  };
  return { work, calls: () => calls };
}

describe("patience", () => {
  it("waits 250 ms x 2^n, at most 10 s, and gives up after eight tries", async () => {
    const { persist, clock } = patience();
    const { work, calls } = failing(99, busy);
    const starts: number[] = [];
    const begin = clock.now();
    const timed = () => {
      starts.push(Math.round(clock.now() - begin));
      return work();
    };
    expect(await failure(persist(timed))).toMatchObject({ code: "network" });
    expect(calls()).toBe(8);
    const waits = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000]);
  });

  it("spreads what waits by up to a half", async () => {
    const { persist, clock } = patience(0);
    await persist(failing(1, busy).work);
    expect(clock.waited).toBe(125);
  });

  it("waits as long as the server says, in slices that an end interrupts", async () => {
    const { persist, clock } = patience();
    expect(await persist(failing(1, () => busy(300_000)).work)).toBe(2);
    expect(clock.waited).toBe(300_000);
    expect(Math.max(...clock.waits)).toBeLessThanOrEqual(1000);
    const other = patience();
    const waiting = other.persist(failing(1, () => busy(300_000)).work);
    other.over.abort(new Error("over"));
    await expect(waiting).rejects.toThrow("over");
    expect(other.clock.waited).toBeLessThan(5000);
  });

  it("does not wait longer than five minutes", async () => {
    const { persist, clock } = patience();
    const { work, calls } = failing(1, () => busy(300_001));
    await failure(persist(work));
    expect(calls()).toBe(1);
    expect(clock.waited).toBe(0);
  });

  it("lets one that is told to stay away speak for all", async () => {
    const { persist, clock } = patience();
    const begin = clock.now();
    const starts: number[] = [];
    const first = persist(failing(1, () => busy(60_000)).work);
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, persist(async () => starts.push(clock.now() - begin))]);
    expect(starts[0]).toBeGreaterThanOrEqual(60_000);
  });

  it("gives up a run in which nothing happened for ten minutes, however polite the server is", async () => {
    const { persist, clock } = patience();
    const { work, calls } = failing(99, () => busy(290_000));
    await failure(persist(work));
    expect(calls()).toBe(4);
    expect(clock.waited).toBeLessThan(900_000);
  });

  it("begins anew with the tries when something was gained, and with the ten minutes when anything moved", async () => {
    const { persist, moved } = patience();
    const { work, calls } = failing(30, busy);
    let times = 0;
    const everySeventh = () => {
      times += 1;
      return times % 7 === 0;
    };
    expect(await persist(work, everySeventh)).toBe(31);
    expect(calls()).toBe(31);
    const polite = failing(6, () => busy(290_000));
    await persist(() => {
      moved();
      return polite.work();
    });
    expect(polite.calls()).toBe(7);
  });

  it.each([
    new RegistryError("disk", "full", { retryable: true }),
    new RegistryError("digest-mismatch", "wrong", { retryable: true }),
    new RegistryError("network", "certificate"),
    new RegistryError("auth-failed", "no"),
    new Error("a bug"),
  ])("has none with what will not pass: %s", async (error) => {
    const { persist } = patience();
    const { work, calls } = failing(9, () => error);
    await expect(persist(work)).rejects.toBe(error);
    expect(calls()).toBe(1);
  });
});

describe("a storm of refusals", () => {
  it.each([
    [503, {}],
    [429, { "retry-after": "300" }],
    [429, { "retry-after": "0" }],
    [503, { "retry-after": "Tue, 14 Nov 2023 22:18:20 GMT" }],
    [503, { "retry-after": "soon" }],
  ])("by %d %j on everything ends, with few requests and in bounded time", async (status, headers) => {
    const server = await startLfsServer({
      behaviour: { object: ({ response }) => void response.writeHead(status, headers).end() },
    });
    const pointers = Array.from({ length: 250 }, (_, index) => pointerTo(`object ${index}`));
    for (let index = 0; index < pointers.length; index += 1) await server.objects.put(`object ${index}`);
    const { remote, store, clock } = await openSide(server.endpoint);
    expect(await failure(remote.download(pointers, store))).toMatchObject({ code: "network", retryable: true });
    expect(server.to("/object/").length).toBeLessThanOrEqual(8 * 8);
    expect(clock.now() - 1_700_000_000_000).toBeLessThan(16 * 60_000);
  });

  it("that ends is waited out", async () => {
    let refusals = 0;
    const server = await startLfsServer({
      behaviour: {
        object: ({ response, turn, honest }) => {
          if (turn > 2) return honest();
          refusals += 1;
          response.writeHead(429, { "retry-after": "2" }).end();
        },
      },
    });
    const pointers = Array.from({ length: 40 }, (_, index) => pointerTo(`object ${index}`));
    for (let index = 0; index < pointers.length; index += 1) await server.objects.put(`object ${index}`);
    const { remote, store } = await openSide(server.endpoint);
    await remote.download(pointers, store);
    expect(refusals).toBe(80);
    for (const pointer of pointers) expect(await store.check(pointer)).toBe("present");
  });
});
