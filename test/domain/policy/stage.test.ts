import fc from "fast-check";
import semver from "semver";
import { describe, expect, it } from "vitest";
import { formatStageBranch, parseStageBranch, parseStageName } from "../../../src/domain/policy/stage.ts";
import { stageName } from "../names.ts";

describe("parseStageName", () => {
  it.each(["a", "production", "pre-prod", "eu-west-1", "v", "version", "a".repeat(32), "xx"])("takes %s", (text) => {
    expect(parseStageName(text).ok).toBe(true);
  });

  it.each([
    "",
    "Production",
    "1st",
    "v1",
    "v1-canary",
    "-a",
    "a-",
    "a_b",
    "a.b",
    "a b",
    "a/b",
    "a".repeat(33),
    "prod\n",
    "ä",
    "latest",
    "greatest",
    "best",
    "deprecated",
    "created",
    "x",
    "vx",
    "vvx",
    "vv1",
    "head",
  ])("refuses %j", (text) => {
    expect(parseStageName(text).ok).toBe(false);
  });

  it("proposes only spellings that are allowed", () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[-vV0-9x A-Z]{0,40}$/),
      fc.constantFrom("V1", "latest", "Head", "X"),
    );
    fc.assert(
      fc.property(text, (stage) => {
        const parsed = parseStageName(stage);
        if (parsed.ok || parsed.hint === null) return;
        expect(parseStageName(parsed.hint.replace("the nearest allowed name is ", "")).ok).toBe(true);
      }),
    );
    expect(parseStageName("v1")).toMatchObject({ hint: "the nearest allowed name is stage-v1" });
    expect(parseStageName("Pre Prod")).toMatchObject({ hint: "the nearest allowed name is pre-prod" });
  });

  it("allows no name that a reference would read as a range", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          stageName,
          fc.stringMatching(/^[vx=][-vx0-9a]{0,5}$/).filter((one) => parseStageName(one).ok),
        ),
        (stage) => {
          expect(semver.validRange(stage)).toBeNull();
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("stage branches", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(stageName, (stage) => {
        expect(parseStageBranch(formatStageBranch(stage))).toBe(stage);
      }),
    );
    for (const other of ["production", "stage/", "stage/a/b", "stage/latest", "stages/a", "refs/heads/stage/a"]) {
      expect(parseStageBranch(other)).toBeNull();
    }
  });
});
