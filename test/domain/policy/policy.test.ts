import { describe, expect, it } from "vitest";
import { z } from "zod";
import { PolicySchema, parseDuration, stageNames, stagePolicy } from "../../../src/domain/policy/policy.ts";
import { d, decimals, gated, policyOf, stage } from "../builders.ts";

function issuesOf(policy: object): readonly string[] {
  const parsed = PolicySchema.safeParse(decimals({ schemaVersion: 1, ...policy }));
  return parsed.success ? [] : parsed.error.issues.flatMap(messagesOf);
}

/** A wrong key carries its reasons inside. */
function messagesOf(issue: z.core.$ZodIssue): readonly string[] {
  const inner = issue.code === "invalid_key" ? issue.issues : [issue];
  return inner.map(({ message }) => `${issue.path.join(".")}: ${message}`);
}

const gateIssues = (gate: object) => issuesOf({ stages: { production: { gates: [gate] } } });

describe("PolicySchema", () => {
  it("takes the example of the design", () => {
    const policy = policyOf({
      name: "acme-models",
      forge: "github",
      metrics: { data_quality: { better: "higher" }, latency_p95_ms: { better: "lower", unit: "ms" } },
      evaluation: { required: false },
      stages: {
        staging: null,
        production: {
          from: ["staging"],
          soak: "24h",
          gates: [
            { metric: "accuracy", min: d("0.90"), for: { task: ["binary-classification"] } },
            { metric: "f1", maxRegression: d("0.005") },
            { metric: "latency_p95_ms", max: 50, maxRegression: "10%", severity: "warn" },
            { metric: "f1", slices: "region=*", min: d("0.85") },
            { metric: "score", maxRegression: 0 },
          ],
        },
        edge: { kind: "tag" },
      },
      score: {
        weights: { accuracy: d("0.4"), auc: d("0.3"), f1: d("0.2"), data_quality: d("0.1") },
        bonus: [{ label: "ensemble=true", factor: d("1.05") }],
      },
      models: { "vision/*": { stages: { production: { gates: [] } } } },
    });
    expect(stageNames(policy)).toEqual(["staging", "production", "edge"]);
    expect(stagePolicy(policy, stage("production"))).toMatchObject({
      soak: { text: "24h", milliseconds: 86_400_000 },
      kind: "branch",
    });
    expect(stagePolicy(policy, stage("staging"))).toMatchObject({ kind: "branch", from: [], gates: [] });
    expect(stagePolicy(policy, "constructor" as never)).toBeNull();
    expect(policy.stages.production?.gates[2]).toMatchObject({
      severity: "warn",
      kind: "offline",
      maxRegression: { text: "10%", percent: true },
    });
  });

  it.each([
    ["an unknown key", { stage: {} }, "Unrecognized"],
    ["a stage that cannot be one", { stages: { latest: {} } }, "meaning of its own"],
    [
      "a stage before that is not declared",
      { stages: { production: { from: ["staging"] } } },
      "the stage staging is not declared",
    ],
    ["a stage that waits for itself", { stages: { a: { from: ["a"] } } }, "the stage a waits for itself"],
    [
      "a cycle",
      { stages: { a: { from: ["c"] }, b: { from: ["a"] }, c: { from: ["b"] } } },
      "the stage b waits for itself",
    ],
    ["soak without from", { stages: { a: { soak: "24h" } } }, "soak needs from"],
    [
      "gates of a model for a stage that is not declared",
      { models: { "*": { stages: { production: { gates: [] } } } } },
      "is not declared",
    ],
    [
      "anything else for a model's stage",
      { stages: { a: {} }, models: { "*": { stages: { a: { gates: [], soak: "1h" } } } } },
      "Unrecognized",
    ],
    ["a glob of models with blanks", { models: { "a b": {} } }, "a glob of model names"],
    [
      "a weight on a lower-is-better metric",
      { score: { weights: { loss: 1 } } },
      "loss is not known as higher-is-better",
    ],
    ["a weight on an unknown metric", { score: { weights: { abc: 1 } } }, "abc is not known as higher-is-better"],
    [
      "a weight on it for some models",
      { models: { "*": { score: { weights: { abc: 1 } } } } },
      "abc is not known as higher-is-better",
    ],
    ["a weight on the score", { score: { weights: { score: 1 } } }, "composite score"],
    ["a score of nothing", { score: { weights: {} } }, "at least one weight"],
    [
      "a bonus without a label",
      { score: { weights: { f1: 1 }, bonus: [{ label: "=x", factor: 2 }] } },
      "expected key=value",
    ],
    ["a declared score", { metrics: { score: { better: "lower" } } }, "composite score"],
    ["another direction", { metrics: { a: { better: "up" } } }, "Invalid option"],
    ["another forge", { forge: "gitlab" }, "Invalid option"],
    ["another schema", { schemaVersion: 2 }, "expected 1"],
  ])("refuses %s", (_, policy, message) => {
    expect(issuesOf(policy).join("\n")).toContain(message);
  });

  it.each([
    ["no rule", { metric: "f1" }],
    ["no metric", { min: 1 }],
    ["a champion's gate on a metric of unknown direction", { metric: "abc", maxRegression: 0 }],
    ["a negative regression", { metric: "f1", maxRegression: d("-0.1") }],
    ["a negative percentage", { metric: "f1", maxRegression: "-1%" }],
    ["a regression as text", { metric: "f1", maxRegression: "0.1" }],
    ["half a percentage", { metric: "f1", maxRegression: "%" }],
    ["a percentage with a comma", { metric: "f1", maxRegression: "0,5%" }],
    ["a percentage that is not finite", { metric: "f1", maxRegression: "1e999%" }],
    ["a limit as text", { metric: "f1", min: "0.9" }],
    ["a limit in percent", { metric: "f1", min: "90%" }],
    ["no task at all", { metric: "f1", min: 1, for: { task: [] } }],
    ["a task that is no list", { metric: "f1", min: 1, for: { task: "x" } }],
    ["a label without =", { metric: "f1", min: 1, for: { label: "x" } }],
    ["another severity", { metric: "f1", min: 1, severity: "error" }],
    ["another kind", { metric: "f1", min: 1, kind: "online" }],
    ["a metric with blanks", { metric: "f 1", min: 1 }],
    ["an unknown key", { metric: "f1", min: 1, mn: 1 }],
  ])("refuses a gate with %s", (_, gate) => {
    expect(gateIssues(gate)).not.toEqual([]);
  });

  it("takes min and max on a metric of unknown direction, and a regression once it is declared", () => {
    expect(gateIssues({ metric: "abc", min: 0, max: 1 })).toEqual([]);
    expect(() =>
      gated([{ metric: "abc", maxRegression: "0.5 %" }], { metrics: { abc: { better: "lower" } } }),
    ).not.toThrow();
  });

  it("tells all contradictions at once", () => {
    expect(
      issuesOf({
        stages: { a: { from: ["b", "c"], gates: [{ metric: "abc", maxRegression: 0 }] } },
        score: { weights: { loss: 1 } },
      }),
    ).toHaveLength(4);
  });

  it("follows long chains of stages quickly", () => {
    const names = Array.from({ length: 300 }, (_, at) => `s${at}-x`);
    const stages = Object.fromEntries(names.map((name, at) => [name, { from: names.slice(0, at) }]));
    const start = performance.now();
    expect(issuesOf({ stages })).toEqual([]);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("has a JSON Schema", () => {
    expect(z.toJSONSchema(PolicySchema, { io: "input", unrepresentable: "any" })).toMatchObject({ type: "object" });
  });
});

describe("parseDuration", () => {
  it.each([
    ["90m", 5_400_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    ["0m", 0],
  ])("reads %s", (text, milliseconds) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: { text, milliseconds } });
  });

  it.each(["", "24", "h", "1.5h", "-1h", "24 h", "24H", "01h", "1w", "1h30m", "9999999h", "24h\n"])(
    "refuses %j",
    (text) => {
      expect(parseDuration(text).ok).toBe(false);
    },
  );
});
