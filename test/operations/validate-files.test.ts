import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openSourceFiles } from "../../src/adapters/system/source-files.ts";
import { initRegistry } from "../../src/compose.ts";
import { RegistryError } from "../../src/errors.ts";
import { validateFiles } from "../../src/operations/validate-files.ts";
import { isolatedEnvironment } from "../support/run-git.ts";
import { type TempRepo, tempDir, tempRepo } from "../support/temp-repo.ts";
import { using } from "./check-fixture.ts";

describe("files, without any registry around them", () => {
  let directory: string;
  const validate = (...files: readonly string[]) =>
    validateFiles(null, { files }, { files: openSourceFiles(directory) });

  beforeAll(async () => {
    directory = await tempDir();
    const files = {
      "good.yaml": "schemaVersion: 1\nmodel: fraud\nversion: 1.0.0\n",
      "manifest.yaml": "schemaVersion: 1\nmodel: fraud\nversion: 1.0\nmetrics:\n  f1: high\n",
      "evaluation.yaml": `schemaVersion: 1\nmodel: fraud\nversion: 1.0.0\ntree: "${"a".repeat(40)}"\nkind: daily\n`,
      "policy.yaml": "schemaVersion: 1\nstages:\n  production:\n    from: [nowhere]\n",
      "registry.yaml": "schemaVersion: 1\nnames: x\n",
      "broken.yaml": "a: 1\na: 2\n",
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    await writeFile(join(directory, "large.yaml"), `description: ${"x".repeat(600_000)}\n`);
  });

  test("a sound file has no findings and is counted", async () => {
    expect(await validate("good.yaml")).toEqual({
      checked: { versions: 0, stages: 0, releases: 0, files: 1 },
      findings: [],
      fixed: [],
    });
  });

  test.each([
    ["manifest.yaml", "version", 3, 10],
    ["evaluation.yaml", "kind", 5, 7],
    ["policy.yaml", "nowhere", 4, 12],
    ["registry.yaml", "names", 2, 1],
    ["broken.yaml", "a", 2, 1],
  ])("%s is told apart by what it holds, and its first mistake has a place", async (file, word, line, column) => {
    const [first] = (await validate(file)).findings;
    expect(first).toMatchObject({ severity: "error", file, line, column });
    expect(first?.message).toContain(word);
  });

  test("all files and all their mistakes are answered at once", async () => {
    const { checked, findings } = await validate("good.yaml", "manifest.yaml", "broken.yaml", "large.yaml");
    expect(checked.files).toBe(4);
    expect(findings.map(({ file, code }) => [file, code])).toEqual([
      ["manifest.yaml", "invalid-value"],
      ["manifest.yaml", "invalid-value"],
      ["broken.yaml", "duplicate-key"],
      ["large.yaml", "too-large"],
    ]);
  });

  test("a file that cannot be read is wrong use, and so is no file at all", async () => {
    await expect(validate("absent.yaml")).rejects.toMatchObject({
      code: "usage",
      message: "absent.yaml does not exist",
    });
    await expect(validate()).rejects.toBeInstanceOf(RegistryError);
  });
});

describe("no files: the registry's policy", () => {
  let repo: TempRepo;
  const validate = () => using(repo, (registry) => registry.validate());

  beforeAll(async () => {
    repo = await tempRepo();
    await initRegistry(repo.path, {}, { directory: repo.path, environment: isolatedEnvironment() });
  });

  test("the working tree's is checked alone while the default branch has the same", async () => {
    expect(await validate()).toMatchObject({ checked: { files: 1 }, findings: [] });
  });

  test("where they differ both are checked, each under its own name", async () => {
    await repo.commit("broken", { "registry.yaml": "schemaVersion: 2\n" });
    await repo.write({ "registry.yaml": "schemaVersion: 1\nstage: {}\n" });
    const { checked, findings } = await validate();
    expect(checked.files).toBe(2);
    expect(findings.map(({ file, line }) => [file, line])).toEqual([
      ["registry.yaml", 2],
      ["main:registry.yaml", 1],
    ]);
  });
});
