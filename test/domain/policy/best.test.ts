import { describe, expect, it } from "vitest";
import { type BestCandidate, pickBest } from "../../../src/domain/policy/best.ts";
import type { Policy } from "../../../src/domain/policy/policy.ts";
import { decimals, manifestOf, policyOf, version as versionOf } from "../builders.ts";

let day = 0;

/** A version registered one day after the one before. */
function candidate(
  version: string,
  metrics: object,
  rest: Partial<BestCandidate> & { on?: string; labels?: object } = {},
): BestCandidate {
  const { on, labels, ...given } = rest;
  day = (day + 1) % 28;
  return {
    model: "fraud",
    version: versionOf(version),
    yanked: false,
    createdAt: `2026-11-${String(day + 1).padStart(2, "0")}T00:00:00Z`,
    manifest: manifestOf({
      metrics: decimals(metrics),
      ...(on ? { evaluation: { dataset: { sha256: on.repeat(64) } } } : {}),
      labels: labels ?? {},
    }),
    ...given,
  };
}

function best(candidates: readonly BestCandidate[], by = "f1", policy: Policy | null = policyOf({})) {
  const pick = pickBest(candidates, { by, policy });
  if (pick.kind === "best") {
    return {
      best: `${pick.best.model}@${pick.best.version}`,
      value: pick.value.text,
      considered: pick.considered,
      skipped: skippedOf(pick),
    };
  }
  return pick.kind === "nothing" ? { best: null, skipped: skippedOf(pick) } : pick;
}

function skippedOf({
  skipped,
}: {
  readonly skipped: readonly { readonly candidate: BestCandidate; readonly reason: string }[];
}) {
  return skipped.map(({ candidate: { version }, reason }) => `${version}: ${reason}`);
}

describe("pickBest", () => {
  it("takes the highest value, or the lowest where lower is better", () => {
    const pool = [
      candidate("1.0.0", { f1: 0.8, loss: 0.1 }),
      candidate("1.1.0", { f1: 0.9, loss: 0.3 }),
      candidate("1.2.0", { f1: 0.85, loss: 0.2 }),
    ];
    expect(best(pool)).toEqual({ best: "fraud@1.1.0", value: "0.9", considered: 3, skipped: [] });
    expect(best(pool, "loss")).toMatchObject({ best: "fraud@1.0.0", value: "0.1" });
  });

  it("never takes a yanked version, nor one without the metric", () => {
    const pool = [
      candidate("1.0.0", { f1: 0.8 }),
      candidate("1.1.0", { f1: 0.9 }, { yanked: true }),
      candidate("1.2.0", { auc: 1 }),
    ];
    expect(best(pool)).toEqual({
      best: "fraud@1.0.0",
      value: "0.8",
      considered: 1,
      skipped: ["1.1.0: yanked", "1.2.0: has no f1"],
    });
  });

  it("takes a pre-release only where no release qualifies", () => {
    const pre = candidate("2.0.0-rc.1", { f1: 0.95 });
    expect(best([candidate("1.0.0", { f1: 0.8 }), pre])).toMatchObject({
      best: "fraud@1.0.0",
      skipped: ["2.0.0-rc.1: a pre-release, and there are releases"],
    });
    expect(best([candidate("1.0.0", { f1: 0.8 }, { yanked: true }), pre])).toMatchObject({ best: "fraud@2.0.0-rc.1" });
    expect(best([candidate("1.0.0", {}), pre])).toMatchObject({ best: "fraud@2.0.0-rc.1" });
  });

  it("gives ties to the higher version, whatever was registered last", () => {
    const pool = [candidate("1.9.0", { f1: 0.9 }), candidate("1.10.0", { f1: 0.9 }), candidate("1.2.0", { f1: 0.9 })];
    expect(best(pool)).toMatchObject({ best: "fraud@1.10.0" });
    expect(
      best([candidate("1.0.0", { f1: 0.9 }, { model: "b" }), candidate("1.0.0", { f1: 0.9 }, { model: "a" })]),
    ).toMatchObject({ best: "a@1.0.0" });
  });

  it("compares only with what the newest measured version was evaluated on", () => {
    const pool = [
      candidate("1.0.0", { f1: 0.99 }, { on: "a" }),
      candidate("1.1.0", { f1: 0.8 }, { on: "b" }),
      candidate("1.2.0", { f1: 0.7 }, { on: "b" }),
      candidate("1.3.0", { auc: 1 }, { on: "a" }),
      candidate("1.4.0", { f1: 1 }, { on: "a", yanked: true }),
    ];
    expect(best(pool)).toEqual({
      best: "fraud@1.1.0",
      value: "0.8",
      considered: 2,
      skipped: [
        "1.0.0: not comparable with fraud@1.2.0, the newest measured version",
        "1.3.0: has no f1",
        "1.4.0: yanked",
      ],
    });
  });

  it("takes the newest by when it was registered, then by version", () => {
    const at = { createdAt: "2026-11-30T00:00:00Z" };
    const pool = [
      candidate("2.0.0", { f1: 0.9 }, { on: "a" }),
      candidate("1.0.0", { f1: 0.8 }, { on: "b", ...at }),
      candidate("1.0.1", { f1: 0.7 }, { on: "a", ...at }),
    ];
    expect(best(pool)).toMatchObject({ best: "fraud@2.0.0", considered: 2 });
    expect(best(pool.slice(0, 2))).toMatchObject({ best: "fraud@1.0.0", considered: 1 });
  });

  it("leaves out what does not name its data where the policy requires it", () => {
    const pool = [candidate("1.0.0", { f1: 0.8 }, { on: "a" }), candidate("1.1.0", { f1: 0.9 })];
    expect(best(pool)).toMatchObject({ best: "fraud@1.1.0", considered: 1 });
    expect(best(pool, "f1", policyOf({ evaluation: { required: true } }))).toMatchObject({
      best: "fraud@1.0.0",
      considered: 1,
    });
  });

  it("takes the composite score, with each version's bonus", () => {
    const policy = policyOf({ score: { weights: { accuracy: 1 }, bonus: [{ label: "ensemble=true", factor: 2 }] } });
    const pool = [
      candidate("1.0.0", { accuracy: 0.5 }, { labels: { ensemble: "true" } }),
      candidate("1.1.0", { accuracy: 0.9 }),
      candidate("1.2.0", { f1: 1 }),
    ];
    expect(best(pool, "score", policy)).toEqual({
      best: "fraud@1.0.0",
      value: "1",
      considered: 2,
      skipped: ["1.2.0: has no score: it lacks accuracy"],
    });
  });

  it("says when there is nothing to go by", () => {
    expect(best([candidate("1.0.0", { f1: 1 })], "score")).toEqual({ kind: "no-score" });
    expect(best([candidate("1.0.0", { f1: 1 })], "score", null)).toEqual({ kind: "no-score" });
    expect(best([candidate("1.0.0", { x: 1 })], "x")).toEqual({ kind: "no-direction", metric: "x" });
    expect(best([candidate("1.0.0", {})])).toEqual({ best: null, skipped: ["1.0.0: has no f1"] });
    expect(best([], "f1", null)).toEqual({ best: null, skipped: [] });
  });
});
