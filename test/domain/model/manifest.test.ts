import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  EvaluationSchema,
  formatEvaluationBranch,
  formatEvaluationPath,
  parseEvaluationBranch,
  parseEvaluationPath,
} from "../../../src/domain/model/evaluation.ts";
import { ManifestSchema } from "../../../src/domain/model/manifest.ts";
import type { ModelName } from "../../../src/domain/model/model-name.ts";
import { d, decimals, manifestOf, version } from "../builders.ts";

const SHA = "a".repeat(64);
const artifact = (path: string, rest: object = {}) => ({ path, sha256: SHA, size: 1, ...rest });

function issuesOf(manifest: object): readonly string[] {
  const parsed = ManifestSchema.safeParse(
    decimals({ schemaVersion: 1, model: "fraud", version: "1.3.0", ...manifest }),
  );
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("ManifestSchema", () => {
  it("needs name and version only", () => {
    expect(manifestOf()).toMatchObject({
      artifacts: [],
      metrics: {},
      slices: {},
      params: {},
      data: [],
      labels: {},
      metadata: {},
    });
  });

  it("takes the whole example of the design", () => {
    expect(
      issuesOf({
        title: "Card fraud detector",
        description: "Gradient boosting on 2026-Q3 transactions",
        task: "binary-classification",
        framework: { name: "lightgbm", version: "4.5.0" },
        artifacts: [
          artifact("model.onnx", { role: "model", format: "onnx" }),
          artifact("scaler.pkl", { role: "preprocessor" }),
        ],
        metrics: { accuracy: d("0.9312"), f1: { value: d("0.8801"), n: 20_000 }, latency_p95_ms: d("41.2") },
        slices: { "region=EU": { f1: d("0.871") } },
        evaluation: { dataset: { name: "holdout-2026q3", uri: "s3://x", sha256: SHA }, code: "abc" },
        params: { max_depth: 8, layers: [1, 2], bias: true, name: "x" },
        data: [{ name: "transactions-2026q3", uri: "s3://x", sha256: SHA, rows: 1_200_000 }],
        source: {
          repository: "https://x",
          commit: "a".repeat(40),
          run: "https://x",
          dirty: false,
          trainedAt: "2026-11-01T08:00:00Z",
        },
        signature: { inputs: [{ name: "amount", type: "float32", shape: [-1] }], outputs: [] },
        changelog: ["Adds device features"],
        labels: { ensemble: "true" },
        metadata: { architecture: { embedding_dim: 384, type: "HybridRecommender", none: null, all: [true, []] } },
      }),
    ).toEqual([]);
  });

  it.each([
    ["an unknown key", { metric: {} }],
    ["another schema", { schemaVersion: 2 }],
    ["a bad name", { model: "../evil" }],
    ["a bad version", { version: "1.0" }],
    ["a number as text", { metrics: { f1: "0.9" } }],
    ["a number that is none", { metrics: { f1: null } }],
    ["the score", { metrics: { score: 1 } }],
    ["a metric with another key", { metrics: { f1: { value: 1, m: 1 } } }],
    ["half a sample", { metrics: { f1: { value: 1, n: d("1.5") } } }],
    ["a nested metric", { metrics: { val: { f1: 1 } } }],
    ["a slice without =", { slices: { EU: { f1: 1 } } }],
    ["a path outside", { artifacts: [artifact("../x")] }],
    ["a negative size", { artifacts: [artifact("x", { size: -1 })] }],
    ["a size beyond 2^53", { artifacts: [artifact("x", { size: d("9007199254740993") })] }],
    ["an upper-case digest", { artifacts: [artifact("x", { sha256: SHA.toUpperCase() })] }],
    ["case twins", { artifacts: [artifact("a"), artifact("A")] }],
    ["a file that is a folder", { artifacts: [artifact("a"), artifact("a/b")] }],
    ["1,001 artifacts", { artifacts: Array.from({ length: 1001 }, (_, at) => artifact(`f${at}`)) }],
    ["a bad role", { artifacts: [artifact("a", { role: "Model" })] }],
    ["a title of two lines", { title: "a\nb" }],
    ["an escape in text", { description: "\u001b[31mred" }],
    ["half a character", { description: "\ud800" }],
    ["a short commit", { source: { commit: "abc1234" } }],
    ["a date with prose", { source: { trainedAt: "2026-11-01 (x)" } }],
    ["a label without a key", { labels: { "": "x" } }],
    ["a label named like an object's own", { labels: { constructor: "x" } }],
    ["a parameter named like an object's own", { params: { prototype: 1 } }],
    ["a nested parameter", { params: { a: { b: 1 } } }],
    ["metadata 9 deep", { metadata: { a: { a: { a: { a: { a: { a: { a: { a: { a: 1 } } } } } } } } } }],
    ["metadata of 64 KiB and more", { metadata: { a: "x".repeat(65_536) } }],
    ["a list of metadata without end", { metadata: { a: Array.from({ length: 250_000 }, () => 1) } }],
    ["metadata with keys of objects", { metadata: { a: { constructor: 1 } } }],
    ["metadata with half a character", { metadata: { a: "\udc00" } }],
  ])("refuses %s", (_, manifest) => {
    expect(issuesOf(manifest)).not.toEqual([]);
  });

  it("takes metadata 8 deep and nearly 64 KiB of numbers", () => {
    expect(issuesOf({ metadata: { a: { a: { a: { a: { a: { a: { a: { a: 1 } } } } } } } } })).toEqual([]);
    expect(issuesOf({ metadata: { a: Array.from({ length: 30_000 }, () => 1) } })).toEqual([]);
  });

  it("refuses metadata that no document can hold, without running away", () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    for (const value of [cyclic, { a: Number.NaN }, { a: 1n }, { a: () => 1 }, { a: undefined }]) {
      const parsed = ManifestSchema.safeParse({
        schemaVersion: d("1"),
        model: "fraud",
        version: "1.0.0",
        metadata: value,
      });
      expect(parsed.success).toBe(false);
    }
  });

  it("tells everything at once", () => {
    expect(issuesOf({ model: "-", version: "1", metrics: { score: 1, f1: "x" }, titel: "x" }).length).toBe(5);
  });

  it("has a JSON Schema", () => {
    expect(z.toJSONSchema(ManifestSchema, { io: "input", unrepresentable: "any" })).toMatchObject({ type: "object" });
  });
});

describe("EvaluationSchema", () => {
  const evaluation = (rest: object = {}) =>
    EvaluationSchema.safeParse(
      decimals({
        schemaVersion: 1,
        model: "fraud",
        version: "1.3.0",
        tree: "a".repeat(40),
        kind: "offline",
        metrics: { f1: 1 },
        ...rest,
      }),
    ).success;

  it("takes what evaluate writes", () => {
    expect(evaluation()).toBe(true);
    expect(evaluation({ kind: "live", measuredAt: "2026-11-01T08:00:00Z", note: "two\nlines" })).toBe(true);
  });

  it.each([
    { kind: "online" },
    { tree: "abc" },
    { measuredAt: "2026-11-01 (\u001b)" },
    { metrics: { f1: "1" } },
    { extra: 1 },
  ])("refuses %j", (rest) => {
    expect(evaluation(rest)).toBe(false);
  });

  it("lies at a path that names its version", () => {
    const path = formatEvaluationPath(version("1.3.0-rc.1"), SHA);
    expect(path).toBe("v1.3.0-rc.1/aaaaaaaaaaaa.yaml");
    expect(parseEvaluationPath(path)).toEqual({ version: "1.3.0-rc.1" });
    for (const bad of [
      "1.3.0/aaaaaaaaaaaa.yaml",
      "vv1.3.0/aaaaaaaaaaaa.yaml",
      "v1.3/aaaaaaaaaaaa.yaml",
      "v1.3.0/a.yaml",
      "v1.3.0/AAAAAAAAAAAA.yaml",
      "v1.3.0/x/aaaaaaaaaaaa.yaml",
      "v1.3.0/aaaaaaaaaaaa.yaml\n",
    ]) {
      expect(parseEvaluationPath(bad)).toBeNull();
    }
  });

  it("lies on a branch that names its model", () => {
    expect(parseEvaluationBranch(formatEvaluationBranch("team/fraud" as ModelName))).toBe("team/fraud");
    for (const bad of ["evaluations/", "evaluation/fraud", "fraud", "evaluations/-x"])
      expect(parseEvaluationBranch(bad)).toBeNull();
  });
});
