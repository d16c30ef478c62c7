import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseReference } from "../../../src/domain/model/reference.ts";
import { anyVersion, modelName, stageName } from "../names.ts";

const selectorOf = (text: string) => {
  const parsed = parseReference(text);
  return parsed.ok ? parsed.value.selector : parsed.message;
};

describe("parseReference", () => {
  it.each([
    ["fraud", { kind: "latest" }],
    ["fraud@latest", { kind: "latest" }],
    ["team/fraud@1.3.0", { kind: "version", version: "1.3.0" }],
    ["fraud@v1.3.0", { kind: "version", version: "1.3.0" }],
    ["fraud@1.3.0-rc.1", { kind: "version", version: "1.3.0-rc.1" }],
    ["fraud@^1.2", { kind: "range", range: "^1.2" }],
    ["fraud@1", { kind: "range", range: "1" }],
    ["fraud@*", { kind: "range", range: "*" }],
    ["fraud@x", { kind: "range", range: "x" }],
    ["fraud@best", { kind: "best", metric: null }],
    ["fraud@best:score", { kind: "best", metric: null }],
    ["fraud@best:f1", { kind: "best", metric: "f1" }],
    ["fraud@best:p@5", { kind: "best", metric: "p@5" }],
    ["fraud@production", { kind: "stage", stage: "production", previous: false }],
    ["fraud#production", { kind: "stage", stage: "production", previous: false }],
    ["fraud#production~1", { kind: "stage", stage: "production", previous: true }],
    ["fraud@nowhere", { kind: "stage", stage: "nowhere", previous: false }],
  ])("reads %s", (text, selector) => {
    expect(selectorOf(text)).toEqual(selector);
  });

  it.each([
    "",
    "@",
    "@1.0.0",
    "#production",
    "fraud@",
    "fraud@ ",
    "fraud@\t",
    "fraud#",
    "fraud#~1",
    "fraud#production~2",
    "fraud#production~",
    "fraud@production~1",
    "fraud#1.0.0",
    "fraud#Production",
    "fraud@Production",
    "fraud@1.0.0\n",
    "fraud@1.0.0+b1",
    "fraud@^1.0.0+b1",
    "fraud@1.0.0@2.0.0",
    "fraud@v1.0.0!#1",
    "fraud#production#7",
    "-rf",
    "../evil",
    "fraud@best:",
    "fraud@best:a b",
    "fraud@best:__proto__",
    "fraud@--upload-pack=x",
    "fraud@a@{1}",
    "fraud@HEAD",
    "a:b",
    "fraud@\u202e1.0.0",
  ])("refuses %j", (text) => {
    expect(parseReference(text).ok).toBe(false);
  });

  it("finds every allowed name again", () => {
    fc.assert(
      fc.property(modelName, anyVersion, stageName, (model, version, stage) => {
        expect(parseReference(`${model}@${version}`)).toMatchObject({
          value: { model, selector: { kind: "version", version } },
        });
        expect(parseReference(`${model}@${stage}`)).toMatchObject({
          value: { model, selector: { kind: "stage", stage } },
        });
        expect(parseReference(`${model}#${stage}~1`)).toMatchObject({
          value: { model, selector: { stage, previous: true } },
        });
      }),
    );
  });

  it("throws at nothing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(() => parseReference(text)).not.toThrow();
        expect(() => parseReference(`fraud@${text}`)).not.toThrow();
      }),
    );
  });

  it("takes no time for long texts", () => {
    const start = performance.now();
    for (const text of [`fraud@${"1.".repeat(50_000)}`, `fraud@${" ".repeat(100_000)}x`, `${"a/".repeat(100_000)}`]) {
      expect(parseReference(text).ok).toBe(false);
    }
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
