import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GateRow } from "../../../src/domain/policy/gate.ts";
import { STATUS_LIMIT, summarizeGates } from "../../../src/domain/policy/gate-summary.ts";

function row(metric: string, verdict: GateRow["verdict"], rest: Partial<GateRow> = {}): GateRow {
  return {
    rule: "min",
    metric,
    slice: null,
    verdict,
    severity: "block",
    observed: null,
    champion: null,
    limit: "0",
    measured: null,
    source: `registry.yaml#/stages/production/gates/${metric}`,
    reason: null,
    hint: null,
    ...rest,
  };
}

const textOf = (...rows: GateRow[]) => summarizeGates(rows).text;

describe("summarizeGates", () => {
  it("counts a policy entry once, failing if any of its rows fails", () => {
    const rows = [
      row("accuracy", "pass"),
      row("f1", "pass"),
      row("latency_p95_ms", "pass"),
      row("latency_p95_ms", "fail", { rule: "maxRegression" }),
    ];
    const summary = summarizeGates(rows);
    expect(summary).toMatchObject({
      total: 3,
      text: "1 of 3 gates fails: latency_p95_ms",
      failing: [{ metric: "latency_p95_ms", verdict: "fail" }],
    });
    expect(summary.entries.map(({ rows: own }) => own.length)).toEqual([1, 1, 2]);
  });

  it("counts a slice each, and two entries on one metric as two", () => {
    expect(textOf(row("f1", "fail", { slice: "region=EU" }), row("f1", "pass", { slice: "region=US" }))).toBe(
      "1 of 2 gates fails: f1 (region=EU)",
    );
    expect(textOf(row("f1", "missing", { source: "a" }), row("f1", "incomparable", { source: "b" }))).toBe(
      "2 of 2 gates fail: f1",
    );
  });

  it("does not count warnings", () => {
    const summary = summarizeGates([
      row("f1", "pass"),
      row("auc", "fail", { severity: "warn" }),
      row("loss", "pass", { severity: "warn" }),
    ]);
    expect(summary).toMatchObject({ total: 1, failing: [], text: "the gate passes", warnings: [{ metric: "auc" }] });
  });

  it("says it when all pass, none is there, or only time lacks", () => {
    expect(textOf()).toBe("no gates");
    expect(textOf(row("a", "fail", { severity: "warn" }))).toBe("no gates");
    expect(textOf(row("a", "pass"), row("b", "pass"))).toBe("all 2 gates pass");
    expect(textOf(row("a", "pass"), row("b", "pending"))).toBe("1 of 2 gates waits");
    expect(textOf(row("a", "fail"))).toBe("1 of 1 gate fails: a");
    expect(textOf(row("a", "pending"), row("a", "fail"))).toBe("1 of 1 gate fails: a");
  });

  it("names as many as fit", () => {
    const many = Array.from({ length: 60 }, (_, at) => row(`metric_${at}`, "fail"));
    expect(textOf(...many)).toMatch(/^60 of 60 gates fail: metric_0, .* and \d+ more$/);
    expect(textOf(row("x".repeat(200), "fail"))).toMatch(/^1 of 1 gate fails: x+…$/);
  });

  it("never has more than 140 characters, nor half a character", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 40 }), (names) => {
        const text = textOf(...names.map((slice) => row("f1", "fail", { slice })));
        expect(text.length).toBeLessThanOrEqual(STATUS_LIMIT);
        expect(/\p{Surrogate}/u.test(text)).toBe(false);
      }),
    );
  });
});
