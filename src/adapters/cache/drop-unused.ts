import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../system/clock.ts";
import { makeDirectory, temporaryName } from "../system/durable-directory.ts";
import { takeLease } from "../system/lease.ts";
import { removeTree } from "../system/remove-tree.ts";
import { type CacheLayout, PUT_AWAY } from "./cache-layout.ts";
import { type Contents, type Entry, listContents } from "./contents.ts";
import { linkedVersions } from "./link-notes.ts";
import { lookAt } from "./object-cache.ts";
import type { Stamps } from "./stamps.ts";
import { inUse } from "./uses.ts";

interface Dropping {
  readonly layout: CacheLayout;
  readonly stamps: Stamps;
}

/**
 * Drops what was used longest ago until the cache holds no more than `limit` bytes: versions, and objects that no
 * version holds. Never what a link points at or pointed at before, what a link left less than a day ago, or what a
 * living process was handed or is laying out now; with all of that the cache may stay larger.
 */
export async function dropUnused({ layout, stamps }: Dropping, limit: number): Promise<void> {
  if (sizeOf(await listContents(layout)) <= limit) return;
  // Whoever begins to use something from now on waits, and finds what is dropped absent.
  const lease = await takeLease(layout.dropping);
  let dropped: readonly Dropped[] = [];
  let contents: Contents | null = null;
  try {
    contents = await listContents(layout);
    dropped = await putAway(layout, await choose(layout, contents, limit));
  } finally {
    await lease.release();
  }
  for (const { entry, path } of dropped) {
    await removeTree(path).catch(() => undefined);
    if (entry.sha256 !== null) await rm(layout.stamp(entry.sha256), { force: true }).catch(() => undefined);
  }
  renewOthers({ layout, stamps }, contents, dropped);
  stamps.settle();
}

/** What has to go, the longest unused first; a version goes before the objects that it holds. */
async function choose(layout: CacheLayout, contents: Contents, limit: number): Promise<readonly Entry[]> {
  const [linked, used] = [await linkedVersions(layout, systemClock.now()), await inUse(layout)];
  const mayGo = ({ kind, name, usedAt }: Entry): boolean => {
    if (kind === "version") return !linked.has(name) && !used.versions.has(name);
    return kind === "damaged" || usedAt < used.since;
  };
  const names = namesOf(contents);
  let size = sizeOf(contents);
  const chosen: Entry[] = [];
  for (const entry of inOrder(contents)) {
    if (size <= limit) break;
    // Where a version that stays holds the object too, its bytes would stay.
    const isHeld = entry.kind === "object" && entry.files.some(({ key }) => (names.get(key) ?? 0) > 1);
    if (isHeld || !mayGo(entry)) continue;
    chosen.push(entry);
    for (const { key, size: bytes } of entry.files) {
      const left = (names.get(key) ?? 1) - 1;
      names.set(key, left);
      if (left === 0) size -= bytes;
    }
  }
  return chosen;
}

/** An object is used whenever a version that holds it is. */
function inOrder(contents: Contents): readonly Entry[] {
  const usedAt = new Map<string, number>();
  for (const { kind, files, usedAt: at } of contents.entries) {
    if (kind !== "version") continue;
    for (const { key } of files) usedAt.set(key, Math.max(at, usedAt.get(key) ?? 0));
  }
  const rank = { damaged: 0, version: 1, object: 2 };
  const withVersions = ({ kind, files, usedAt: at }: Entry): number =>
    kind === "object" ? Math.max(at, ...files.map(({ key }) => usedAt.get(key) ?? 0)) : at;
  return contents.entries
    .map((entry) => ({ ...entry, usedAt: withVersions(entry) }))
    .sort((a, b) => a.usedAt - b.usedAt || rank[a.kind] - rank[b.kind]);
}

interface Dropped {
  readonly entry: Entry;
  /** Where it is on its way out. */
  readonly path: string;
}

/** Renames, which is quick; what cannot be renamed, because it is another user's, stays. */
async function putAway(layout: CacheLayout, entries: readonly Entry[]): Promise<readonly Dropped[]> {
  const dropped: Dropped[] = [];
  await makeDirectory(layout.tmp, false);
  for (const entry of entries) {
    const path =
      entry.kind === "version"
        ? join(layout.versions, `${PUT_AWAY}${temporaryName()}`)
        : join(layout.tmp, temporaryName());
    const isAway = await rename(entry.path, path).then(
      () => true,
      () => false,
    );
    if (isAway) dropped.push({ entry, path });
  }
  return dropped;
}

/** The objects that a dropped version shared have lost a link, which changed their ctime and nothing else. */
function renewOthers({ layout, stamps }: Dropping, contents: Contents, dropped: readonly Dropped[]): void {
  const touched = new Set(dropped.flatMap(({ entry }) => entry.files.map(({ key }) => key)));
  const gone = new Set(dropped.map(({ entry }) => entry.sha256));
  for (const { sha256, files } of contents.entries) {
    if (sha256 === null || gone.has(sha256) || !files.some(({ key }) => touched.has(key))) continue;
    const stats = lookAt(layout.object(sha256));
    if (stats !== null) stamps.renew(sha256, stats);
  }
}

/** How many names each file has. */
function namesOf(contents: Contents): Map<string, number> {
  const names = new Map<string, number>();
  for (const { key } of filesOf(contents)) names.set(key, (names.get(key) ?? 0) + 1);
  return names;
}

/** A file of several names counts once. */
function sizeOf(contents: Contents): number {
  const sizes = new Map(filesOf(contents).map(({ key, size }) => [key, size]));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

function filesOf({ entries, others }: Contents) {
  return [...entries.flatMap(({ files }) => files), ...others];
}
