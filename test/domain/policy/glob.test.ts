import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesModel, matchesSlice } from "../../../src/domain/policy/glob.ts";

describe("matchesModel", () => {
  it.each([
    ["fraud", "fraud", true],
    ["fraud", "Fraud", false],
    ["fraud", "fraud2", false],
    ["*", "fraud", true],
    ["*", "team/fraud", false],
    ["*/*", "team/fraud", true],
    ["vision/*", "vision/resnet", true],
    ["vision/*", "vision/a/b", false],
    ["vision/*", "vision", false],
    ["*/fraud", "team/fraud", true],
    ["f*d", "fraud", true],
    ["f**d", "fraud", true],
    ["f*a*d", "fraud", true],
    ["*a*/b*", "xax/by", true],
    ["*a/b", "a/a/b", false],
    ["a*b/c", "ab/b/c", false],
    ["fr?ud", "fraud", false],
    ["fr[a]ud", "fraud", false],
    ["f.aud", "fraud", false],
    ["", "fraud", false],
    ["", "", true],
    ["***", "", true],
  ])("%s on %s: %s", (glob, model, expected) => {
    expect(matchesModel(glob, model)).toBe(expected);
  });
});

describe("matchesSlice", () => {
  it.each([
    ["region=*", "region=EU", true],
    ["region=*", "region=", true],
    ["region=*", "region=EU,age=1", false],
    ["region=*,age=*", "region=EU,age=1", true],
    ["*", "region=EU", false],
    ["*=*", "region=EU", true],
    ["*=*", "a=1,b=2", false],
    ["*=EU", "region=EU", true],
    ["region=E*", "region=US", false],
    ["region=a/*", "region=a/b/c", true],
  ])("%s on %s: %s", (glob, slice, expected) => {
    expect(matchesSlice(glob, slice)).toBe(expected);
  });
});

describe("globs", () => {
  it("agree with regular expressions", () => {
    const glob = fc.stringMatching(/^[ab/*]{0,8}$/);
    const text = fc.stringMatching(/^[ab/]{0,8}$/);
    fc.assert(
      fc.property(glob, text, (one, other) => {
        const pattern = new RegExp(`^${one.replaceAll(/\*+/g, "[^/]*")}$`);
        expect(matchesModel(one, other)).toBe(pattern.test(other));
      }),
      { numRuns: 3000 },
    );
  });

  it("take no time for hostile patterns", () => {
    const start = performance.now();
    expect(matchesModel(`${"*a".repeat(128)}*b`, "a".repeat(194))).toBe(false);
    expect(matchesSlice(`k=${"a*".repeat(120)}b`, `k=${"a".repeat(250)}`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(100);
  });
});
