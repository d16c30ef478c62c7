import { chmod, mkdir, readdir, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Registry } from "../../src/operations/registry.ts";
import { ADAPTERS, CHOSEN_ADAPTER } from "../support/registry.ts";
import { copyOf, type Made, serve, servedRegistry, type UrlReader } from "../support/url-registry.ts";

let made: Made;

beforeAll(async () => {
  made = await servedRegistry();
});

const versionOf = (registry: Registry, reference = "model-0001@production") =>
  registry.pull({ references: [reference] }).then(({ models }) => models[0]?.version);

describe.each(ADAPTERS)("when the registry cannot be reached, with %s Git,", (adapter) => {
  test("what was fetched last is used, with a warning that says how old it is", async () => {
    const served = await serve(made);
    const reader = await served.reader(adapter);
    const first = await reader.open();
    await versionOf(first.registry);
    const fetchedAt = (await first.registry.resolve({ reference: "model-0001@production" })).fetchedAt;
    await served.stop();
    const { registry, warnings } = await reader.open();
    expect(await versionOf(registry)).toBe("1.4.0");
    expect(warnings.map(({ code }) => code)).toEqual(["stale"]);
    expect(warnings[0]?.message).toContain(`what was fetched on ${fetchedAt}`);
    // Nobody ever asked for it.
    await expect(versionOf(registry, "model-0001@staging")).rejects.toMatchObject({ code: "network", retryable: true });
    const offline = await reader.open();
    expect(
      (await offline.registry.pull({ references: ["model-0001#production"], offline: true })).models[0],
    ).toMatchObject({ version: "1.4.0" });
    // What a stage held has a number, too; but which one is the latest was never asked.
    expect((await offline.registry.resolve({ reference: "model-0001@1.4.0", offline: true })).version).toBe("1.4.0");
    const latest = offline.registry.resolve({ reference: "model-0001", offline: true });
    await expect(latest).rejects.toMatchObject({ code: "network" });
    expect(offline.warnings).toEqual([]);
  });

  test("a reader who never fetched is told so, also offline", async () => {
    const served = await serve(made);
    const reader = await served.reader(adapter);
    const { registry } = await reader.open();
    const offline = registry.pull({ references: ["model-0001@production"], offline: true });
    await expect(offline).rejects.toMatchObject({ code: "network", hint: "the same command without --offline" });
    await expect(registry.list({ offline: true })).rejects.toMatchObject({ code: "network" });
    expect(served.news()).toEqual([]);
    await served.stop();
    await expect(registry.list()).rejects.toMatchObject({ code: "network", retryable: true });
    await expect(versionOf(registry)).rejects.toMatchObject({ code: "network", retryable: true });
  });

  test("lists read the whole mirror as it is, and a --fetch insists", async () => {
    const served = await serve(made);
    const reader = await served.reader(adapter);
    await (await reader.open()).registry.list();
    await served.stop();
    const { registry, warnings } = await reader.open();
    expect((await registry.list()).models.length).toBe(3);
    expect(warnings.map(({ code }) => code)).toEqual(["stale"]);
    await expect(registry.list({ fetch: true })).rejects.toMatchObject({ code: "network" });
    expect((await registry.resolve({ reference: "model-0001@production" })).version).toBe("1.4.0");
  });

  test("a fallback of the same registry is found in what was fetched", async () => {
    const served = await serve(made);
    const reader = await served.reader(adapter);
    await versionOf((await reader.open()).registry, "model-0001@1.2.0");
    await served.stop();
    const { registry } = await reader.open();
    const { models } = await registry.pull({ references: ["model-0001@production"], fallbacks: ["model-0001@1.2.0"] });
    expect(models).toMatchObject([{ version: "1.2.0", fallback: true, used: "model-0001@1.2.0" }]);
  });
});

describe.each(ADAPTERS)("a mirror that is damaged is made anew, with %s Git:", (adapter) => {
  const damages: readonly (readonly [string, (path: string) => Promise<void>])[] = [
    ["its HEAD is gone", (path) => rm(join(path, "HEAD"))],
    ["its objects are cut short", (path) => eachObject(path, (file) => truncate(file, 50))],
    ["its objects are empty", (path) => eachObject(path, (file) => truncate(file, 0))],
    ["its objects are gone", (path) => eachObject(path, (file) => rm(file))],
    ["its folder of objects is gone", (path) => rm(join(path, "objects"), { recursive: true })],
  ];

  test.each(damages)("%s", async (_, damage) => {
    const reader = await (await serve(made)).reader(adapter);
    const before = await reader.open();
    expect([await versionOf(before.registry), (await before.registry.list()).models.length]).toEqual(["1.4.0", 3]);
    for (const kind of ["whole", "narrow"] as const) await damage((await reader.mirror(kind)).path);
    const { registry, warnings } = await reader.open();
    expect([await versionOf(registry), (await registry.list()).models.length]).toEqual(["1.4.0", 3]);
    expect(warnings).toEqual([]);
    expect((await reader.mirrors()).filter((name) => name.includes(".2.")).length).toBeGreaterThan(0);
    await (await reader.mirror("whole")).fsck();
  });

  test("locks of a killed process are removed once they are old", async () => {
    const own = await copyOf(made);
    const reader = await (await serve(own)).reader(adapter);
    const { registry } = await reader.open();
    await versionOf(registry);
    await registry.list();
    for (const kind of ["whole", "narrow"] as const) {
      const { path } = await reader.mirror(kind);
      for (const name of ["packed-refs.lock", "shallow.lock", "refs/remotes/origin/stage/production.lock"]) {
        await writeFile(join(path, name), "");
        await utimes(join(path, name), 1_700_000_000, 1_700_000_000);
      }
    }
    await own.repo.git("update-ref", "refs/heads/stage/production", "refs/heads/stage/staging");
    await own.repo.git("tag", "-a", "-m", "model-0000 2.0.0", "model-0000@v2.0.0", "model-0000@v1.5.0^{}");
    expect(await versionOf(registry)).toBe("1.4.0");
    expect((await registry.list()).models[0]?.latest).toBe("2.0.0");
    expect((await reader.mirrors()).toSorted()).toEqual([`narrow-${adapter}.1.git`, "whole.1.git"]);
  });
});

describe("a mirror", () => {
  test("that has grown beyond measure is made anew, and its predecessor goes with the next one", async () => {
    const reader = await (await serve(made)).reader(CHOSEN_ADAPTER);
    for (let generation = 1; generation <= 3; generation++) {
      const { registry } = await reader.open();
      expect(await versionOf(registry)).toBe("1.4.0");
      await overgrow(reader);
    }
    const names = [2, 3].map((generation) => `narrow-${CHOSEN_ADAPTER}.${generation}.git`);
    expect((await reader.mirrors()).toSorted()).toEqual(names);
  });

  test("stays as it is where the registry cannot be reached", async () => {
    const served = await serve(made);
    const reader = await served.reader(CHOSEN_ADAPTER);
    await versionOf((await reader.open()).registry);
    await overgrow(reader);
    await served.stop();
    expect(await versionOf((await reader.open()).registry)).toBe("1.4.0");
    expect(await reader.mirrors()).toEqual([`narrow-${CHOSEN_ADAPTER}.1.git`]);
  });

  test("of a registry that is there no more still answers, with a warning", async () => {
    const own = await copyOf(made);
    const reader = await (await serve(own)).reader(CHOSEN_ADAPTER);
    await versionOf((await reader.open()).registry);
    await rm(own.repo.path, { recursive: true });
    const { registry, warnings } = await reader.open();
    expect(await versionOf(registry)).toBe("1.4.0");
    expect(warnings.map(({ code }) => code)).toEqual(["stale"]);
  });
});

/** Packs and loose objects. */
async function eachObject(path: string, damage: (file: string) => Promise<void>): Promise<void> {
  const folder = join(path, "objects");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((one) => one.isFile() && /^[0-9a-f]{38}$|\.pack$/.test(one.name));
  if (files.length === 0) throw new Error(`${path} has no objects to damage`);
  for (const { parentPath, name } of files) {
    await chmod(join(parentPath, name), 0o644);
    await damage(join(parentPath, name));
  }
}

async function overgrow(reader: UrlReader): Promise<void> {
  const folder = join((await reader.mirror("narrow")).path, "objects/17");
  await mkdir(folder, { recursive: true });
  for (let count = 0; count < 50; count++) await writeFile(join(folder, `${count}`.padStart(38, "0")), "");
}
