import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Sha256 } from "../../domain/artifact/digest.ts";
import { touchSync } from "../system/atomic-file.ts";
import { temporaryName } from "../system/durable-directory.ts";
import { inParallel } from "../system/in-parallel.ts";
import { awaitLease, type Lease, liveSince, takeLease } from "../system/lease.ts";
import { type CacheLayout, type VersionKey, versionName } from "./cache-layout.ts";

/**
 * What is in use. A version that a living process was handed is kept while the process lives, ten minutes at most; what
 * lies longer unused is dropped first. A process that may not write in the cache leaves no trace of its use.
 */
export interface Uses {
  /** Keeps a version, from before it is looked at. */
  keep(version: VersionKey): Promise<void>;
  /** Keeps every object that is noted or arrives while the work runs. */
  during<T>(version: VersionKey, work: () => Promise<T>): Promise<T>;
  /** Objects that are handed out, or relied upon. */
  note(objects: readonly Sha256[]): void;
}

/** Who uses what at this moment. */
export interface InUse {
  /** Names of versions. */
  readonly versions: ReadonlySet<string>;
  /** Objects used after this moment, in milliseconds, may be relied upon. Infinity: none. */
  readonly since: number;
}

const KEPT_MS = 10 * 60 * 1000;
const AT_ONCE = 8;
/** Two clocks, that of the machine and that of the disk. */
const MARGIN_MS = 5000;

export function openUses(layout: CacheLayout): Uses {
  const kept = new Map<string, NodeJS.Timeout>();
  return {
    async keep(version) {
      const name = versionName(version);
      const timer = kept.get(name);
      if (timer !== undefined) timer.refresh();
      else await mark(layout, name, "used").then((lease) => hold(kept, name, lease), ignore);
      touchSync(layout.version(version));
      // Who drops has either seen the mark, or is waited for and has dropped what is then found absent.
      await awaitLease(layout.dropping);
    },
    async during(version, work) {
      const lease = await mark(layout, versionName(version), "work").catch(ignore);
      try {
        await awaitLease(layout.dropping);
        return await work();
      } finally {
        await lease?.release();
      }
    },
    note(objects) {
      for (const sha256 of objects) touchSync(layout.stamp(sha256));
    },
  };
}

/** Removes the marks of the dead on the way. */
export async function inUse(layout: CacheLayout): Promise<InUse> {
  const names = (await readdir(layout.locks).catch(() => [])).filter((name) => MARK.test(name));
  const marks = await inParallel(names, AT_ONCE, async (name) => {
    const path = join(layout.locks, name);
    const since = await liveSince(path).catch(() => null);
    if (since === null) await rm(path, { force: true }).catch(ignore);
    return { version: name.slice(0, name.indexOf("~")), isWork: name.endsWith(".work"), since };
  });
  const live = marks.filter(({ since }) => since !== null);
  const work = live.filter(({ isWork }) => isWork).map(({ since }) => since ?? 0);
  return { versions: new Set(live.map(({ version }) => version)), since: Math.min(...work) - MARGIN_MS };
}

const MARK = /^[^~]+~[0-9a-f]+\.(?:used|work)$/;

async function mark(layout: CacheLayout, name: string, kind: "used" | "work"): Promise<Lease> {
  // A process that ends leaves its marks; the next one clears them away.
  await inUse(layout);
  return takeLease(join(layout.locks, `${name}~${temporaryName()}.${kind}`));
}

function hold(kept: Map<string, NodeJS.Timeout>, name: string, lease: Lease): void {
  const end = (): void => {
    kept.delete(name);
    void lease.release().catch(ignore);
  };
  kept.set(name, setTimeout(end, KEPT_MS).unref());
}

function ignore(): undefined {
  return undefined;
}
