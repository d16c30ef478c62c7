import { describe, expect, it } from "vitest";
import { earlierSelf } from "../../../src/domain/policy/earlier-self.ts";
import type { JudgedSide } from "../../../src/domain/policy/judged-side.ts";
import { measured } from "../builders.ts";

const RULES = { evaluationRequired: false };
const at = (from: string, on: string, kind: "offline" | "live" = "offline") =>
  measured({ f1: "1" }, { from, on, kind });
const side: JudgedSide = {
  model: "fraud",
  version: "1.3.0",
  manifest: { task: undefined, labels: {} },
  measurements: [at("new", "a"), at("old", "b"), at("older", "a"), at("live", "a", "live"), at("manifest", "a")],
};
const earlier = (measurement: ReturnType<typeof at>) =>
  earlierSelf(side, measurement, RULES)?.measurements.map(({ from }) => from) ?? null;

describe("earlierSelf", () => {
  it("gives the earlier comparable measurements of the same kind, newest first, never the one itself", () => {
    expect(earlier(at("new", "a"))).toEqual(["older", "manifest"]);
    expect(earlier(at("older", "a"))).toEqual(["manifest"]);
    expect(earlier(at("not-recorded", "a"))).toEqual(["new", "older", "manifest"]);
  });

  it("gives nothing where nothing was measured before", () => {
    expect(earlier(at("old", "b"))).toBeNull();
    expect(earlier(at("live", "a", "live"))).toBeNull();
  });
});
