import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ObjectId } from "../../../src/domain/object-id.ts";
import { judgeNeeds } from "../../../src/domain/promotion/judge-needs.ts";
import type { Held } from "../../../src/domain/stage/ledger.ts";
import { stage, version } from "../builders.ts";

const tree = "a".repeat(40) as unknown as ObjectId;
const other = "b".repeat(40) as unknown as ObjectId;
const staging = stage("staging");
const HOUR = 3_600_000;
const soak = { text: "24h", milliseconds: 24 * HOUR };
const SINCE = 1_700_000_000;

function holding(held: ObjectId, sinceSeconds = SINCE): Held {
  return { tree: held, version: version("1.0.0"), commit: other, sinceSeconds };
}

function judge(held: Held | null, now: number, rules: Parameters<typeof judgeNeeds>[0] = { from: [staging], soak }) {
  return judgeNeeds(rules, tree, { holds: () => held, now });
}

describe("from and soak", () => {
  it("nothing is asked of the first stage", () => {
    expect(judge(null, 0, { from: [] })).toEqual([]);
    expect(judge(null, 0, { from: [], soak })).toEqual([]);
  });

  it("from fails where the stage before holds nothing, or another tree", () => {
    expect(judge(null, 0, { from: [staging] })).toMatchObject([{ rule: "from", verdict: "fail", since: null }]);
    expect(judge(holding(other), 0, { from: [staging] })).toMatchObject([{ rule: "from", verdict: "fail" }]);
    expect(judge(holding(tree), 0, { from: [staging] })).toMatchObject([
      { rule: "from", verdict: "pass", since: "2023-11-14T22:13:20Z", until: null },
    ]);
  });

  it("soak is pending until its last second is over, and passes at it", () => {
    const end = SINCE * 1000 + soak.milliseconds;
    expect(judge(holding(tree), end - 1)[1]).toEqual({
      rule: "soak",
      stage: staging,
      verdict: "pending",
      since: "2023-11-14T22:13:20Z",
      until: "2023-11-15T22:13:20Z",
      limit: "24h",
    });
    expect(judge(holding(tree), end)[1]).toMatchObject({ verdict: "pass" });
    expect(judge(null, end)[1]).toMatchObject({ verdict: "pending", since: null, until: null });
  });

  it("every stage of from is asked, and a clock that runs back only makes it wait longer", () => {
    fc.assert(
      fc.property(fc.integer({ min: -100, max: 100 }), fc.integer({ min: 0, max: 48 }), (shift, hours) => {
        const now = (SINCE + shift) * 1000 + hours * HOUR;
        const needs = judge(holding(tree), now, { from: [staging, stage("canary")], soak });
        expect(needs.map(({ rule, stage: where }) => `${rule} ${where}`)).toEqual([
          "from staging",
          "soak staging",
          "from canary",
          "soak canary",
        ]);
        expect(needs[1]?.verdict).toBe(now - SINCE * 1000 >= soak.milliseconds ? "pass" : "pending");
      }),
      { numRuns: 50 },
    );
  });
});
