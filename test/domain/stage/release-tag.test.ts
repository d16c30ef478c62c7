import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatReleaseTag, parseReleaseTag } from "../../../src/domain/stage/release-tag.ts";
import { modelName, stageName } from "../names.ts";

describe("release tags", () => {
  it("are read as they were written", () => {
    const tag = fc.record({
      model: modelName,
      stage: stageName,
      number: fc.integer({ min: 1, max: 999_999_999 }),
      demote: fc.boolean(),
    });
    fc.assert(
      fc.property(tag, (one) => {
        expect(parseReleaseTag(formatReleaseTag(one))).toEqual(one);
      }),
    );
  });

  it("have GTO's grammar", () => {
    expect(parseReleaseTag("fraud#production#7")).toEqual({
      model: "fraud",
      stage: "production",
      number: 7,
      demote: false,
    });
    expect(parseReleaseTag("team/fraud#production!#8")).toMatchObject({ model: "team/fraud", number: 8, demote: true });
  });

  it.each([
    "fraud",
    "fraud@v1.0.0",
    "fraud#production",
    "fraud#production#0",
    "fraud#production#07",
    "fraud#production#-1",
    "fraud#production#1e3",
    "fraud#production#7\n",
    "fraud#production##7",
    "fraud#production!!#7",
    "fraud#production#!7",
    "fraud#latest#7",
    "fraud#Production#7",
    "fraud#1#7",
    "#production#7",
    "a b#production#7",
    "stage/x#production#7",
    "fraud#production#7#8",
    "fraud#production#9999999999",
  ])("are not %j", (name) => {
    expect(parseReleaseTag(name)).toBeNull();
  });

  it("never have two names", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-c]{1,2}[#!]{0,2}[a-c!]{1,3}#{1,2}[0-9!]{1,2}$/), (name) => {
        const tag = parseReleaseTag(name);
        if (tag !== null) expect(formatReleaseTag(tag)).toBe(name);
      }),
    );
  });
});
