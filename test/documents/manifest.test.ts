import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readEvaluation, writeEvaluation } from "../../src/documents/evaluation.ts";
import { readManifest, writeManifest } from "../../src/documents/manifest.ts";
import { stripUserinfo } from "../../src/documents/strip-userinfo.ts";
import { Decimal } from "../../src/domain/metric/decimal.ts";
import type { Manifest } from "../../src/domain/model/manifest.ts";
import { describeWith } from "../support/oracles.ts";
import { MANIFEST_EXAMPLE } from "./examples.ts";
import { manifests, WORDS } from "./manifest-arbitrary.ts";

const HEAD = "schemaVersion: 1\nmodel: fraud\nversion: 1.3.0\n";

function parsed(text: string): Manifest {
  const read = readManifest(text);
  if (!read.ok) throw new Error(JSON.stringify(read.findings, null, 1));
  return read.manifest;
}

function problems(text: string): readonly string[] {
  const read = readManifest(text);
  if (read.ok) return [];
  return read.findings.map(
    ({ line, column, code, message, hint }) =>
      `${line}:${column} ${code} ${message}${hint === null ? "" : ` (${hint})`}`,
  );
}

describe("writing a manifest", () => {
  test("gives exactly the documented text", () => {
    expect(writeManifest(parsed(MANIFEST_EXAMPLE))).toBe(MANIFEST_EXAMPLE);
  });

  test("is undone by reading, for any manifest", () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        expect(parsed(writeManifest(manifest))).toEqual(manifest);
      }),
      { numRuns: 300 },
    );
  });

  test("does not depend on the order in which keys were given", () => {
    const turned = `metrics: {"10": 1, b: 2, "\u00e9": 3}\nversion: v1.3.0\nmodel: fraud\nschemaVersion: 1\n`.replace(
      '"\u00e9"',
      "a",
    );
    expect(writeManifest(parsed(turned))).toBe(`${HEAD}metrics:\n  "10": 1\n  a: 3\n  b: 2\n`);
  });

  test("keeps the text of numbers and gives exponents a point and a sign", () => {
    const text = writeManifest(parsed(`${HEAD}metrics: {a: 0.9300, b: 1e-07, c: 1e5, d: 12345678901234567890}`));
    expect(text).toBe(`${HEAD}metrics:\n  a: 0.9300\n  b: 1.0e-07\n  c: 1.0e+5\n  d: 12345678901234567890\n`);
  });

  test("quotes every word that a YAML reader could take for something else", () => {
    const text = writeManifest(
      parsed(`${HEAD}labels: {a: "yes", b: "abcdef1", c: "2026-11-01", d: "~", e: plain, f: "1e5", g: "No", h: ""}`),
    );
    expect(text.slice(HEAD.length)).toBe(
      'labels:\n  a: "yes"\n  b: "abcdef1"\n  c: "2026-11-01"\n  d: "~"\n  e: plain\n  f: "1e5"\n  g: "No"\n  h: ""\n',
    );
  });

  test("changes one line when one metric changes", () => {
    const before = MANIFEST_EXAMPLE.split("\n");
    const after = writeManifest(parsed(MANIFEST_EXAMPLE.replace("0.9312", "0.9313"))).split("\n");
    expect(after.filter((line, index) => line !== before[index])).toEqual(["  accuracy: 0.9313"]);
  });

  test("leaves empty maps and lists out, and strips userinfo from URLs", () => {
    const text = `${HEAD}metrics: {}\nartifacts: []\nevaluation: {dataset: {}}\nsource: {repository: "https://me:secret@example.org/x"}`;
    expect(writeManifest(parsed(text))).toBe(`${HEAD}source:\n  repository: "https://example.org/x"\n`);
  });

  test("nests lists and maps of metadata as blocks", () => {
    const text = writeManifest(parsed(`${HEAD}metadata: {b: [1, [2, {x: y, a: []}], {}], a: {c: null, "k k": [z]}}`));
    expect(text.slice(HEAD.length)).toBe(
      'metadata:\n  a:\n    c: null\n    "k k":\n      - z\n  b:\n    - 1\n    - - 2\n      - a: []\n        x: "y"\n    - {}\n',
    );
  });
});

describeWith(["pyyaml"], "PyYAML", () => {
  test("reads the values that were written", () => {
    const labels = Object.fromEntries(WORDS.map((word, index) => [`w${index}`, word]));
    const words = parsed(
      `${HEAD}labels: ${JSON.stringify(labels)}\nmetrics: {a: 1e-07, b: 1e5, c: 0.9300, d: 3, e: -0.5, f: 1.5E+3}`,
    );
    const samples = [words, parsed(MANIFEST_EXAMPLE), ...fc.sample(manifests, { numRuns: 60, seed: 7 })];
    const texts = samples.map(writeManifest);
    const script = "import json,sys,yaml\nprint(json.dumps([yaml.safe_load(t) for t in json.load(sys.stdin)]))";
    const answer = spawnSync("python3", ["-c", script], {
      input: JSON.stringify(texts),
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    expect(answer.stderr).toBe("");
    const read = JSON.parse(answer.stdout) as unknown[];
    for (const [index, sample] of samples.entries()) expect(read[index]).toEqual(asPython(sample));
  });
});

/** What a manifest's text means to Python: numbers, and no empty maps and lists but those that people wrote. */
function asPython(manifest: Manifest): unknown {
  const top = Object.entries(manifest).filter(([, value]) => value !== undefined && !isEmpty(value));
  return Object.fromEntries(top.map(([key, value]) => [key, asNumbers(value)]));
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && !(value instanceof Decimal) && Object.keys(value).length === 0;
}

function asNumbers(value: unknown): unknown {
  if (value instanceof Decimal) return value.value === 0 ? 0 : value.value;
  if (Array.isArray(value)) return value.map(asNumbers);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries.map(([key, one]) => [key, asNumbers(one)]));
}

describe("reading a manifest", () => {
  test("answers everything that is wrong at once, with places and hints", () => {
    expect(
      problems(
        `${HEAD}metric: {}\nmetrics:\n  a: "0.9"\n  b: 0.9%\n  c: 0,9\n  d: NaN\n  e: 1_000\n  f: null\n  g: [1]\n  h: {valeu: 1}\n  "x y": 1\n`,
      ),
    ).toEqual([
      "4:1 unknown-key metric: there is no such key (did you mean metrics?)",
      '6:6 invalid-value metrics.a: expected a number, found the text "0.9" (write 0.9 without quotes)',
      '7:6 invalid-value metrics.b: expected a number, found the text "0.9%" (write a number without the percent sign, as you want it compared)',
      '8:6 invalid-value metrics.c: expected a number, found the text "0,9" (write 0.9: the decimal mark is a point)',
      '9:6 invalid-value metrics.d: expected a number, found the text "NaN" (only finite numbers can be recorded: leave it out)',
      '10:6 invalid-value metrics.e: expected a number, found the text "1_000" (write 1000)',
      "11:6 invalid-value metrics.f: expected a number, found nothing (leave the key out, or give it a value)",
      "12:6 invalid-value metrics.g: expected a number or a map, found a list",
      "13:6 missing-key metrics.h.value: this key is required and absent",
      "13:7 unknown-key metrics.h.valeu: there is no such key (did you mean value?)",
      '14:3 invalid-value metrics."x y": a metric name is 1 to 128 of letters, digits and _ . @ / : % -, beginning with a letter, a digit or _ (name it x_y)',
    ]);
  });

  test("asks for text where a number stands, and says how to write it", () => {
    expect(problems("schemaVersion: 1\nmodel: fraud\nversion: 1.3\nframework: {name: x, version: 4.5}\n")).toEqual([
      '3:10 invalid-value version: expected text, found the number 1.3 (write "1.3")',
      '4:31 invalid-value framework.version: expected text, found the number 4.5 (write "4.5")',
    ]);
  });

  test("names required keys that are absent, and another schemaVersion", () => {
    expect(problems("schemaVersion: 2\nmodel: fraud")).toEqual([
      "1:1 missing-key version: this key is required and absent",
      "1:16 invalid-value schemaVersion: expected 1, found the number 2",
    ]);
    expect(problems("")).toEqual([
      "1:1 invalid-value expected a map, found nothing (leave the key out, or give it a value)",
    ]);
  });

  test.each(["../evil", "-rf", "model.lock", "a..b", "HEAD", "CON", "а", "a@{1}", "x".repeat(300)])(
    "refuses the name %j",
    (name) => {
      expect(problems(`schemaVersion: 1\nmodel: ${JSON.stringify(name)}\nversion: 1.0.0`)).toHaveLength(1);
    },
  );
});

describe("an evaluation", () => {
  const text = [
    "schemaVersion: 1",
    "model: fraud",
    "version: 1.3.0",
    'tree: "0123456789abcdef0123456789abcdef01234567"',
    "kind: live",
    'measuredAt: "2026-11-01T08:00:00Z"',
    "evaluation:",
    "  dataset:",
    "    name: holdout",
    "metrics:",
    "  f1: 0.90",
    "slices:",
    '  "region=EU": { f1: { value: 0.8, "n": 3 } }',
    'note: "by hand"',
    "",
  ].join("\n");

  test("is written as it was read", () => {
    const read = readEvaluation(text);
    expect(read.ok && writeEvaluation(read.evaluation)).toBe(text);
  });

  test("of an unknown kind is refused", () => {
    expect(readEvaluation(text.replace("kind: live", "kind: lives"))).toMatchObject({
      ok: false,
      findings: [{ code: "invalid-value", line: 5, hint: "did you mean live?" }],
    });
  });
});

test("userinfo is stripped from URLs and from nothing else", () => {
  expect(stripUserinfo("https://me:pass@host/x@y")).toBe("https://host/x@y");
  expect(stripUserinfo("ssh://git@host/x")).toBe("ssh://host/x");
  expect(stripUserinfo("https://a@b@host/")).toBe("https://host/");
  expect(stripUserinfo("git@host:x.git")).toBe("git@host:x.git");
  expect(stripUserinfo("s3://bucket/a@b")).toBe("s3://bucket/a@b");
});
