import fc from "fast-check";
import { parseArtifactPath } from "../../src/domain/artifact/artifact-path.ts";
import { parseSha256 } from "../../src/domain/artifact/digest.ts";
import { Decimal } from "../../src/domain/metric/decimal.ts";
import { FORBIDDEN_KEYS } from "../../src/domain/metric/metric.ts";
import type { Manifest } from "../../src/domain/model/manifest.ts";
import { parseModelName } from "../../src/domain/model/model-name.ts";
import { parseVersion } from "../../src/domain/model/version.ts";
import type { Parsed } from "../../src/domain/parsed.ts";

/** Words that one YAML reader or another takes for something else than text. */
export const WORDS: readonly string[] = [
  "on",
  "off",
  "yes",
  "No",
  "y",
  "N",
  "true",
  "False",
  "null",
  "Null",
  "~",
  "",
  "1",
  "-1",
  "0.5",
  "1e5",
  "1e-7",
  "0x1F",
  "0o7",
  "012",
  "1_000",
  "1:30",
  "2026-11-01",
  "2026-11-01T08:00:00Z",
  ".nan",
  ".inf",
  "-.inf",
  "abcdef1",
  "deadbeef",
  "1234567e8",
  "12e45678901234567890",
  "=",
  "<<",
  "- a",
  "a: b",
  "a #b",
  "#a",
  "&a",
  "*a",
  "!a",
  "|",
  ">",
  "%a",
  "@a",
  "`a",
  "'",
  '"',
  "\\",
  "{a}",
  "[a]",
  "a\nb",
  "a\tb",
  " a ",
  "x\u2028y\u2029z",
  "\ufeffx",
  "é",
  "日本",
  "😀",
  "a,b",
  "...",
  "---",
  "?",
  ": ",
  "x".repeat(300),
];

function must<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}

const numbers = fc
  .oneof(
    fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => String(Object.is(value, -0) ? 0 : value)),
    fc.constantFrom("0.9300", "1e5", "1e-07", "1E+3", "12345678901234567890", "-0", "0.10e-5"),
  )
  .filter((text) => Decimal.parse(text).ok)
  .map((text) => must(Decimal.parse(text)));
const words = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.string({ unit: "grapheme", maxLength: 30 }).filter((text) => !/(?![\n\t])[\p{Cc}\ufffe\uffff]/u.test(text)),
);
const lines = words.filter((text) => !/[\n\t]/.test(text) && text.length <= 128);
const keys = fc
  .stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.@/:%-]{0,20}$/)
  .filter((key) => !["score", "constructor", "prototype", "__proto__"].includes(key));
const metrics = fc.dictionary(keys, fc.oneof(numbers, fc.record({ value: numbers, n: fc.nat() })), {
  maxKeys: 5,
  noNullPrototype: true,
});
const slices = fc.dictionary(
  fc.constantFrom("region=EU", "age=<30,region=EU", "k=on", "k= x"),
  metrics.filter((one) => Object.keys(one).length > 0),
  { maxKeys: 3, noNullPrototype: true },
);
const scalars = fc.oneof(numbers, fc.boolean(), words);
const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/).map((text) => must(parseSha256(text)));
const { tree: free } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", maxDepth: 5 },
    scalars,
    fc.constant(null),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(
      lines.filter((key) => key.normalize("NFC") === key && !FORBIDDEN_KEYS.has(key)),
      tie("tree"),
      { maxKeys: 3, noNullPrototype: true },
    ),
  ),
}));

/** Manifests in the form that reading gives: no empty parts, artifacts by path. */
export const manifests: fc.Arbitrary<Manifest> = fc
  .record(
    {
      schemaVersion: fc.constant(1),
      model: fc
        .constantFrom("fraud", "vision/resnet50", "0x10", "on", "12e45", "yes/no")
        .map((text) => must(parseModelName(text))),
      version: fc.constantFrom("1.3.0", "0.0.1-rc.1", "10.20.30").map((text) => must(parseVersion(text))),
      title: lines,
      description: words,
      framework: fc.record({ name: lines, version: lines }, { requiredKeys: ["name"] }),
      artifacts: fc
        .uniqueArray(
          fc.record({
            path: fc
              .constantFrom("a.onnx", "0/b.pkl", "on", "x@y=1", "Z/q")
              .map((text) => must(parseArtifactPath(text))),
            role: fc.constantFrom("model", "preprocessor", "no"),
            format: fc.constantFrom("onnx", "pickle"),
            sha256,
            size: fc.maxSafeNat(),
          }),
          { selector: ({ path }) => path, maxLength: 4 },
        )
        .map((list) => [...list].sort((a, b) => (a.path < b.path ? -1 : 1))),
      metrics,
      slices,
      params: fc.dictionary(keys, fc.oneof(scalars, fc.array(scalars, { maxLength: 3 })), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
      data: fc.array(fc.record({ name: lines, sha256, rows: fc.nat() }, { requiredKeys: ["name"] }), { maxLength: 2 }),
      changelog: fc.array(words, { maxLength: 3 }),
      labels: fc.dictionary(keys, words, { maxKeys: 4, noNullPrototype: true }),
      metadata: fc.dictionary(keys, free, { maxKeys: 3, noNullPrototype: true }),
    },
    {
      requiredKeys: [
        "schemaVersion",
        "model",
        "version",
        "artifacts",
        "metrics",
        "slices",
        "params",
        "data",
        "changelog",
        "labels",
        "metadata",
      ],
    },
  )
  .map((manifest) => manifest as unknown as Manifest);
