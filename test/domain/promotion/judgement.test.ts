import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finding } from "../../../src/domain/finding.ts";
import type { GateRow } from "../../../src/domain/policy/gate.ts";
import { asWarnings, verdictOf } from "../../../src/domain/promotion/judgement.ts";
import type { Need } from "../../../src/domain/promotion/need.ts";
import type { Change } from "../../../src/domain/promotion/request-branch.ts";
import { stage } from "../builders.ts";

const row = (verdict: GateRow["verdict"], severity: GateRow["severity"] = "block") =>
  ({ verdict, severity }) as GateRow;
const need = (verdict: Need["verdict"]): Need => ({
  rule: "soak",
  stage: stage("staging"),
  verdict,
  since: null,
  until: null,
  limit: null,
});
const none = { gates: [], needs: [], findings: [] };

describe("the verdict on a change", () => {
  it.each([
    ["accept", "release", none],
    ["accept", "release", { ...none, gates: [row("pass"), row("fail", "warn"), row("missing", "warn")] }],
    ["accept", "release", { ...none, findings: [finding("yanked", "so so", { severity: "warning" })] }],
    ["wait", "release", { ...none, needs: [need("pass"), need("pending")] }],
    ["wait", "release", { ...none, gates: [row("pending")] }],
    ["refuse", "release", { ...none, gates: [row("fail")] }],
    ["refuse", "release", { ...none, gates: [row("missing")] }],
    ["refuse", "release", { ...none, gates: [row("incomparable")] }],
    ["refuse", "release", { ...none, needs: [need("pending")], gates: [row("fail")] }],
    ["refuse", "release", { ...none, needs: [need("fail"), need("pending")] }],
    ["accept", "rollback", { ...none, gates: [row("fail")], needs: [need("fail")] }],
    ["accept", "demote", none],
    ["refuse", "rollback", { ...none, findings: [finding("yanked", "no")] }],
    ["refuse", "demote", { ...none, findings: [finding("stage-moved", "no")] }],
    ["refuse", null, { ...none, findings: [finding("unrelated-history", "no")] }],
  ] as const)("is %s of a %s", (verdict, change, judgement) => {
    expect(verdictOf(change, judgement)).toBe(verdict);
  });

  it("is never better for one more row, and a warning changes nothing", () => {
    const rank = { accept: 0, wait: 1, refuse: 2 };
    const rows = fc.array(
      fc.record({
        verdict: fc.constantFrom<GateRow["verdict"]>("pass", "fail", "missing", "incomparable", "pending"),
        severity: fc.constantFrom<GateRow["severity"]>("block", "warn"),
      }),
      { maxLength: 5 },
    ) as fc.Arbitrary<GateRow[]>;
    const change = fc.constantFrom<Change>("release", "rollback", "demote");
    fc.assert(
      fc.property(change, rows, rows, (what, gates, more) => {
        const before = verdictOf(what, { ...none, gates });
        expect(rank[verdictOf(what, { ...none, gates: [...gates, ...more] })]).toBeGreaterThanOrEqual(rank[before]);
        expect(verdictOf(what, { ...none, gates: [...gates, ...asWarnings(more)] })).toBe(before);
      }),
      { numRuns: 100 },
    );
  });
});
