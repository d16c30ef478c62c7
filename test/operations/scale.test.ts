import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
// biome-ignore lint/correctness/useImportExtensions: plain JavaScript with its types beside it
import { makeRegistry } from "../../bench/make-registry.mjs";
import { openRegistry } from "../../src/compose.ts";
import { readManifest, writeManifest } from "../../src/documents/manifest.ts";
import type { Registry } from "../../src/operations/registry.ts";
import { ADAPTERS, registryEnvironment } from "../support/registry.ts";
import { git } from "../support/run-git.ts";
import { tempDir } from "../support/temp-repo.ts";

let path: string;
let models: readonly string[];

beforeAll(async () => {
  path = join(await tempDir(), "registry");
  ({ models } = await makeRegistry(path, { models: 20, versions: 10, bytes: true }));
});

describe("a registry of 200 versions that a bench made", () => {
  test("is, to the byte, what register and promote would have written", async () => {
    const text = await git(path, "show", "model-0007@v1.3.0:manifest.yaml");
    const read = readManifest(`${text}\n`);
    expect(read.ok && writeManifest(read.manifest)).toBe(`${text}\n`);
    expect(await git(path, "rev-parse", "stage/production~60")).toBe(
      await git(path, "rev-list", "--max-parents=0", "stage/production"),
    );
    expect(await git(path, "fsck", "--strict", "--no-dangling")).toBe("");
  });

  describe.each(ADAPTERS)("through %s git", (adapter) => {
    let registry: Registry;
    let directory: string;

    beforeAll(async () => {
      directory = await tempDir();
      registry = await openRegistry({ registry: path, directory, environment: await registryEnvironment(adapter) });
      return () => registry.close();
    });

    test("is listed, shown, resolved and pulled", async () => {
      const { models: rows } = await registry.list();
      expect(rows.map(({ model }) => model)).toEqual(models);
      expect(rows[7]).toMatchObject({
        latest: "1.9.0",
        versions: 10,
        stages: { staging: "1.8.0", production: "1.8.0" },
      });
      expect((await registry.listVersions({ model: "model-0007", limit: 1 })).versions).toMatchObject([
        { version: "1.9.0", score: expect.anything(), labels: { team: expect.any(String) } },
      ]);
      expect((await registry.show({ reference: "model-0007@production" })).releases).toMatchObject([
        { stage: "staging", number: 5, until: null },
        { stage: "production", number: 3, until: null },
      ]);
      expect(await registry.resolve({ reference: "model-0007#production~1" })).toMatchObject({ version: "1.4.0" });
      await registry.pull({ references: ["model-0007@production"], output: "out" });
      expect(await readFile(join(directory, "out/model.onnx"), "utf8")).toBe("model-0007 1.8.0\n");
    });

    test("tells the same history as a whole and model by model", async () => {
      const { events } = await registry.history();
      expect(events).toHaveLength(200 + 160);
      expect(events.every(({ tag }) => tag !== null)).toBe(true);
      const own = await registry.history({ model: "model-0007" });
      expect(events.filter(({ model }) => model === "model-0007")).toEqual(own.events);
      const inStage = await registry.history({ stage: "production", limit: 5 });
      expect(events.filter(({ stage }) => stage === "production").slice(0, 5)).toEqual(inStage.events);
    });

    test("has nothing for the doctor to say", async () => {
      const { findings, checked } = await registry.doctor();
      expect(findings).toEqual([]);
      expect(checked).toMatchObject({ versions: 200, stages: 2, releases: 160 });
    });
  });
});
