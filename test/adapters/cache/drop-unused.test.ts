import { createReadStream } from "node:fs";
import { chmod, readdir, readFile, rm, stat, symlink, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openModelCache } from "../../../src/adapters/cache/model-cache.ts";
import type { ObjectSource } from "../../../src/ports/model-cache.ts";
import { fleetOfFour, KB } from "./fleet.ts";
import { unreachable } from "./sample-version.ts";

describe("a cache that outgrows its limit", () => {
  it("drops what was used longest ago until it fits, and counts hard links once", async () => {
    const { pull, one, two, three, four, names, held, size, cache } = await fleetOfFour();
    for (const version of [one, two, three]) await pull(version, { limit: 305 * KB });
    expect(await held()).toEqual(names(one, two, three));
    await pull(one, { limit: 305 * KB });
    await pull(four, { limit: 305 * KB });
    expect(await held()).toEqual(names(one, three, four));
    expect(await size()).toBeLessThanOrEqual(305 * KB);
    await pull(two, { limit: 205 * KB });
    expect(await held()).toEqual(names(two, four));
    expect(await size()).toBeLessThanOrEqual(205 * KB);
    expect(
      (await readdir(join(cache, "stamps"), { recursive: true })).filter((name) => name.endsWith(".json")),
    ).toHaveLength(4);
  });

  it("keeps everything without a limit", async () => {
    const { pull, one, two, three, four, names, held } = await fleetOfFour();
    for (const version of [one, two, three, four]) await pull(version);
    expect(await held()).toEqual(names(one, two, three, four));
  });

  it("keeps an object that another version holds, and knows it still", async () => {
    const { serve, pull, held, names, cache } = await fleetOfFour();
    const shared = Buffer.alloc(200 * KB, 9);
    const old = await serve({ "shared.bin": shared, "old.bin": Buffer.alloc(50 * KB, 7) });
    const young = await serve({ "shared.bin": shared });
    await pull(old);
    await pull(young);
    const more = await serve({ "more.bin": Buffer.alloc(40 * KB, 8) });
    await pull(more, { limit: 245 * KB });
    expect(await held()).toEqual(names(young, more));
    const sha256 = young.artifacts[0]?.sha256 ?? "";
    const { ctimeNs } = await stat(join(cache, "versions", young.tree, "shared.bin"), { bigint: true });
    const stamp = await readFile(join(cache, "stamps", sha256.slice(0, 2), `${sha256}.json`), "utf8");
    expect(stamp).toContain(`"ctimeNs":"${ctimeNs}"`);
    await openModelCache({ directory: cache }).materialise(young, unreachable, { verify: true });
  });

  it("drops objects that no version holds, such as those that were copied out, and damaged ones first", async () => {
    const { pull, one, two, three, names, held, size, cache, directory } = await fleetOfFour();
    await pull(one);
    const [model] = one.artifacts;
    const file = join(cache, "versions", one.tree, "model.bin");
    await chmod(file, 0o644);
    await writeFile(file, Buffer.alloc(100 * KB, 66));
    await pull(one);
    expect(await readdir(join(cache, "bad"))).toEqual([model?.sha256]);
    await pull(two, { limit: 205 * KB });
    expect(await readdir(join(cache, "bad"))).toEqual([]);
    expect(await held()).toEqual(names(one, two));
    await rm(join(cache, "versions"), { recursive: true });
    const source: ObjectSource = {
      ...unreachable,
      fetch: async (pointers, sink) => {
        for (const pointer of pointers)
          await sink.receive(pointer, createReadStream(join(directory, "served", pointer.sha256)));
      },
    };
    const small = openModelCache({ directory: cache, limit: async () => 0 });
    await small.copyOut(three, join(directory, "out"), source, { verify: false, force: false });
    expect(await size()).toBe(0);
  });

  it("keeps what a link points at, what it pointed at before, and what it left less than a day ago", async () => {
    const { serve, pull, one, two, three, four, names, held, link, cache } = await fleetOfFour();
    for (const version of [one, two, three]) await pull(version, { link });
    await pull(four, { limit: 0 });
    expect(await held()).toEqual(names(one, two, three, four));
    const [name = ""] = await readdir(join(cache, "links"));
    const path = join(cache, "links", name);
    const note = JSON.parse(await readFile(path, "utf8"));
    const until = new Date(Date.now() - 25 * 3_600_000).toISOString();
    const former = note.former.map((one: { target: string }) => ({ ...one, until }));
    await writeFile(path, JSON.stringify({ ...note, former }));
    const five = await serve({ "model.bin": Buffer.alloc(KB, 5) });
    await pull(five, { limit: 0 });
    expect(await held()).toEqual(names(two, three, five));
  });

  it("keeps what a link shows that was changed by hand, and frees what a removed link held", async () => {
    const { pull, one, two, three, four, names, held, link, cache } = await fleetOfFour();
    await pull(one);
    await pull(two, { link });
    await unlink(link);
    await symlink(join(cache, "versions", one.tree), link);
    await pull(three, { limit: 0 });
    expect(await held()).toEqual(names(one, two, three));
    await unlink(link);
    await pull(four, { limit: 0 });
    expect(await held()).toEqual(names(four));
    expect(await readdir(join(cache, "links"))).toEqual([]);
  });

  it("keeps what a living process was handed, until that one ends", async () => {
    const { pull, start, one, two, three, names, held } = await fleetOfFour();
    const service = start([one], { stays: true });
    await service.says(/pulled/);
    await pull(two, { limit: 0 });
    expect(await held()).toEqual(names(one, two));
    await service.kill();
    await pull(three, { limit: 0 });
    expect(await held()).toEqual(names(three));
  });

  it("drops nothing young of what another process is still fetching", async () => {
    const { serve, start, pull, two, transfers, transferring } = await fleetOfFour();
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`f${index}`, Buffer.alloc(70 * KB, index + 1)]),
    );
    const large = await serve(files);
    const fetching = start([large], { limit: 0, pausesAfter: 20 });
    await transferring(20);
    await pull(two, { limit: 0 });
    await fetching.ends();
    // Its own 30, and the two files of the other.
    expect(await transfers()).toHaveLength(32);
  });
});

describe("a use", () => {
  it("is noted by each hand-out", async () => {
    const { pull, one, cache, link } = await fleetOfFour();
    await pull(one);
    const path = join(cache, "versions", one.tree);
    const longAgo = new Date(0);
    for (const more of [{}, { link }]) {
      await utimes(path, longAgo, longAgo);
      await pull(one, more);
      expect((await stat(path)).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
    }
  });
});
