import { describe, expect, it } from "vitest";
import { compareContexts } from "../../../src/domain/metric/comparable.ts";
import { measured } from "../builders.ts";

const context = (on?: string, code?: string) =>
  measured({}, { ...(on === undefined ? {} : { on }), ...(code === undefined ? {} : { code }) }).evaluation;

describe("compareContexts", () => {
  it.each([
    ["equal data sets", context("a"), context("a"), true, null],
    ["other data sets", context("a"), context("b"), false, "evaluated on another data set"],
    ["equal data and code", context("a", "x"), context("a", "x"), true, null],
    ["equal data, other code", context("a", "x"), context("a", "y"), false, "evaluated by other code"],
    ["equal data, one code", context("a", "x"), context("a"), true, null],
    [
      "only the candidate speaks",
      context("a"),
      null,
      false,
      "the champion does not say which data set it was evaluated on",
    ],
    [
      "only the champion speaks",
      null,
      context("a"),
      false,
      "the candidate does not say which data set it was evaluated on",
    ],
    ["nobody speaks", null, null, true, "neither side says which data set it was evaluated on"],
    [
      "nobody names a digest",
      context(undefined, "x"),
      context(undefined, "x"),
      true,
      "neither side says which data set it was evaluated on",
    ],
  ])("%s", (_, candidate, champion, comparable, reason) => {
    expect(compareContexts(candidate, champion, { evaluationRequired: false })).toEqual({ comparable, reason });
  });

  it("never compares numbers without a data set where the policy requires one", () => {
    expect(compareContexts(null, null, { evaluationRequired: true }).comparable).toBe(false);
    expect(compareContexts(context(undefined, "x"), null, { evaluationRequired: true }).comparable).toBe(false);
    expect(compareContexts(context("a"), context("a"), { evaluationRequired: true }).comparable).toBe(true);
  });

  it("takes a data set without a digest for saying nothing", () => {
    const named = { dataset: { name: "holdout" } };
    expect(compareContexts(named, { dataset: { name: "other" } }, { evaluationRequired: false }).comparable).toBe(true);
    expect(compareContexts(named, context("a"), { evaluationRequired: false }).comparable).toBe(false);
  });
});
