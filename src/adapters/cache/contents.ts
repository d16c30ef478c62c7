import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isSha256, type Sha256 } from "../../domain/artifact/digest.ts";
import type { CacheLayout } from "./cache-layout.ts";
import { lookAt } from "./object-cache.ts";

/** A thing that can be dropped on its own. */
export interface Entry {
  readonly kind: "version" | "object" | "damaged";
  readonly name: string;
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
  readonly files: readonly FileSize[];
  /** The object, null for a version. */
  readonly sha256: Sha256 | null;
}

export interface FileSize {
  /** The same for all names of one file. */
  readonly key: string;
  readonly size: number;
}

export interface Contents {
  readonly entries: readonly Entry[];
  /** What takes room and is somebody's work in progress. */
  readonly others: readonly FileSize[];
}

/** Everything in the cache that takes room; notes and stamps are too small to count. */
export async function listContents(layout: CacheLayout): Promise<Contents> {
  const entries = [...(await objects(layout)), ...(await damaged(layout)), ...(await versions(layout))];
  const halfMade = (await list(layout.versions)).filter(({ name }) => name.startsWith("."));
  const folders = [layout.tmp, layout.incomplete, ...halfMade.map(({ name }) => join(layout.versions, name))];
  const others = await Promise.all(folders.map(filesBelow));
  return { entries, others: others.flat() };
}

async function objects(layout: CacheLayout): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  for (const first of await list(layout.objects)) {
    for (const second of await list(join(layout.objects, first.name))) {
      const folder = join(layout.objects, first.name, second.name);
      for (const { name } of await list(folder)) {
        if (!isSha256(name)) continue;
        const path = join(folder, name);
        const stats = lookAt(path);
        const used = lookAt(layout.stamp(name)) ?? stats;
        if (stats === null || used === null) continue;
        const files = [fileSize(stats)];
        found.push({ kind: "object", name, path, usedAt: Number(used.mtimeMs), files, sha256: name });
      }
    }
  }
  return found;
}

async function damaged(layout: CacheLayout): Promise<readonly Entry[]> {
  const names = (await list(layout.bad)).map(({ name }) => name);
  const entries = names.map(async (name): Promise<Entry> => {
    const path = join(layout.bad, name);
    const stats = lookAt(path);
    const files = stats === null ? [] : [fileSize(stats)];
    return { kind: "damaged", name, path, usedAt: 0, files, sha256: null };
  });
  return Promise.all(entries);
}

async function versions(layout: CacheLayout): Promise<readonly Entry[]> {
  const folders = (await list(layout.versions)).filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  const entries = folders.map(async ({ name }): Promise<Entry> => {
    const path = join(layout.versions, name);
    const usedAt = Number(lookAt(path)?.mtimeMs ?? 0);
    return { kind: "version", name, path, usedAt, files: await filesBelow(path), sha256: null };
  });
  return Promise.all(entries);
}

async function filesBelow(folder: string): Promise<readonly FileSize[]> {
  const found: FileSize[] = [];
  for (const entry of await list(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesBelow(path)));
    else {
      const stats = lookAt(path);
      if (stats !== null) found.push(fileSize(stats));
    }
  }
  return found;
}

/** What is not there, or not any more, holds nothing. */
async function list(folder: string): Promise<readonly Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}

function fileSize({ dev, ino, size }: { readonly dev: bigint; readonly ino: bigint; readonly size: bigint }): FileSize {
  return { key: `${dev}:${ino}`, size: Number(size) };
}
