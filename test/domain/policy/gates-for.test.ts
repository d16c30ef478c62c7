import { describe, expect, it } from "vitest";
import { gatesFor, hasLabel } from "../../../src/domain/policy/gates-for.ts";
import { policyOf, stage } from "../builders.ts";

const subject = { model: "vision/resnet", task: "detection", labels: { team: "risk", note: "a=b" } };
const gate = (metric: string, condition?: object) => ({ metric, min: 0, ...(condition ? { for: condition } : {}) });
const PRODUCTION = stage("production");

const metricsFor = (condition: object | undefined, of: object = {}) =>
  gatesFor(policyOf({ stages: { production: { gates: [gate("f1", condition)] } } }), PRODUCTION, { ...subject, ...of })
    .length;

describe("gatesFor", () => {
  it("lists the stage's gates, then those of the matching models, with their places", () => {
    const policy = policyOf({
      stages: {
        staging: { gates: [gate("loss")] },
        production: { gates: [gate("a"), gate("b", { task: ["other"] }), gate("c")] },
      },
      models: {
        "vision/*": { stages: { production: { gates: [gate("d")] }, staging: { gates: [gate("x")] } } },
        "text/*": { stages: { production: { gates: [gate("e")] } } },
        "*/resnet": { stages: { production: { gates: [gate("f"), gate("g")] } } },
      },
    });
    expect(gatesFor(policy, PRODUCTION, subject).map(({ gate: { metric }, source }) => `${metric} ${source}`)).toEqual([
      "a registry.yaml#/stages/production/gates/0",
      "c registry.yaml#/stages/production/gates/2",
      "d registry.yaml#/models/vision~1*/stages/production/gates/0",
      "f registry.yaml#/models/*~1resnet/stages/production/gates/0",
      "g registry.yaml#/models/*~1resnet/stages/production/gates/1",
    ]);
    expect(gatesFor(policy, stage("nowhere"), subject)).toEqual([]);
    expect(gatesFor(policy, "constructor" as never, subject)).toEqual([]);
  });

  it.each([
    [undefined, 1],
    [{}, 1],
    [{ model: "vision/*" }, 1],
    [{ model: "*" }, 0],
    [{ task: ["detection", "x"] }, 1],
    [{ task: ["x"] }, 0],
    [{ label: "team=risk" }, 1],
    [{ label: "team=ris" }, 0],
    [{ label: "team=" }, 0],
    [{ label: "other=risk" }, 0],
    [{ label: "note=a=b" }, 1],
    [{ model: "vision/*", task: ["detection"], label: "team=risk" }, 1],
    [{ model: "vision/*", task: ["x"], label: "team=risk" }, 0],
    [{ model: "x", task: ["detection"], label: "team=risk" }, 0],
    [{ model: "vision/*", task: ["detection"], label: "team=x" }, 0],
  ])("with for %j: %s", (condition, count) => {
    expect(metricsFor(condition)).toBe(count);
  });

  it("does not apply a task's gate to a version without a task", () => {
    expect(metricsFor({ task: ["detection"] }, { task: null })).toBe(0);
  });
});

describe("hasLabel", () => {
  it("is not fooled by the keys of objects", () => {
    expect(hasLabel({}, "toString=x")).toBe(false);
    expect(hasLabel({ a: "" }, "a=")).toBe(true);
    expect(hasLabel({ "": "x" }, "=x")).toBe(false);
  });
});
