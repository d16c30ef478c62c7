import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { buildSync } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { openModelCache } from "../../../src/adapters/cache/model-cache.ts";
import { testAsRoot } from "../../support/oracles.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { contentsOf, sampleCache, sampleVersion, unreachable } from "./sample-version.ts";

let script = "";

beforeAll(async () => {
  script = join(await tempDir(), "reader-process.mjs");
  buildSync({
    entryPoints: [join(import.meta.dirname, "reader-process.ts")],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
  await chmod(join(script, ".."), 0o755);
});

async function manyFiles() {
  const contents = Array.from({ length: 12 }, (_, index) => Buffer.alloc(200_000 + index, index + 1));
  const files = Object.fromEntries(contents.map((content, index) => [`parts/p${index}.bin`, { content }]));
  const version = sampleVersion(files, { card: null });
  const sample = await sampleCache();
  await sample.put(...contents);
  return { ...sample, version };
}

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(args: readonly string[], ids: { readonly uid?: number; readonly gid?: number } = {}) {
  const child: ChildProcess = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "pipe"], ...ids });
  const text = { out: "", err: "" };
  child.stdout?.on("data", (chunk: Buffer) => {
    text.out += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    text.err += chunk.toString();
  });
  const ended = new Promise<Outcome>((resolve) => child.on("close", (code) => resolve({ code, ...text })));
  return { child, ended };
}

function argumentsFor({ cacheDirectory, store, version }: Awaited<ReturnType<typeof manyFiles>>) {
  const json = JSON.stringify({ ...version, manifest: Buffer.from(version.manifest).toString() });
  return [cacheDirectory, store.directory, json];
}

describe("a cache that several processes use", () => {
  it("ends with one whole version when they all make it at once", async () => {
    const sample = await manyFiles();
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => start(argumentsFor(sample)).ended));
    expect(outcomes.map(({ code, err }) => ({ code, err }))).toEqual(Array(4).fill({ code: 0, err: "" }));
    expect(new Set(outcomes.map(({ out }) => out)).size).toBe(1);
    expect(await readdir(join(sample.cacheDirectory, "versions"))).toEqual([sample.version.tree]);
    expect(await readdir(join(sample.cacheDirectory, "tmp"))).toEqual([]);
    await sample.cache.materialise(sample.version, unreachable, { verify: true });
  });

  it("serves as many promises in one process", async () => {
    const sample = await manyFiles();
    const calls = Array.from({ length: 8 }, () =>
      openModelCache({ directory: sample.cacheDirectory }).materialise(sample.version, sample.source, {
        verify: false,
      }),
    );
    expect(new Set((await Promise.all(calls)).map(({ path }) => path)).size).toBe(1);
    expect(await readdir(join(sample.cacheDirectory, "versions"))).toEqual([sample.version.tree]);
  });

  it("is whole or absent after a kill at any moment, and is finished by the next", async () => {
    const sample = await manyFiles();
    const expected = await laidOut(sample);
    await removeCache(sample.cacheDirectory);
    for (const delay of [60, 75, 90, 110, 140]) {
      const { child, ended } = start(argumentsFor(sample));
      await setTimeout(delay);
      child.kill("SIGKILL");
      await ended;
      const path = join(sample.cacheDirectory, "versions", sample.version.tree);
      const seen = await contentsOf(path).catch(() => null);
      if (seen !== null) expect(seen).toEqual(expected);
      expect(await laidOut(sample)).toEqual(expected);
      await removeCache(sample.cacheDirectory);
    }
  });

  testAsRoot("is used by another user than root, and says which path that user may not write", async () => {
    const sample = await manyFiles();
    await chmod(sample.directory, 0o755);
    const nobody = { uid: 65_534, gid: 65_534 };
    const refused = await start(argumentsFor(sample), nobody).ended;
    expect(refused.code).not.toBe(0);
    expect(refused.err).toContain(`${sample.cacheDirectory}/`);
    expect(refused.err).toContain("permission denied");
    await mkdir(sample.cacheDirectory);
    await chmod(sample.cacheDirectory, 0o777);
    // Twice, with a damage between, so that read-only directories of its own are in the way.
    const done = await start([...argumentsFor(sample), "2"], nobody).ended;
    expect(done).toMatchObject({ code: 0, err: "" });
    expect(await readdir(join(sample.cacheDirectory, "versions"))).toEqual([sample.version.tree]);
    expect(await laidOut(sample)).toHaveProperty("manifest.yaml");
  });

  testAsRoot("serves a reader who may not write in it, with stamps and without", async () => {
    const sample = await manyFiles();
    await chmod(sample.directory, 0o755);
    await laidOut(sample);
    for (const stamps of ["kept", "gone"]) {
      if (stamps === "gone") await removeCache(join(sample.cacheDirectory, "stamps"));
      const done = await start(argumentsFor(sample), { uid: 65_534, gid: 65_534 }).ended;
      expect(done).toMatchObject({ code: 0, err: "" });
    }
    expect(await readdir(sample.cacheDirectory)).not.toContain("stamps");
  });
});

async function laidOut({ cache, version, source }: Awaited<ReturnType<typeof manyFiles>>) {
  return contentsOf((await cache.materialise(version, source, { verify: false })).path);
}

async function removeCache(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}
