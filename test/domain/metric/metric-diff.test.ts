import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffMetrics, relativeChange } from "../../../src/domain/metric/metric-diff.ts";
import { d, metricsOf, slicesOf } from "../builders.ts";

const RULES = { declared: { latency_p95_ms: { better: "lower", unit: "ms" } }, comparable: true } as const;
const side = (metrics: Record<string, string>, slices: Record<string, Record<string, string>> = {}) => ({
  metrics: metricsOf(metrics),
  slices: slicesOf(slices),
});
const verdictOf = (name: string, from: string, to: string, comparable = true) =>
  diffMetrics(side({ [name]: from }), side({ [name]: to }), { ...RULES, comparable })[0]?.verdict;

describe("diffMetrics", () => {
  it.each([
    ["accuracy", "0.9", "0.91", "better"],
    ["accuracy", "0.91", "0.9", "worse"],
    ["accuracy", "0.90", "0.9", "same"],
    ["latency_p95_ms", "41.2", "40", "better"],
    ["latency_p95_ms", "40", "41.2", "worse"],
    ["loss", "0.1", "0.2", "worse"],
    ["whatever", "1", "2", "changed"],
    ["whatever", "2", "2.0", "same"],
  ])("judges %s from %s to %s as %s", (name, from, to, verdict) => {
    expect(verdictOf(name, from, to)).toBe(verdict);
  });

  it("judges nothing on both sides where the numbers are not comparable", () => {
    expect(verdictOf("accuracy", "0.9", "0.91", false)).toBe("incomparable");
    expect(verdictOf("accuracy", "0.9", "0.9", false)).toBe("incomparable");
    const rows = diffMetrics(side({ a: "1" }), side({ b: "1" }), { ...RULES, comparable: false });
    expect(rows.map(({ verdict }) => verdict)).toEqual(["removed", "added"]);
  });

  it("gives the exact change, its share, direction and unit", () => {
    expect(diffMetrics(side({ latency_p95_ms: "40.1" }), side({ latency_p95_ms: "52.4" }), RULES)).toMatchObject([
      { slice: null, change: { text: "12.3" }, relative: 0.306733, better: "lower", unit: "ms" },
    ]);
    expect(diffMetrics(side({ f1: "0.885" }), side({ f1: "0.880" }), RULES)).toMatchObject([
      { change: { text: "-0.005" }, relative: -0.00564972, unit: null },
    ]);
    expect(diffMetrics(side({}), side({ f1: "0.880" }), RULES)).toMatchObject([
      { from: null, to: { text: "0.880" }, change: null, relative: null, verdict: "added" },
    ]);
  });

  it("lists the whole first, then the slices, keys by their UTF-8 bytes", () => {
    const from = side({ "10": "1", b: "1" }, { "region=US": { f1: "1" } });
    const to = side({ "2": "1", B: "1" }, { "region=EU": { f1: "1", auc: "1" }, "region=US": { auc: "1" } });
    expect(diffMetrics(from, to, RULES).map(({ slice, name }) => `${slice ?? ""}|${name}`)).toEqual([
      "|10",
      "|2",
      "|B",
      "|b",
      "region=EU|auc",
      "region=EU|f1",
      "region=US|auc",
      "region=US|f1",
    ]);
  });

  it("is not fooled by metrics named like methods of objects", () => {
    const rows = diffMetrics(side({ a: "1" }), side({ toString: "1", valueOf: "2" }), RULES);
    expect(rows.map(({ name, from }) => [name, from])).toEqual([
      ["a", d("1")],
      ["toString", null],
      ["valueOf", null],
    ]);
  });
});

describe("relativeChange", () => {
  it("is null on a zero base", () => {
    expect(relativeChange(d("1"), d("0.00"))).toBeNull();
    expect(relativeChange(d("0"), d("-0"))).toBeNull();
  });

  it.each([
    ["1e-30", "3", 3.33333e-31],
    ["2", "-3", 0.666667],
    ["-2", "3e20", -6.66667e-21],
    ["1e300", "1e-20", null],
    ["0.0", "5", 0],
    ["9.999996", "1", 10],
  ])("of %s on %s is %s", (change, base, expected) => {
    expect(relativeChange(d(change), d(base))).toBe(expected);
  });

  it("is within half a unit of the sixth digit", () => {
    const number = fc.double({ noNaN: true, min: 1e-9, max: 1e9 });
    fc.assert(
      fc.property(number, number, (change, base) => {
        const relative = relativeChange(d(String(change)), d(String(base))) ?? Number.NaN;
        expect(Math.abs(relative - change / base)).toBeLessThanOrEqual(Math.abs(change / base) * 5.1e-6);
        expect(Number(relative.toPrecision(6))).toBe(relative);
      }),
    );
  });
});
