import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type * as z from "zod";
import { readDocument } from "../../src/documents/schema-findings.ts";
import { EvaluationContextSchema, MetricsSchema, SlicesSchema } from "../../src/domain/metric/measured.ts";
import { metricValue } from "../../src/domain/metric/metric.ts";
import { ManifestSchema } from "../../src/domain/model/manifest.ts";
import { PolicySchema } from "../../src/domain/policy/policy.ts";

const EXAMPLE = fileURLToPath(new URL("../../registry.example/", import.meta.url));
const VERSIONS = versionFolders();
const MEASURED = [...VERSIONS, "evaluations/tumor-1.1.0-on-holdout-2"];
const DefaultsSchema = ManifestSchema.omit({ model: true, version: true, artifacts: true });

describe("the example's policy", () => {
  it("is valid and lets production follow staging", () => {
    expect(value("registry.yaml", PolicySchema).stages).toMatchObject({
      staging: {},
      production: { from: ["staging"] },
    });
  });
});

describe("the example's versions", () => {
  it.each(VERSIONS)("%s has a manifest that register takes as defaults", (folder) => {
    expect(value(`${folder}/manifest.yaml`, DefaultsSchema).changelog).not.toEqual([]);
  });

  it.each(MEASURED)("%s names a holdout by the digest of the committed file", (folder) => {
    const { dataset } = value(`${folder}/evaluation.json`, EvaluationContextSchema);
    const digest = createHash("sha256")
      .update(bytes(dataset?.uri ?? ""))
      .digest("hex");
    expect(dataset?.sha256).toBe(digest);
  });

  it.each(MEASURED)("%s has metrics, with slices that add up to the whole holdout", (folder) => {
    expect(value(`${folder}/metrics.json`, MetricsSchema)).toHaveProperty("latency_p95_ms");
    const slices = Object.values(value(`${folder}/slices.json`, SlicesSchema));
    const rows = slices.map((metrics) => (metrics.rows === undefined ? 0 : metricValue(metrics.rows).value));
    const { dataset } = value(`${folder}/evaluation.json`, EvaluationContextSchema);
    const lines = text(dataset?.uri ?? "")
      .trimEnd()
      .split("\n").length;
    expect(rows.reduce((sum, one) => sum + one, 0)).toBe(lines - 1);
  });

  it("are small: less than half a megabyte in all", () => {
    const files = readdirSync(join(EXAMPLE, "models"), { recursive: true, encoding: "utf8" });
    const size = files.reduce((sum, file) => sum + statSync(join(EXAMPLE, "models", file)).size, 0);
    expect(size).toBeLessThan(500_000);
  });
});

describe("the example's commands", () => {
  it("register each version once, in order, from files that exist", () => {
    const lines = commandsOf("commands.txt");
    const registered = lines.map((line) =>
      /^git model register (\S+) .* --version (\S+) /.exec(line)?.slice(1).join("/"),
    );
    expect(registered.map((one) => `models/${one}`).sort()).toEqual([...VERSIONS].sort());
    expect(missingPaths(lines)).toEqual([]);
  });

  it("promote and evaluate versions that were registered, with files that exist", () => {
    const lines = commandsOf("story.txt");
    const named = lines.flatMap((line) => line.match(/\S+@\d\S*/g) ?? []);
    expect(named.filter((one) => !VERSIONS.includes(`models/${one.replace("@", "/")}`))).toEqual([]);
    expect(missingPaths(lines)).toEqual([]);
  });

  it("need nothing of the shell but words and comments", () => {
    for (const line of [...commandsOf("commands.txt"), ...commandsOf("story.txt")]) {
      expect(line).toMatch(/^git model [\w@.,=/ -]+(?: # exit 1)?$/);
    }
  });
});

describe("the example's README", () => {
  it.each(VERSIONS)("quotes the numbers of %s", (folder) => {
    const [, model, version] = folder.split("/");
    const row = text("README.md")
      .split("\n")
      .find((line) => line.startsWith(`| ${model} ${version} |`));
    const metrics = value(`${folder}/metrics.json`, MetricsSchema);
    const quoted = model === "diabetes" ? ["mae", "rmse", "r2"] : ["accuracy", "f1"];
    for (const name of quoted) {
      const metric = metrics[name];
      expect(row).toContain(metric === undefined ? name : ` ${metricValue(metric).text} `);
    }
  });

  it("shows the first command as commands.txt has it", () => {
    const shown = text("README.md")
      .replace(/ \\\n +/g, " ")
      .split("\n")
      .map((line) => line.trim());
    const words = (line: string) => line.split(" ").sort().join(" ");
    const [first = ""] = commandsOf("commands.txt");
    expect(shown.map(words)).toContain(words(first));
  });
});

function versionFolders(): readonly string[] {
  const models = readdirSync(join(EXAMPLE, "models"));
  return models.flatMap((model) =>
    readdirSync(join(EXAMPLE, "models", model)).map((version) => `models/${model}/${version}`),
  );
}

function bytes(path: string): Buffer {
  return readFileSync(join(EXAMPLE, path));
}

function text(path: string): string {
  return bytes(path).toString("utf8");
}

function value<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  const read = readDocument(bytes(path), schema, { file: path, limit: 100_000 });
  if (!read.ok) throw new Error(`${path}: ${read.findings.map(({ message }) => message).join("; ")}`);
  return read.value;
}

function commandsOf(path: string): readonly string[] {
  return text(path)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

function missingPaths(lines: readonly string[]): readonly string[] {
  const paths = lines.flatMap((line) => line.match(/(?:models|evaluations)\/\S+/g) ?? []);
  return paths.filter((path) => statSync(join(EXAMPLE, path), { throwIfNoEntry: false }) === undefined);
}
