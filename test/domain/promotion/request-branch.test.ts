import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRequestBranch, parseRequestBranch } from "../../../src/domain/promotion/request-branch.ts";
import { modelName, stageName } from "../names.ts";

describe("request branches", () => {
  it("are read as they were written", () => {
    const change = fc.constantFrom("release" as const, "rollback" as const, "demote" as const);
    fc.assert(
      fc.property(fc.record({ change, stage: stageName, model: modelName }), (request) => {
        expect(parseRequestBranch(formatRequestBranch(request))).toEqual(request);
      }),
    );
  });

  it.each([
    ["promote/production/fraud", "release"],
    ["rollback/production/team/fraud", "rollback"],
    ["demote/edge/a/b/c", "demote"],
  ])("read %s as a %s", (branch, change) => {
    expect(parseRequestBranch(branch)).toMatchObject({ change });
  });

  it.each([
    "",
    "promote",
    "promote/production",
    "promote/production/",
    "promote//fraud",
    "release/production/fraud",
    "Promote/production/fraud",
    "promote/latest/fraud",
    "promote/production/a/b/c/d",
    "promote/production/-x",
    "promote/production/stage/x",
    "refs/heads/promote/production/fraud",
    "promote/production/fraud\n",
    "toString/production/fraud",
  ])("are not %j", (branch) => {
    expect(parseRequestBranch(branch)).toBeNull();
  });
});
