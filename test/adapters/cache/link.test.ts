import { mkdir, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { LinkNote } from "../../../src/adapters/cache/link-notes.ts";
import { failure } from "../lfs/objects.ts";
import { sampleCache } from "./sample-version.ts";

async function sample() {
  const { cache, cacheDirectory, directory } = await sampleCache();
  const link = join(directory, "serving/current");
  const version = (name: string) => join(cacheDirectory, "versions", name);
  const note = async (): Promise<LinkNote> => {
    const [name = "", ...others] = await readdir(join(cacheDirectory, "links"));
    expect(others).toEqual([]);
    return JSON.parse(await readFile(join(cacheDirectory, "links", name), "utf8")) as LinkNote;
  };
  return { cache, directory, link, version, note };
}

describe("link", () => {
  it("makes an absolute symlink and the folder it stands in, and notes it", async () => {
    const { cache, link, version, note, directory } = await sample();
    expect(await cache.link(version("one"), link)).toEqual({ changed: true });
    expect(await readlink(link)).toBe(version("one"));
    expect(await note()).toEqual({ schemaVersion: 1, link, target: version("one"), previous: null, former: [] });
    expect(await readdir(join(directory, "serving"))).toEqual(["current"]);
  });

  it("changes nothing when it points there already", async () => {
    const { cache, link, version } = await sample();
    await cache.link(version("one"), link);
    expect(await cache.link(version("one"), link)).toEqual({ changed: false });
  });

  it("remembers where it pointed before, and since when not", async () => {
    const { cache, link, version, note } = await sample();
    for (const name of ["one", "two", "three", "two"]) await cache.link(version(name), link);
    const { target, previous, former } = await note();
    expect([target, previous]).toEqual([version("two"), version("three")]);
    expect(former.map((one) => one.target)).toEqual([version("three"), version("one")]);
    expect(Math.abs(Date.now() - Date.parse(former[0]?.until ?? ""))).toBeLessThan(60_000);
  });

  it("is not made inside a version, nor is a version written there", async () => {
    const { cache, directory, link, version } = await sample();
    await mkdir(version("one"), { recursive: true });
    await cache.link(version("one"), link);
    const inside = { code: "usage", message: expect.stringContaining("lies in the cache") };
    expect(await failure(cache.link(version("two"), join(link, "inner")))).toMatchObject(inside);
    expect(await failure(cache.link(version("two"), join(link, "far/inner")))).toMatchObject(inside);
    expect(await readdir(version("one"))).toEqual([]);
    expect(await readdir(join(directory, "serving"))).toEqual(["current"]);
  });

  it("takes over a symlink that somebody else made, dangling or not", async () => {
    const { cache, directory, version, note } = await sample();
    const link = join(directory, "current");
    await symlink("/nowhere", link);
    expect(await cache.link(version("one"), link)).toEqual({ changed: true });
    expect((await note()).previous).toBe("/nowhere");
  });

  it.each(["file", "directory"])("refuses a %s in its place and leaves it", async (kind) => {
    const { cache, directory, version } = await sample();
    const link = join(directory, "current");
    if (kind === "file") await writeFile(link, "mine");
    else await mkdir(link);
    const error = await failure(cache.link(version("one"), link));
    expect(error).toMatchObject({ code: "usage", message: `${link} is a ${kind}, not a symbolic link` });
    expect(await readdir(directory)).toEqual(["current"]);
  });

  it("always points somewhere while many switch it", async () => {
    const { cache, link, version } = await sample();
    await cache.link(version("v0"), link);
    const switches = Array.from({ length: 20 }, (_, index) => cache.link(version(`v${index}`), link));
    const targets: string[] = [];
    for (let look = 0; look < 50; look += 1) targets.push(await readlink(link));
    await Promise.all(switches);
    expect(targets.every((target) => target.startsWith(version("v")))).toBe(true);
  });
});
