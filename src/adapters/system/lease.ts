import { type BigIntStats, lstatSync, renameSync } from "node:fs";
import { type FileHandle, link, lstat, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { processSpace } from "./boot-id.ts";
import { diskError, errnoOf } from "./disk-error.ts";
import { makeDirectory, temporaryName } from "./durable-directory.ts";

/**
 * The right to do something alone, as a file that its holder touches every second. It outlives no kill: a waiter that
 * sees it untouched for ten seconds takes it over, at once where it can tell that the holder's process is gone.
 *
 * A holder that stood still (a suspended laptop) may so come back beside a new one. What a lease guards must stay right
 * with two holders; the lease only spares work.
 */
export interface Lease {
  /** Whether it is still ours, as far as the last touch could see. */
  readonly lost: boolean;
  /** Whether it is still ours, by a look at the disk. */
  held(): Promise<boolean>;
  /** Gives it up; one that another process took over is left alone. */
  release(): Promise<void>;
}

/** How time passes for somebody who waits; tests let it pass faster. */
export interface LeaseTiming {
  /** Milliseconds of a clock that is never set. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

const TOUCH_EVERY_MS = 1000;
const SILENT_AFTER_MS = 10_000;
const LOOK_EVERY_MS = 50;
/** A waiter that stood still itself has not watched meanwhile. */
const LONGEST_LOOK_MS = 1000;
/** Beyond the touch that is due, for clocks of machines that share a disk. */
const SURELY_SILENT_MS = 15_000;

const SYSTEM_TIMING: LeaseTiming = { now: () => performance.now(), sleep: (milliseconds) => setTimeout(milliseconds) };

/** Takes the lease at a path, waiting for another holder as long as that one lives. Throws `disk`. */
export async function takeLease(path: string, timing: LeaseTiming = SYSTEM_TIMING): Promise<Lease> {
  let watch: Watch | null = null;
  for (;;) {
    const lease = await tryLease(path);
    if (lease !== null) return lease;
    watch = await lookAgain(path, watch, timing);
    if (watch !== null && isAbandoned(watch)) await takeAway(path, watch);
    else await timing.sleep(LOOK_EVERY_MS);
  }
}

/** Waits until nobody living holds the lease, without taking it: for who may not write there. */
export async function awaitLease(path: string, timing: LeaseTiming = SYSTEM_TIMING): Promise<void> {
  let watch: Watch | null = null;
  for (;;) {
    watch = await lookAgain(path, watch, timing);
    if (watch === null || isAbandoned(watch)) return;
    await timing.sleep(LOOK_EVERY_MS);
  }
}

/** When a lease was taken, in milliseconds since 1970, if its holder lives by one look; null for one that is gone or dead. */
export async function liveSince(path: string): Promise<number | null> {
  const stats = await look(path);
  if (stats === null) return null;
  const alive = await holderLives(path);
  const quiet = Date.now() - Number(stats.mtimeMs);
  return (alive ?? quiet < SURELY_SILENT_MS) ? Number(stats.atimeMs) : null;
}

interface Watch {
  readonly seen: BigIntStats;
  /** The moment of the last look. */
  readonly at: number;
  /** Milliseconds in which it was watched and not touched. */
  readonly quiet: number;
  /** Known to be gone, known to live, or null. */
  readonly alive: boolean | null;
}

function isAbandoned({ quiet, alive }: Watch): boolean {
  return alive === false || quiet >= SILENT_AFTER_MS;
}

async function lookAgain(path: string, before: Watch | null, timing: LeaseTiming): Promise<Watch | null> {
  const seen = await look(path);
  if (seen === null) return null;
  const at = timing.now();
  const alive = await holderLives(path);
  if (before === null || !isSame(before.seen, seen)) return { seen, at, quiet: 0, alive };
  return { seen, at, quiet: before.quiet + Math.min(at - before.at, LONGEST_LOOK_MS), alive };
}

function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.mtimeNs === b.mtimeNs;
}

async function look(path: string): Promise<BigIntStats | null> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return null;
    throw diskError("read", path, error);
  }
}

/** A process number tells something only in the same boot and the same container; it is a hint, and null is no hint. */
async function holderLives(path: string): Promise<boolean | null> {
  const [space, pid] = (await readFile(path, "utf8").catch(() => "")).split("\n");
  if (space === undefined || space === "" || !/^[1-9]\d{0,9}$/.test(pid ?? "") || space !== processSpace()) return null;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}

/**
 * Of several that take away at once, one renames. If a living process had replaced or touched the file meanwhile, it is
 * put back; if its place is taken by then, its holder finds out by `held`.
 */
async function takeAway(path: string, { seen }: Watch): Promise<void> {
  const aside = `${path}.${temporaryName()}`;
  try {
    // In one breath, so that hardly ever a living one is renamed.
    const found = lstatSync(path, { bigint: true });
    if (!isSame(found, seen)) return;
    renameSync(path, aside);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw diskError("write", path, error);
  }
  const taken = await look(aside);
  if (taken !== null && !isSame(taken, seen)) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true }).catch(() => undefined);
}

async function tryLease(path: string): Promise<Lease | null> {
  await makeDirectory(dirname(path), false);
  try {
    const handle = await open(path, "wx");
    return await heldBy(handle, path);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return null;
    throw diskError("write", path, error);
  }
}

/** The open file keeps its inode from being used again, so that the inode tells our file from another's. */
async function heldBy(handle: FileHandle, path: string): Promise<Lease> {
  const own = await handle.stat({ bigint: true });
  const state = { lost: false, released: false };
  const held = async (): Promise<boolean> => {
    if (state.released) return false;
    const found = await look(path).catch(() => null);
    state.lost ||= found === null || found.dev !== own.dev || found.ino !== own.ino;
    return !state.lost;
  };
  // The time of reading, which nothing else sets here, tells since when it is held.
  const since = Number(own.mtimeMs) / 1000;
  const touch = async (): Promise<void> => {
    await handle.utimes(since, Date.now() / 1000);
    await held();
  };
  const timer = setInterval(() => void touch().catch(() => undefined), TOUCH_EVERY_MS).unref();
  await handle.write(`${processSpace() ?? ""}\n${process.pid}\n`).catch(() => undefined);
  await touch().catch(() => undefined);
  return {
    get lost() {
      return state.lost;
    },
    held,
    async release() {
      clearInterval(timer);
      const ours = await held();
      state.released = true;
      if (ours) await rm(path, { force: true }).catch(() => undefined);
      await handle.close().catch(() => undefined);
    },
  };
}
