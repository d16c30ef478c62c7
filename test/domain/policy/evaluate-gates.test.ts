import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Measurement } from "../../../src/domain/metric/measurement.ts";
import { evaluateGates, type GateQuestion, type JudgedSide } from "../../../src/domain/policy/evaluate-gates.ts";
import { blocks } from "../../../src/domain/policy/gate.ts";
import { d, gated, measured, slicesOf, stage } from "../builders.ts";

type Numbers = Readonly<Record<string, string>>;

const PRODUCTION = stage("production");

function side(
  version: string,
  measurements: readonly Measurement[],
  manifest: Partial<JudgedSide["manifest"]> = {},
): JudgedSide {
  return { model: "fraud", version, manifest: { task: undefined, labels: {}, ...manifest }, measurements };
}

/** Rows of these gates for a candidate and a champion that have one measurement each, on the same data. */
function judge(
  gates: readonly object[],
  candidate: Numbers,
  champion: Numbers | null,
  rest: Partial<GateQuestion> = {},
) {
  return evaluateGates({
    policy: gated(gates, { metrics: { latency: { better: "lower" }, delta: { better: "higher" } } }),
    stage: PRODUCTION,
    candidate: side("1.3.0", [measured(candidate, { on: "a" })]),
    champion: champion === null ? null : side("1.2.9", [measured(champion, { on: "a" })]),
    ...rest,
  });
}

const verdicts = (...question: Parameters<typeof judge>) => judge(...question).map(({ verdict }) => verdict);
const limit = (text: string) => (text.endsWith("%") ? text : d(text));

describe("min and max", () => {
  it.each([
    [{ min: d("0.90") }, "0.9", "pass"],
    [{ min: d("0.90") }, "0.8999999999999999999", "fail"],
    [{ min: d("0.90") }, "0.90000", "pass"],
    [{ max: d("50") }, "50.0", "pass"],
    [{ max: d("50") }, "50.00000000000000000001", "fail"],
    [{ max: d("-1") }, "-1", "pass"],
    [{ min: d("1e-3") }, "0.001", "pass"],
    [{ min: d("0") }, "-0", "pass"],
  ])("%j on %s: %s", (rule, observed, verdict) => {
    expect(verdicts([{ metric: "f1", ...rule }], { f1: observed }, null)).toEqual([verdict]);
  });

  it("look at the candidate alone", () => {
    expect(judge([{ metric: "f1", min: d("0.5"), max: 1 }], { f1: "0.7" }, { f1: "0.9" })).toMatchObject([
      { rule: "min", verdict: "pass", observed: { text: "0.7" }, champion: null, limit: "0.5", reason: null },
      { rule: "max", verdict: "pass", champion: null, limit: "1" },
    ]);
  });

  it("are missing where the candidate lacks the metric, whatever the champion has", () => {
    expect(judge([{ metric: "f1", min: 0 }], {}, { f1: "0.9" })).toMatchObject([
      {
        verdict: "missing",
        observed: null,
        measured: null,
        reason: "fraud@1.3.0 has no f1",
        hint: "git model evaluate fraud@1.3.0 --metrics metrics.json",
      },
    ]);
  });

  it("judge a metric named like a method of objects", () => {
    expect(verdicts([{ metric: "toString", min: 0 }], {}, null)).toEqual(["missing"]);
  });
});

describe("maxRegression", () => {
  it.each([
    ["f1", "0.005", "0.885", "0.880", "pass"],
    ["f1", "0.005", "0.885", "0.8799999999999999999", "fail"],
    ["f1", "0", "0.9", "0.90", "pass"],
    ["f1", "0", "0.9", "0.91", "pass"],
    ["f1", "0.0", "0.9", "0.8999", "fail"],
    ["latency", "1.1", "40.1", "41.2", "pass"],
    ["latency", "1.1", "40.1", "41.20001", "fail"],
    ["latency", "0", "40", "30", "pass"],
    ["latency", "10%", "40", "44.0", "pass"],
    ["latency", "10%", "40", "44.01", "fail"],
    ["f1", "1%", "0.9", "0.891", "pass"],
    ["f1", "1%", "0.9", "0.8909", "fail"],
    ["delta", "10%", "-10", "-11", "pass"],
    ["delta", "10%", "-10", "-11.1", "fail"],
    ["f1", "0.5%", "0.2", "0.199", "pass"],
    ["f1", "0.1", "0", "-0.1", "pass"],
    ["f1", "0.1", "0", "-0.2", "fail"],
    ["f1", "33.3%", "3e-300", "2.001e-300", "pass"],
    ["f1", "33.3%", "3e-300", "2.0009e-300", "fail"],
  ])("of %s by %s from %s to %s: %s", (metric, text, champion, candidate, verdict) => {
    expect(verdicts([{ metric, maxRegression: limit(text) }], { [metric]: candidate }, { [metric]: champion })).toEqual(
      [verdict],
    );
  });

  it("is exact: what worsens by the limit to the last digit passes", () => {
    const step = fc.record({
      champion: fc.integer({ min: 0, max: 2000 }),
      drop: fc.integer({ min: 0, max: 100 }),
      more: fc.nat({ max: 1 }),
    });
    const thousandths = (count: number) =>
      `${count < 0 ? "-" : ""}${Math.floor(Math.abs(count) / 1000)}.${String(Math.abs(count) % 1000).padStart(3, "0")}`;
    fc.assert(
      fc.property(step, fc.boolean(), ({ champion, drop, more }, higher) => {
        const metric = higher ? "f1" : "latency";
        const candidate = higher ? champion - drop - more : champion + drop + more;
        const gates = [{ metric, maxRegression: d(thousandths(drop)) }];
        const verdict = verdicts(gates, { [metric]: thousandths(candidate) }, { [metric]: thousandths(champion) });
        expect(verdict).toEqual([more === 0 ? "pass" : "fail"]);
      }),
      { numRuns: 300 },
    );
  });

  it("passes all the cases that binary floats get wrong", () => {
    for (let thousandth = 100; thousandth < 900; thousandth++) {
      const [before, after] = [`0.${thousandth}`, `0.${String(thousandth - 5).padStart(3, "0")}`];
      expect(verdicts([{ metric: "f1", maxRegression: d("0.005") }], { f1: after }, { f1: before })).toEqual(["pass"]);
    }
  });

  it("says nothing as a percentage of zero", () => {
    for (const zero of ["0", "-0.0", "0e5"]) {
      expect(judge([{ metric: "f1", maxRegression: "10%" }], { f1: "1" }, { f1: zero })).toMatchObject([
        { verdict: "incomparable", observed: { text: "1" }, reason: "a percentage of a champion's 0 says nothing" },
      ]);
    }
  });

  it("passes without a champion and says so, but not without the number", () => {
    const gates = [{ metric: "f1", maxRegression: 0 }];
    expect(judge(gates, { f1: "0.1" }, null)).toMatchObject([
      {
        verdict: "pass",
        reason: "no champion",
        observed: { text: "0.1" },
        champion: null,
        limit: "0",
        measured: { from: "manifest" },
      },
    ]);
    expect(verdicts(gates, {}, null)).toEqual(["missing"]);
  });

  it("is missing where the champion lacks the metric, and says how it enters", () => {
    expect(judge([{ metric: "f1", maxRegression: 0 }], { f1: "0.9" }, {})).toMatchObject([
      {
        verdict: "missing",
        observed: { text: "0.9" },
        champion: null,
        reason: "the champion fraud@1.2.9 has no f1",
        hint: "git model evaluate fraud@production --metrics metrics.json --evaluation evaluation.json",
      },
    ]);
  });
});

describe("which numbers", () => {
  const gates = [{ metric: "f1", min: d("0.5"), maxRegression: 0 }];
  const question = (
    candidate: readonly Measurement[],
    champion: readonly Measurement[],
    rest: Partial<GateQuestion> = {},
  ) => judge(gates, {}, null, { candidate: side("1.3.0", candidate), champion: side("1.2.9", champion), ...rest });
  const at = (from: string) => ({ from, at: "2026-11-01T08:00:00Z", by: "ada" });

  it("are the newest ones that have the metric, for min", () => {
    const rows = question(
      [
        measured({ auc: "1" }, { on: "b", ...at("v1.3.0/new.yaml") }),
        measured({ f1: "0.7" }, { on: "b", ...at("v1.3.0/old.yaml") }),
        measured({ f1: "0.8" }, { on: "a" }),
      ],
      [measured({ f1: "0.75" }, { on: "a" })],
    );
    expect(rows).toMatchObject([
      {
        rule: "min",
        observed: { text: "0.7" },
        measured: { from: "v1.3.0/old.yaml", at: "2026-11-01T08:00:00Z", by: "ada" },
      },
      {
        rule: "maxRegression",
        observed: { text: "0.8" },
        champion: { text: "0.75" },
        measured: { from: "manifest" },
        verdict: "pass",
      },
    ]);
  });

  it("are the newest pair that is comparable, for the champion's gates", () => {
    const both = (a: string, b: string, digit: string) => [a, b].map((f1) => measured({ f1 }, { on: digit }));
    const [newA, newB] = both("0.9", "0.91", "b");
    const [oldA, oldB] = both("0.8", "0.7", "a");
    if (!newA || !newB || !oldA || !oldB) throw new Error("unreachable");
    expect(question([newA, oldA], [newB, oldB])[1]).toMatchObject({
      verdict: "fail",
      observed: { text: "0.9" },
      champion: { text: "0.91" },
    });
    expect(question([newA, oldA], [oldB])[1]).toMatchObject({
      verdict: "pass",
      observed: { text: "0.8" },
      champion: { text: "0.7" },
    });
    expect(question([newA], [oldB])[1]).toMatchObject({
      verdict: "incomparable",
      observed: { text: "0.9" },
      champion: { text: "0.7" },
      reason: "evaluated on another data set",
    });
  });

  it("warn where neither side says anything, or refuse where the policy requires it", () => {
    const silent = [measured({ f1: "0.9" })];
    const policy = gated(gates, { evaluation: { required: true } });
    expect(question(silent, silent)[1]).toMatchObject({
      verdict: "pass",
      reason: "neither side says which data set it was evaluated on",
    });
    expect(question(silent, silent, { policy })[1]).toMatchObject({
      verdict: "incomparable",
      hint: "git model evaluate fraud@1.3.0 --metrics metrics.json --evaluation evaluation.json",
    });
  });

  it("tell which side has to be measured again", () => {
    const said = [measured({ f1: "0.9" }, { on: "a" })];
    const silent = [measured({ f1: "0.9" })];
    expect(question(said, silent)[1]).toMatchObject({
      verdict: "incomparable",
      hint: expect.stringContaining("fraud@production "),
    });
    expect(question(silent, said)[1]).toMatchObject({
      verdict: "incomparable",
      hint: expect.stringContaining("fraud@1.3.0 "),
    });
  });

  it("are never compared where the evaluating code differs", () => {
    const ours = [measured({ f1: "0.9" }, { on: "a", code: "x" })];
    expect(question(ours, [measured({ f1: "0.9" }, { on: "a", code: "y" })])[1]).toMatchObject({
      verdict: "incomparable",
      reason: "evaluated by other code",
    });
    expect(question(ours, [measured({ f1: "0.9" }, { on: "a" })])[1]).toMatchObject({ verdict: "pass", reason: null });
  });

  it("are those of the gate's kind only", () => {
    const policy = gated([
      { metric: "f1", min: d("0.5") },
      { metric: "f1", max: 1, kind: "live" },
      { metric: "f1", maxRegression: 0, kind: "live" },
    ]);
    const live = (f1: string, on: string) => measured({ f1 }, { on, kind: "live", from: "v1.3.0/live.yaml" });
    const candidate = side("1.3.0", [live("0.1", "a"), measured({ f1: "0.9" }, { on: "a" })]);
    const champion = side("1.2.9", [live("0.2", "a"), measured({ f1: "0.9" }, { on: "a" })]);
    const rows = (kind?: "offline" | "live") =>
      evaluateGates({ policy, stage: PRODUCTION, candidate, champion, ...(kind ? { kind } : {}) }).map(
        ({ rule, observed, verdict }) => [rule, observed?.text, verdict],
      );
    expect(rows()).toEqual([["min", "0.9", "pass"]]);
    expect(rows("live")).toEqual([
      ["max", "0.1", "pass"],
      ["maxRegression", "0.1", "fail"],
    ]);
    expect(judge([{ metric: "f1", min: 0, kind: "live" }], { f1: "1" }, null, { kind: "live" })).toMatchObject([
      {
        verdict: "missing",
        reason: "fraud@1.3.0 has no live f1",
        hint: "git model evaluate fraud@1.3.0 --metrics metrics.json --live",
      },
    ]);
  });
});

describe("slices", () => {
  const sliced = (slices: Readonly<Record<string, Numbers>>, on = "a") =>
    measured({ f1: "0.9" }, { on, slices: slicesOf(slices) });
  const question = (gate: object, candidate: readonly Measurement[], champion: readonly Measurement[] | null) =>
    judge([gate], {}, null, {
      candidate: side("1.3.0", candidate),
      champion: champion === null ? null : side("1.2.9", champion),
    });

  it("get a row each, those of both sides, in the order of their bytes", () => {
    const rows = question(
      { metric: "f1", slices: "region=*", min: d("0.85"), maxRegression: d("0.01") },
      [sliced({ "region=US": { f1: "0.9" }, "region=EU": { f1: "0.8" }, "age=1": { f1: "0" } })],
      [sliced({ "region=US": { f1: "0.91" }, "region=AP": { f1: "0.7" } })],
    );
    expect(rows.map(({ slice, rule, verdict }) => `${slice} ${rule} ${verdict}`)).toEqual([
      "region=AP min missing",
      "region=AP maxRegression missing",
      "region=EU min fail",
      "region=EU maxRegression missing",
      "region=US min pass",
      "region=US maxRegression pass",
    ]);
    expect(rows[0]?.reason).toBe("fraud@1.3.0 has no f1 on the slice region=AP");
    expect(rows[3]).toMatchObject({
      reason: "the champion fraud@1.2.9 has no f1 on the slice region=EU",
      hint: expect.stringContaining("--slices slices.json"),
    });
  });

  it("that nothing matches are missing, under the glob itself", () => {
    expect(
      question({ metric: "f1", slices: "region=*", min: 0, max: 1 }, [sliced({ "age=1": { f1: "1" } })], null),
    ).toMatchObject([
      { rule: "min", slice: "region=*", verdict: "missing", reason: "no slice of fraud@1.3.0 matches region=*" },
      { rule: "max", slice: "region=*", verdict: "missing" },
    ]);
    expect(question({ metric: "f1", slices: "region=*", maxRegression: 0 }, [sliced({})], null)).toMatchObject([
      { verdict: "missing" },
    ]);
  });

  it("that lack the metric are missing", () => {
    expect(
      question({ metric: "f1", slices: "region=*", min: 0 }, [sliced({ "region=EU": { auc: "1" } })], null),
    ).toMatchObject([{ slice: "region=EU", verdict: "missing" }]);
  });

  it("come from the newest measurement that has them", () => {
    const rows = question(
      { metric: "f1", slices: "region=*", min: 0 },
      [sliced({ "region=EU": { f1: "0.2" } }), sliced({ "region=EU": { f1: "0.1" }, "region=US": { f1: "0.3" } })],
      null,
    );
    expect(rows.map(({ slice, observed }) => [slice, observed?.text])).toEqual([
      ["region=EU", "0.2"],
      ["region=US", "0.3"],
    ]);
  });

  it("pass without a champion", () => {
    expect(
      question({ metric: "f1", slices: "region=EU", maxRegression: 0 }, [sliced({ "region=EU": { f1: "0" } })], null),
    ).toMatchObject([{ verdict: "pass", reason: "no champion" }]);
  });
});

describe("score", () => {
  const policy = (rest: object = {}) =>
    gated(
      [
        { metric: "score", maxRegression: 0 },
        { metric: "score", min: d("0.5") },
      ],
      {
        score: {
          weights: { accuracy: d("0.6"), f1: d("0.4") },
          bonus: [{ label: "ensemble=true", factor: d("1.05") }],
        },
        ...rest,
      },
    );
  const question = (candidate: JudgedSide, champion: JudgedSide | null, rules = policy()) =>
    evaluateGates({ policy: rules, stage: PRODUCTION, candidate, champion });

  it("is judged as a metric, exactly, with each side's own bonus", () => {
    const candidate = side("1.3.0", [measured({ accuracy: "0.9", f1: "0.8" })]);
    const champion = side("1.2.9", [measured({ accuracy: "0.8", f1: "0.8" })], { labels: { ensemble: "true" } });
    expect(question(candidate, champion)).toMatchObject([
      {
        metric: "score",
        rule: "maxRegression",
        verdict: "pass",
        observed: { text: "0.86" },
        champion: { text: "0.84" },
      },
      { rule: "min", verdict: "pass" },
    ]);
  });

  it("needs one measurement with every weighted metric", () => {
    const candidate = side("1.3.0", [measured({ accuracy: "0.9" }), measured({ f1: "0.8" })]);
    expect(question(candidate, null)).toMatchObject([
      { verdict: "missing", reason: "fraud@1.3.0 has no score: it lacks f1" },
      { verdict: "missing" },
    ]);
  });

  it("is missing where the policy has none", () => {
    const candidate = side("1.3.0", [measured({ accuracy: "0.9", f1: "0.8" })]);
    expect(question(candidate, null, policy({ score: undefined }))).toMatchObject([
      { verdict: "missing", reason: "the policy has no score for fraud", hint: "add score to registry.yaml" },
      { verdict: "missing" },
    ]);
  });
});

describe("rows", () => {
  it("carry severity and source, in the order of the policy", () => {
    const rows = judge(
      [
        { metric: "f1", min: 0, max: 1, severity: "warn" },
        { metric: "f1", min: 2 },
      ],
      { f1: "0.5" },
      null,
    );
    expect(rows.map(({ rule, severity, source, verdict }) => [rule, severity, source.slice(-1), verdict])).toEqual([
      ["min", "warn", "0", "pass"],
      ["max", "warn", "0", "pass"],
      ["min", "block", "1", "fail"],
    ]);
  });

  it("block unless they pass or only warn", () => {
    expect(blocks({ verdict: "pass", severity: "block" })).toBe(false);
    for (const verdict of ["fail", "missing", "incomparable", "pending"] as const) {
      expect(blocks({ verdict, severity: "block" })).toBe(true);
      expect(blocks({ verdict, severity: "warn" })).toBe(false);
    }
  });

  it("leave out gates that do not apply, by the candidate's task and labels", () => {
    const gates = [{ metric: "f1", min: 0, for: { task: ["x"] } }];
    expect(judge(gates, { f1: "1" }, null)).toEqual([]);
    expect(judge(gates, {}, null, { candidate: side("1.3.0", [], { task: "x" }) })).toMatchObject([
      { verdict: "missing" },
    ]);
  });
});
