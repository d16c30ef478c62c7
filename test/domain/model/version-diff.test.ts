import { describe, expect, it } from "vitest";
import { diffVersions } from "../../../src/domain/model/version-diff.ts";
import { d, manifestOf } from "../builders.ts";

const RULES = { declared: {}, evaluationRequired: false };
const artifact = (path: string, digit: string, size = 1) => ({ path, sha256: digit.repeat(64), size });
const on = (digit: string) => ({ evaluation: { dataset: { sha256: digit.repeat(64) } } });

describe("diffVersions", () => {
  it("adds everything to nothing", () => {
    const to = manifestOf({
      metrics: { f1: 1 },
      params: { a: 1 },
      artifacts: [artifact("m", "a")],
      data: [{ name: "t" }],
      ...on("a"),
    });
    expect(diffVersions(null, to, { ...RULES, evaluationRequired: true })).toMatchObject({
      comparable: true,
      reason: null,
      metrics: [{ name: "f1", from: null, verdict: "added" }],
      params: [{ name: "a", from: null }],
      artifacts: [{ path: "m", from: null, to: { sha256: "a".repeat(64), size: 1 } }],
      data: [{ name: "t", change: "added" }],
      signature: { changed: false },
    });
  });

  it("says why numbers are not comparable", () => {
    const diff = diffVersions(
      manifestOf({ metrics: { f1: 1 }, ...on("a") }),
      manifestOf({ metrics: { f1: 1 }, ...on("b") }),
      RULES,
    );
    expect(diff).toMatchObject({
      comparable: false,
      reason: "evaluated on another data set",
      metrics: [{ verdict: "incomparable" }],
    });
  });

  it("lists changed parameters only, by value", () => {
    const from = manifestOf({
      params: { lr: d("1e-3"), depth: 6, tags: ["a", "b"], same: [1, true], gone: "x", toString: 1 },
    });
    const to = manifestOf({
      params: { lr: d("0.001"), depth: 8, tags: ["b", "a"], same: [d("1.0"), true], new: false, toString: 1 },
    });
    expect(diffVersions(from, to, RULES).params.map(({ name }) => name)).toEqual(["depth", "gone", "new", "tags"]);
  });

  it("lists all artifacts of both sides, changed or not", () => {
    const from = manifestOf({ artifacts: [artifact("b", "a"), artifact("a", "a"), artifact("Z", "a")] });
    const to = manifestOf({ artifacts: [artifact("a", "a"), artifact("b", "b", 2), artifact("c", "a")] });
    expect(
      diffVersions(from, to, RULES).artifacts.map(({ path, from: before, to: after }) => [
        path,
        before?.size,
        after?.size,
      ]),
    ).toEqual([
      ["Z", 1, undefined],
      ["a", 1, 1],
      ["b", 1, 2],
      ["c", undefined, 1],
    ]);
  });

  it("tells what became of the training data", () => {
    const from = manifestOf({
      data: [{ name: "a", rows: 1 }, { name: "b", rows: 1 }, { name: "b", rows: 2 }, { name: "c" }],
    });
    const to = manifestOf({
      data: [{ name: "b", rows: 1 }, { name: "b", rows: 2 }, { name: "a", rows: 2 }, { name: "d" }],
    });
    expect(diffVersions(from, to, RULES).data).toEqual([
      { name: "a", change: "changed" },
      { name: "b", change: "same" },
      { name: "c", change: "removed" },
      { name: "d", change: "added" },
    ]);
  });

  it("sees a changed signature, in its order too", () => {
    const signature = (...names: string[]) =>
      manifestOf({ signature: { inputs: names.map((name) => ({ name, shape: [-1] })) } });
    const changed = (a: ReturnType<typeof manifestOf>, b: ReturnType<typeof manifestOf>) =>
      diffVersions(a, b, RULES).signature.changed;
    expect(changed(signature("a", "b"), signature("a", "b"))).toBe(false);
    expect(changed(signature("a", "b"), signature("b", "a"))).toBe(true);
    expect(changed(signature("a"), signature("a", "b"))).toBe(true);
    expect(changed(manifestOf(), signature())).toBe(false);
  });

  it("finds nothing between a version and itself", () => {
    const one = manifestOf({
      metrics: { f1: 1 },
      params: { a: 1 },
      artifacts: [artifact("m", "a")],
      data: [{ name: "t" }],
      ...on("a"),
    });
    const diff = diffVersions(one, one, RULES);
    expect(diff.metrics.map(({ verdict }) => verdict)).toEqual(["same"]);
    expect([diff.params, diff.reason]).toEqual([[], null]);
    expect(diff.artifacts).toEqual([
      { path: "m", from: { sha256: "a".repeat(64), size: 1 }, to: { sha256: "a".repeat(64), size: 1 } },
    ]);
  });
});
