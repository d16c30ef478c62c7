import { describe, expect, it } from "vitest";
import { scoreOf, scorePolicyFor } from "../../../src/domain/policy/score.ts";
import { d, metricsOf, policyOf } from "../builders.ts";

const score = (weight: string) => ({ weights: { accuracy: d(weight) } });
const side = (metrics: Record<string, string>, labels: Record<string, string> = {}, model = "fraud") => ({
  model,
  labels,
  metrics: metricsOf(metrics),
});

describe("scorePolicyFor", () => {
  const policy = policyOf({
    score: score("1"),
    models: {
      "vision/*": { score: score("2") },
      "vision/resnet": { stages: {} },
      "vision/res*": { score: score("3") },
      "vision/*net": { score: score("4") },
    },
  });
  const weightOf = (model: string) => scorePolicyFor(policy, model)?.weights.accuracy?.text;

  it("takes the longest glob that has a score, the first of equals, else the general one", () => {
    expect(weightOf("vision/vit")).toBe("2");
    expect(weightOf("vision/resnet")).toBe("3");
    expect(weightOf("vision/alexnet")).toBe("4");
    expect(weightOf("fraud")).toBe("1");
    expect(scorePolicyFor(policyOf({}), "fraud")).toBeNull();
  });
});

describe("scoreOf", () => {
  const policy = policyOf({
    score: {
      weights: { accuracy: d("0.4"), auc: d("0.3"), f1: d("0.3") },
      bonus: [
        { label: "ensemble=true", factor: d("1.05") },
        { label: "team=risk", factor: d("2") },
      ],
    },
  });
  const full = { accuracy: "0.9312", auc: "0.951", f1: "0.8801" };

  it("adds up exactly, and multiplies by each matching bonus", () => {
    expect(scoreOf(policy, side(full))?.text).toBe("0.92181");
    expect(scoreOf(policy, side(full, { ensemble: "true" }))?.text).toBe("0.9679005");
    expect(scoreOf(policy, side(full, { ensemble: "true", team: "risk" }))?.text).toBe("1.935801");
    expect(scoreOf(policy, side(full, { ensemble: "false" }))?.text).toBe("0.92181");
  });

  it("is none where a weighted metric is absent", () => {
    expect(scoreOf(policy, side({ accuracy: "1", auc: "1" }))).toBeNull();
    expect(scoreOf(policyOf({}), side(full))).toBeNull();
  });

  it("is none where no double can hold it", () => {
    expect(scoreOf(policyOf({ score: score("1e300") }), side({ accuracy: "1e300" }))).toBeNull();
  });

  it("takes a metric's value without its sample size", () => {
    const metrics = { accuracy: { value: d("0.5"), n: 10 } };
    expect(scoreOf(policyOf({ score: score("2") }), { model: "fraud", labels: {}, metrics })?.text).toBe("1");
  });
});
