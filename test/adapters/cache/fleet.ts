import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Materialisation } from "../../../src/ports/model-cache.ts";
import { bundle, type Running, run } from "../../support/bundled-process.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { pointerTo } from "../lfs/objects.ts";
import type { Order } from "./cache-process.ts";
import { sampleVersion } from "./sample-version.ts";

/** A cache, a server of objects that writes down each transfer, and processes that use them. */
export async function openFleet() {
  const script = await bundle(join(import.meta.dirname, "cache-process.ts"));
  const directory = await tempDir();
  const [cache, served, log] = ["cache", "served", "log"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(served);
  await writeFile(log, "");
  const serve = async (files: Readonly<Record<string, Uint8Array>>): Promise<Materialisation> => {
    for (const content of Object.values(files)) await writeFile(join(served, pointerTo(content).sha256), content);
    const contents = Object.fromEntries(Object.entries(files).map(([path, content]) => [path, { content }]));
    return sampleVersion(contents, { card: null });
  };
  const start = (versions: readonly Materialisation[], more: Partial<Order> = {}): Running => {
    const asText = versions.map(({ manifest, card: _, ...rest }) => ({
      ...rest,
      manifest: Buffer.from(manifest).toString(),
    }));
    return run(script, JSON.stringify({ cache, served, log, versions: asText, ...more } satisfies Order));
  };
  const pull = async (version: Materialisation, more: Partial<Order> = {}): Promise<void> => {
    await start([version], more).ends();
  };
  const transfers = async (): Promise<readonly string[]> => (await readFile(log, "utf8")).split("\n").slice(0, -1);
  /** Waits until so many processes are laying a version out. */
  const atWork = async (count: number): Promise<void> => {
    const working = async () =>
      (await readdir(join(cache, "locks")).catch(() => [])).filter((name) => name.endsWith(".work"));
    while ((await working()).length < count) await setTimeout(10);
  };
  /** Waits until so many transfers have begun. */
  const transferring = async (count: number): Promise<void> => {
    while ((await transfers()).length < count) await setTimeout(10);
  };
  const held = async (): Promise<readonly string[]> => readdir(join(cache, "versions"));
  return { directory, cache, log, serve, start, pull, transfers, atWork, transferring, held };
}

export const KB = 1000;

/** A fleet with four versions of 100 kB, each of which a process pulls and ends. */
export async function fleetOfFour() {
  const fleet = await openFleet();
  const make = (seed: number) =>
    fleet.serve({ "model.bin": Buffer.alloc(100 * KB, seed), LICENSE: Buffer.from(`${seed}`) });
  const versions = await Promise.all([1, 2, 3, 4].map(make));
  const [one, two, three, four] = versions as [Materialisation, Materialisation, Materialisation, Materialisation];
  const names = (...those: readonly Materialisation[]) => those.map(({ tree }) => tree).sort();
  const held = async () => [...(await fleet.held())].sort();
  const size = () =>
    bytesBelow(...["objects", "versions", "tmp", "bad", "incomplete"].map((name) => join(fleet.cache, name)));
  const link = join(fleet.directory, "current");
  return { ...fleet, one, two, three, four, names, held, size, link };
}

/** Bytes of the regular files below directories, each inode once. */
async function bytesBelow(...directories: readonly string[]): Promise<number> {
  const sizes = new Map<number, number>();
  for (const directory of directories) {
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile()) continue;
      const { ino, size } = await stat(join(entry.parentPath, entry.name));
      sizes.set(ino, size);
    }
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
