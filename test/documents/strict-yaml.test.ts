import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readYaml } from "../../src/documents/strict-yaml.ts";
import { Decimal } from "../../src/domain/metric/decimal.ts";
import { dec } from "./examples.ts";

const read = (text: string | Uint8Array) => readYaml(text, { file: "f.yaml", limit: 1024 * 1024 });

function treeOf(text: string): unknown {
  const result = read(text);
  if (!result.ok) throw new Error(JSON.stringify(result.findings));
  return result.value;
}

function problemsOf(text: string | Uint8Array): readonly string[] {
  const result = read(text);
  return result.ok ? [] : result.findings.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

const BAD: readonly (readonly [name: string, text: string | Uint8Array, problems: readonly string[]])[] = [
  ["a duplicate key", "a: 1\nb: 2\na: 3", ["3:1 duplicate-key"]],
  ["a duplicate key in JSON", '{"a": 1, "a": 2}', ["1:10 duplicate-key"]],
  ["1 and the text 1 as keys", '1: a\n"1": b', ["1:1 syntax", "2:1 duplicate-key"]],
  ["keys that are one in NFC", '"\u00e9": 1\n"e\u0301": 2', ["2:1 duplicate-key"]],
  ["an alias bomb", "a: &a [1]\nb: [*a, *a]", ["1:7 syntax", "2:5 syntax", "2:9 syntax"]],
  ["an alias of itself", "&a [*a]", ["1:4 syntax", "1:5 syntax"]],
  ["a merge key", "<<: {a: 1}", ["1:1 syntax"]],
  ["a directive", "%YAML 1.1\n---\na: 1", ["1:1 syntax"]],
  ["two documents", "a: 1\n---\nb: 1", ["2:1 syntax"]],
  ["a code tag", "a: !!js/function x", ["1:4 syntax"]],
  ["a binary tag", "a: !!binary aGk=", ["1:4 syntax"]],
  ["bare tags", "a: ! b", ["1:6 syntax"]],
  ["20,000 open brackets", "[".repeat(20_000), ["1:21 syntax"]],
  ["20,000 nested lists in a line", "- ".repeat(20_000), ["1:41 syntax"]],
  ["21 levels", `${"[".repeat(21)}${"]".repeat(21)}`, ["1:21 syntax"]],
  [
    "numbers that are not finite",
    "a: .nan\nb: .inf\nc: -.Inf",
    ["1:4", "2:4", "3:4"].map((at) => `${at} invalid-value`),
  ],
  ["numbers out of a double's range", "a: 1e999\nb: 1e-400", ["1:4 invalid-value", "2:4 invalid-value"]],
  [
    "numbers in another notation",
    "a: 012\nb: 0x1F\nc: 0o7\nd: +1\ne: .5\nf: 5.",
    [1, 2, 3, 4, 5, 6].map((l) => `${l}:4 invalid-value`),
  ],
  [
    "keys with a meaning in JavaScript",
    '__proto__: 1\nconstructor: 2\n"prototype": 3',
    ["1:1 syntax", "2:1 syntax", "3:1 syntax"],
  ],
  ["keys that are not text", "true: 1\n~: 2\n? [a]\n: 3", ["1:1 syntax", "2:1 syntax", "3:3 syntax"]],
  ["bad UTF-8", Uint8Array.from([0x61, 0xff]), ["null:null syntax"]],
  ["UTF-16", Uint8Array.from([0xff, 0xfe, 0x61, 0x00]), ["null:null syntax"]],
  ["NUL", "a: \0", ["1:4 syntax"]],
  ["ESC", "a: 1\nb: \u001b[31m", ["2:4 syntax"]],
  ["ESC as an escape", 'a: "\\u001b"', ["1:4 invalid-value"]],
  ["a lone surrogate as an escape", '{"a": "\\ud83d"}', ["1:7 invalid-value"]],
  ["carriage returns alone", "a: 1\rb: 2", ["1:5 syntax"]],
  ["a quote that is never closed", 'a: "x', ["1:6 syntax"]],
];

describe("the strict reader", () => {
  test.each(BAD)("refuses %s, with its place", (_name, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  test("reads numbers as Decimals with their source text", () => {
    const tree = treeOf("a: 0.9300\nb: 12345678901234567890\nc: -0\nd: 1e-07");
    expect(tree).toEqual({ a: dec("0.9300"), b: dec("12345678901234567890"), c: dec("-0"), d: dec("1.0e-07") });
  });

  test("takes for text what only YAML 1.1 takes for something else, and whatever is quoted", () => {
    const text = 'a: 1_000\nb: 1:30\nc: on\nd: 2026-11-01\ne: "0.9"\nf: "12e45678901234567890"\ng: 0,9';
    expect(treeOf(text)).toEqual({
      a: "1_000",
      b: "1:30",
      c: "on",
      d: "2026-11-01",
      e: "0.9",
      f: "12e45678901234567890",
      g: "0,9",
    });
  });

  test("reads JSON with tabs, surrogate pairs and exact numbers", () => {
    expect(treeOf('{\n\t"a": 0.9300,\n\t"b": "\\ud83d\\ude00\\/",\n\t"c": [true, null]\n}')).toEqual({
      a: dec("0.9300"),
      b: "😀/",
      c: [true, null],
    });
  });

  test("accepts a byte order mark of UTF-8, CRLF, and 20 levels", () => {
    expect(treeOf('\ufeffa: 1\r\nb: "x"\r\n')).toEqual({ a: dec("1"), b: "x" });
    expect(problemsOf(`${"[".repeat(20)}${"]".repeat(20)}`)).toEqual([]);
  });

  test("says all that is wrong at once, in the order of the file, and never more than a hundred things", () => {
    expect(problemsOf("a: .nan\nb: *x\na: 1").map((one) => one.split(" ")[0])).toEqual(["1:4", "2:4", "3:1"]);
    expect(problemsOf("a: .nan\n".repeat(1000))).toHaveLength(100);
  });

  test("locates values, keys and what is absent", () => {
    const result = read("a:\n  b: [1, x]\nc:\n");
    if (!result.ok) throw new Error("refused");
    expect(result.locate(["a", "b", 1])).toEqual({ line: 2, column: 10 });
    expect(result.locate(["a", "b"], "key")).toEqual({ line: 2, column: 3 });
    expect(result.locate(["c"])).toEqual({ line: 3, column: 1 });
    expect(result.locate(["a", "z", "y"])).toEqual({ line: 2, column: 3 });
  });

  test("refuses a file over its limit without reading it", () => {
    const result = readYaml("x".repeat(101), { file: "big.yaml", limit: 100 });
    expect(result).toMatchObject({ ok: false, findings: [{ code: "too-large", file: "big.yaml" }] });
  });

  test("reads 40,000 keys in well under the time that a quadratic check needs", () => {
    const text = Array.from({ length: 40_000 }, (_, index) => `k${index}: ${index}`).join("\n");
    const started = performance.now();
    expect(Object.keys(treeOf(text) as object)).toHaveLength(40_000);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test("never throws, whatever it is given", () => {
    const fragments = fc.constantFrom(
      ..."abc01.-:?[]{},&*!|>'\"%@`#~<\n\t \\".split(""),
      "- ",
      ": ",
      "\n  ",
      "!!",
      "0x",
      "é",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fragments, { maxLength: 60 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (one) => typeof read(one).ok === "boolean"),
      { numRuns: 1500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => typeof read(bytes).ok === "boolean"),
      { numRuns: 300 },
    );
  });

  test("reads any JSON document as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4, noUnicodeString: false }), (text) => {
        const result = read(text);
        if (result.ok) expect(JSON.stringify(plain(result.value))).toBe(JSON.stringify(plain(JSON.parse(text))));
      }),
      { numRuns: 300 },
    );
  });
});

function plain(tree: unknown): unknown {
  if (tree instanceof Decimal) return tree.value;
  if (Array.isArray(tree)) return tree.map(plain);
  if (typeof tree !== "object" || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, plain(value)]));
}
