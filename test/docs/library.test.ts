import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { initRegistry } from "../../src/index.ts";
import { git, isolatedEnvironment } from "../support/run-git.ts";
import { tempDir } from "../support/temp-repo.ts";
import { libraryExample } from "./library-example.ts";
import { blocksOf, pagePath } from "./markdown-blocks.ts";

const POLICY = `schemaVersion: 1
stages:
  staging: {}
  production: { from: [staging], gates: [{ metric: accuracy, min: 0.95 }] }
`;

test("the library page's examples run and answer what they say", async () => {
  const directory = await tempDir("git-model-library-");
  const environment = isolatedEnvironment({ HOME: directory });
  await initRegistry("models", {}, { directory, environment });
  await writeFile(join(directory, "models/registry.yaml"), POLICY);
  await git(join(directory, "models"), "commit", "-qam", "Add a gate");
  await mkdir(join(directory, "out"));
  await writeFile(join(directory, "out/model.onnx"), "weights");

  const printed = await libraryExample({ directory, environment });

  expect(printed).toEqual([
    ["fraud@v1.0.0", true],
    ["released"],
    ["accuracy", "fail", "0.9312"],
    ["1.0.0", expect.stringMatching(/current$/), true],
    ["not-found", expect.any(String), 1],
    ["0.9312"],
  ]);
  expect(await readFile(join(await realpath(join(directory, "current")), "model.onnx"), "utf8")).toBe("weights");
});

test("every block of the library page is part of the program that runs", async () => {
  const program = flat(await readFile(pagePath("test/docs/library-example.ts"), "utf8"));
  const blocks = blocksOf("docs/library.md").filter(({ language }) => language === "ts");
  expect(blocks.length).toBeGreaterThan(5);
  const strange = blocks.filter(({ lines }) => !program.includes(flat(lines.join("\n"))));
  expect(strange.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
});

/** Lines without indentation; the imports and options that differ between a reader's program and a test. */
function flat(text: string): string {
  return text
    .replace('import { exitCodeOf, openRegistry, RegistryError } from "git-model";', "")
    .replace('{ ...options, registry: "models" }', '{ registry: "models" }')
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}
