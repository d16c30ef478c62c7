import {
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { openLocalStore } from "../../../src/adapters/lfs/local-store.ts";
import type { Arrival } from "../../../src/ports/artifact-store.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { failure, pointerTo, stream } from "./objects.ts";

const CONTENT = Buffer.concat(Array.from({ length: 40 }, (_, index) => Buffer.alloc(70_001, index + 1)));
const POINTER = pointerTo(CONTENT);
const half = CONTENT.subarray(0, 1_400_000);
const rest = CONTENT.subarray(1_400_000);

async function emptyStore() {
  const directory = await tempDir();
  const store = openLocalStore({ commonDir: join(directory, ".git") });
  const part = join(store.directory, "incomplete", `${POINTER.sha256}.part`);
  const left = async () => (await readdir(dirname(part)).catch(() => [])).sort();
  const leave = async (content: Uint8Array) => {
    await mkdir(dirname(part), { recursive: true });
    await writeFile(part, content);
  };
  const begin = async (): Promise<Arrival> => {
    const arrival = await store.resume(POINTER);
    if (arrival === null) throw new Error("the object is there already");
    return arrival;
  };
  const finish = async () => {
    const arrival = await begin();
    await arrival.append(stream(CONTENT.subarray(arrival.received)));
    await arrival.complete();
    expect(await store.check(POINTER, { hash: true })).toBe("present");
    expect(await left()).toEqual([]);
  };
  return { directory, store, part, left, leave, begin, finish };
}

async function* broken(...chunks: readonly Uint8Array[]) {
  yield* chunks;
  throw new TypeError("connection reset");
}

describe("an object that arrives in pieces", () => {
  it("is put in its place when everything is there, with git-lfs's mode, and nothing is left", async () => {
    const { store, begin, left } = await emptyStore();
    const arrival = await begin();
    expect(arrival.received).toBe(0);
    await arrival.append(stream(half));
    expect(arrival.received).toBe(half.length);
    expect(await store.check(POINTER)).toBe("missing");
    await arrival.append(stream(rest.subarray(0, 1), rest.subarray(1)));
    await arrival.complete();
    await arrival.release();
    expect((await readFile(store.pathOf(POINTER.sha256))).equals(CONTENT)).toBe(true);
    expect((await stat(store.pathOf(POINTER.sha256))).mode & 0o777).toBe(0o644 & ~process.umask());
    expect(await left()).toEqual([]);
    expect(await store.resume(POINTER)).toBeNull();
  });

  it("keeps what came before a broken stream, for the next stream and for the next process, in the same file", async () => {
    const { begin, part, finish } = await emptyStore();
    const arrival = await begin();
    await expect(arrival.append(broken(half.subarray(0, 10), half.subarray(10, 20)))).rejects.toThrow("reset");
    expect(arrival.received).toBe(20);
    await expect(arrival.append(broken(half.subarray(20)))).rejects.toThrow("reset");
    await arrival.release();
    expect((await readFile(part)).equals(half)).toBe(true);
    const { ino } = await stat(part);
    const again = await begin();
    expect(again.received).toBe(half.length);
    expect((await stat(part)).ino).toBe(ino);
    await again.release();
    await finish();
  });

  it("goes on from what git-lfs or a killed process left, on a copy", async () => {
    const { leave, begin, part, finish } = await emptyStore();
    await leave(half);
    const { ino } = await stat(part);
    const arrival = await begin();
    expect(arrival.received).toBe(half.length);
    expect((await stat(part)).ino).not.toBe(ino);
    await arrival.release();
    await finish();
  });

  it("does not take a file for its own that was put in the place of an idle part", async () => {
    const { leave, begin, part, finish } = await emptyStore();
    const arrival = await begin();
    await arrival.append(stream(half));
    await arrival.release();
    await rename(part, `${part}-away`);
    await leave(half.subarray(0, 7));
    await link(part, `${part}-elsewhere`);
    const again = await begin();
    await again.append(stream(CONTENT.subarray(7, 9)));
    expect((await readFile(`${part}-elsewhere`)).length).toBe(7);
    await again.release();
    await rm(`${part}-elsewhere`);
    await rm(`${part}-away`);
    await finish();
  });

  it.each([
    ["larger than the object", Buffer.concat([CONTENT, Buffer.from("x")])],
    ["empty", Buffer.alloc(0)],
  ])("begins anew on a part that is %s", async (_, content) => {
    const { leave, begin, finish } = await emptyStore();
    await leave(content);
    const arrival = await begin();
    expect(arrival.received).toBe(0);
    await arrival.release();
    await finish();
  });

  it("drops a part of other bytes once everything is there, and the next attempt succeeds", async () => {
    const { store, leave, begin, finish } = await emptyStore();
    await leave(Buffer.alloc(half.length, 255));
    const arrival = await begin();
    await arrival.append(stream(rest));
    const error = await failure(arrival.complete());
    expect(error).toMatchObject({ code: "digest-mismatch", retryable: true });
    expect(error.message).toContain(POINTER.sha256);
    expect(arrival.received).toBe(0);
    expect(await store.check(POINTER)).toBe("missing");
    await arrival.release();
    await finish();
  });

  it("refuses more bytes than the object has, and trusts none of them", async () => {
    const { store, begin, finish } = await emptyStore();
    const arrival = await begin();
    const error = await failure(arrival.append(stream(CONTENT, "x")));
    expect(error).toMatchObject({ code: "digest-mismatch" });
    expect(arrival.received).toBe(0);
    await arrival.release();
    expect(await store.check(POINTER)).toBe("missing");
    await finish();
  });

  it("is not complete with too few bytes, and keeps them", async () => {
    const { begin, finish } = await emptyStore();
    const arrival = await begin();
    await arrival.append(stream(half));
    expect(await failure(arrival.complete())).toMatchObject({ code: "digest-mismatch" });
    expect(arrival.received).toBe(half.length);
    await arrival.release();
    await finish();
  });

  it("forgets what has arrived when the server begins anew", async () => {
    const { begin, left } = await emptyStore();
    const arrival = await begin();
    await arrival.append(stream(half, half));
    await arrival.restart();
    expect(arrival.received).toBe(0);
    await arrival.append(stream(CONTENT));
    await arrival.complete();
    expect(await left()).toEqual([]);
  });

  it.each(["symbolic link", "directory"])("refuses a %s in the part's place and leaves it", async (kind) => {
    const { directory, store, part, left } = await emptyStore();
    await mkdir(dirname(part), { recursive: true });
    await writeFile(join(directory, "precious"), "untouched");
    if (kind === "symbolic link") await symlink(join(directory, "precious"), part);
    else await mkdir(part);
    const error = await failure(store.resume(POINTER));
    expect(error).toMatchObject({ code: "disk", hint: expect.stringContaining(part) });
    expect(await readFile(join(directory, "precious"), "utf8")).toBe("untouched");
    expect((await lstat(part)).isFile()).toBe(false);
    expect(await left()).toEqual([`${POINTER.sha256}.part`]);
  });

  it("sweeps what was left a week ago, and nothing younger", async () => {
    const { part, begin, left } = await emptyStore();
    await mkdir(dirname(part), { recursive: true });
    const named = (name: string) => join(dirname(part), name);
    const days = (count: number) => new Date(Date.now() - count * 24 * 3_600_000);
    for (const [name, age] of [
      ["old.part", 8],
      ["young.part", 6],
    ] as const) {
      await writeFile(named(name), "left");
      await utimes(named(name), days(age), days(age));
    }
    await (await begin()).release();
    expect(await left()).toEqual(["young.part"]);
  });

  it("waits for the one who holds it, and finds the object there", async () => {
    const { store, begin, left } = await emptyStore();
    const first = await begin();
    const second = store.resume(POINTER);
    await first.append(stream(CONTENT));
    await first.complete();
    expect(await second).toBeNull();
    expect(await left()).toEqual([]);
  });

  it("never writes into another holder's file, nor does that one's failure take the object away", async () => {
    const { store, begin, part, left } = await emptyStore();
    const slow = await begin();
    await slow.append(stream(half));
    // As a waiter does it when the holder stood still.
    await rename(`${part}.lock`, `${part}.lock.stale`);
    const quick = await begin();
    expect(quick.received).toBe(half.length);
    await slow.append(stream(Buffer.alloc(rest.length, 255)));
    await quick.append(stream(rest));
    expect(await failure(slow.complete())).toMatchObject({ code: "digest-mismatch" });
    await slow.append(stream(Buffer.alloc(9, 255)));
    await quick.complete();
    expect((await readFile(store.pathOf(POINTER.sha256))).equals(CONTENT)).toBe(true);
    await slow.release();
    expect((await readFile(store.pathOf(POINTER.sha256))).equals(CONTENT)).toBe(true);
    expect(await left()).toEqual([`${POINTER.sha256}.part.lock.stale`]);
  });

  it("does not publish another holder's file as its own", async () => {
    const { store, begin, part } = await emptyStore();
    const slow = await begin();
    await slow.append(stream(half));
    await rename(`${part}.lock`, `${part}.lock.stale`);
    const quick = await begin();
    await slow.append(stream(rest));
    expect(await failure(slow.complete())).toMatchObject({ code: "disk", retryable: true });
    expect(await store.check(POINTER)).toBe("missing");
    await slow.release();
    await quick.append(stream(rest));
    await quick.complete();
    expect(await store.check(POINTER, { hash: true })).toBe("present");
  });

  it("starts over when the disk keeps other bytes than were written", async () => {
    const { begin, part, finish } = await emptyStore();
    const arrival = await begin();
    await arrival.append(stream(half));
    await arrival.release();
    await truncate(part, 1000);
    await truncate(part, half.length);
    const again = await begin();
    await again.append(stream(rest));
    expect(await failure(again.complete())).toMatchObject({ code: "digest-mismatch" });
    await again.release();
    await finish();
  });
});
