import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readManifest, writeManifest } from "../../../src/documents/manifest.ts";
import type { ArtifactPath } from "../../../src/domain/artifact/artifact-path.ts";
import type { Sha256 } from "../../../src/domain/artifact/digest.ts";
import { Decimal } from "../../../src/domain/metric/decimal.ts";
import type { ModelName } from "../../../src/domain/model/model-name.ts";
import type { Version } from "../../../src/domain/model/version.ts";
import { RegistryError } from "../../../src/errors.ts";
import type { ManifestDetails } from "../../../src/operations/questions.ts";
import { buildManifest } from "../../../src/operations/register/plan-content.ts";

function build(details: ManifestDetails, source: Readonly<Record<string, unknown>> = {}) {
  const pointer = { sha256: "a".repeat(64) as Sha256, size: 1 };
  const artifacts = ["b.bin", "a.onnx"].map((path) => ({ path: path as ArtifactPath, pointer, role: null }));
  return buildManifest({
    model: "fraud" as ModelName,
    version: "1.0.0" as Version,
    artifacts,
    roles: {},
    details,
    source,
  });
}

const numbers = fc.oneof(fc.double({ noNaN: true }), fc.integer(), fc.double({ min: -1, max: 1, noNaN: true }));
const keys = fc.oneof(
  { weight: 12, arbitrary: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.@/:%-]{0,8}$/) },
  { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "", "a b", "n", "1e5", "null", "score") },
);
const maps = (values: fc.Arbitrary<unknown>) => fc.dictionary(keys, values, { maxKeys: 3 });
const words = fc.oneof(
  fc.string(),
  fc.constantFrom("no", "1.0", "0x1f", "2026-01-01", "a: b", "# c", "é\u2028", "12e45678901"),
);
const details = fc.record(
  {
    title: words,
    description: fc.string({ unit: "binary" }),
    metrics: maps(numbers),
    params: maps(fc.oneof(numbers, fc.boolean(), words, fc.array(words, { maxLength: 3 }))),
    labels: maps(words),
    metadata: maps(fc.jsonValue({ maxDepth: 4 })),
    changelog: fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

describe("buildManifest", () => {
  test("refuses what a program says, or makes a manifest that is read again as it was", () => {
    let accepted = 0;
    fc.assert(
      fc.property(details, (given) => {
        let manifest: ReturnType<typeof build>;
        try {
          manifest = build(given);
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
          return;
        }
        accepted++;
        const text = writeManifest(manifest);
        const read = readManifest(text);
        expect(read.ok && writeManifest(read.manifest)).toBe(text);
      }),
      { numRuns: 200 },
    );
    expect(accepted).toBeGreaterThan(20);
  });

  test("sorts artifacts, and knows formats by the extension", () => {
    expect(build({}).artifacts.map(({ path, format, role }) => [path, format, role])).toEqual([
      ["a.onnx", "onnx", "model"],
      ["b.bin", "binary", "model"],
    ]);
  });

  test("keeps the text of Decimals and the shortest text of numbers", () => {
    const parsed = Decimal.parse("0.9300");
    const text = writeManifest(build({ metrics: { a: parsed.ok ? parsed.value : 0, b: 0.1, c: 1e-7, d: 1e21 } }));
    expect(text).toContain("metrics:\n  a: 0.9300\n  b: 0.1\n  c: 1.0e-7\n  d: 1.0e+21\n");
  });

  test("lets what is said of the source win over what is known of it, and strips passwords", () => {
    const known = { repository: "https://ada:secret@example.org/x.git", dirty: true };
    expect(build({ source: { dirty: false } }, known).source).toEqual({
      repository: "https://example.org/x.git",
      dirty: false,
    });
    expect(build({}, {}).source).toBeUndefined();
  });

  test("names every mistake at once, under the code of the first", () => {
    const mistakes = { metrics: { "a b": 1, f1: "high" }, task: 7 };
    expect(() => build(mistakes)).toThrow(
      expect.objectContaining({ findings: expect.objectContaining({ length: 3 }) }),
    );
    expect(() => build({ slices: { EU: { f1: 1 } } })).toThrow(expect.objectContaining({ code: "metrics-invalid" }));
    expect(() => build({ evaluation: { dataset: 1 } })).toThrow(
      expect.objectContaining({ code: "evaluation-invalid" }),
    );
  });
});
