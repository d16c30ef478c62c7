import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  findLookalike,
  findNameConflict,
  type ModelName,
  parseModelName,
} from "../../../src/domain/model/model-name.ts";
import { modelName } from "../names.ts";

const name = (text: string) => text as ModelName;

describe("parseModelName", () => {
  it.each([
    "fraud",
    "Fraud",
    "0",
    "a.b-c_d",
    "team/fraud",
    "a/b/c",
    "z".repeat(64),
    `${"a".repeat(64)}/${"b".repeat(64)}/${"c".repeat(64)}`,
    "headless",
    "configs",
    "team/stage",
    "x/evaluations",
    "console",
    "com10",
    "model.locks",
    "a".repeat(39),
    `team/${"a".repeat(40)}`,
  ])("takes %s", (text) => {
    expect(parseModelName(text)).toEqual({ ok: true, value: text });
  });

  it.each([
    "",
    " ",
    "/",
    "a/",
    "/a",
    "a//b",
    "a/b/c/d",
    "../evil",
    "a/../../b",
    ".",
    "..",
    "-rf",
    "--upload-pack=x",
    "model.lock",
    "model.LOCK",
    "m.lock/x",
    "a..b",
    "a@{1}",
    "a:b",
    "a@v1.0.0",
    "a#b",
    "a b",
    "a~1",
    "a^",
    "a?",
    "a*",
    "a[b",
    "a\\b",
    "HEAD",
    "head",
    "config",
    "Config",
    "0123456789abcdef0123456789abcdef01234567",
    "A".repeat(40),
    "a".repeat(64).replace(/a/g, "f"),
    "res\u2011net",
    "fr\u0430ud",
    "a\u202eb",
    "a\u200db",
    "CON",
    "con",
    "nul.txt",
    "com1",
    "LPT9.onnx",
    "team/aux",
    "a".repeat(65),
    "a".repeat(300),
    ".hidden",
    "a.",
    "_a",
    "a_",
    "a-",
    "stage/x",
    "evaluations/fraud",
    "promote/x",
    "Rollback",
    "demote",
    "refs/heads/x",
    "fraud\n",
    "\nfraud",
    "fraud\u0000",
  ])("refuses %j", (text) => {
    expect(parseModelName(text).ok).toBe(false);
  });

  it("tells the nearest allowed spelling", () => {
    const nearest = (text: string) => {
      const parsed = parseModelName(text);
      return parsed.ok ? text : parsed.hint?.replace("the nearest allowed name is ", "");
    };
    expect(nearest("resnet 50")).toBe("resnet-50");
    expect(nearest("res\u2011net")).toBe("res-net");
    expect(nearest("HEAD")).toBe("model-HEAD");
    expect(nearest("stage/x")).toBe("model-stage/x");
    expect(nearest("model.lock")).toBe("model");
    expect(nearest("a..b")).toBe("a.b");
    expect(nearest("com1")).toBe("model-com1");
    expect(nearest("!!!")).toBeUndefined();
  });

  it("proposes only spellings that are allowed", () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^[-a./ ]{0,80}$/),
      fc.constantFrom(
        "a".repeat(300),
        `${"a".repeat(63)}.b`,
        "a.lock.lock/b",
        `${"x".repeat(60)}.lock`,
        "con/aux/nul",
        "a.loc.lockk.lock",
      ),
      fc
        .array(fc.constantFrom("a", ".", "-", ".lock", "con", "HEAD", "/", "stage", "é"), { maxLength: 12 })
        .map((all) => all.join("")),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const parsed = parseModelName(text);
        if (parsed.ok || parsed.hint === null) return;
        expect(parseModelName(parsed.hint.replace("the nearest allowed name is ", ""))).toMatchObject({ ok: true });
      }),
      { numRuns: 500 },
    );
  });

  it("gives names that a ref can hold", () => {
    fc.assert(
      fc.property(modelName, (text) => {
        expect(text).not.toMatch(/\.\.|@\{|[\s~^:?*[\\]|\/\/|^[/.-]|\/$|\.$|\.lock(\/|$)/);
        expect(text.length).toBeLessThan(200);
      }),
    );
  });
});

describe("findNameConflict", () => {
  it.each([
    ["Fraud", "fraud", true],
    ["a/b", "a", true],
    ["a", "a/b", true],
    ["A/b", "a", true],
    ["a", "A/B", true],
    ["a", "a", false],
    ["ab", "a", false],
    ["a-b", "a", false],
    ["a/b", "a/c", false],
  ])("of %s beside %s: %s", (one, other, conflict) => {
    expect(findNameConflict(name(one), [name(other)]) !== null).toBe(conflict);
  });
});

describe("findLookalike", () => {
  it("warns of names that read alike", () => {
    expect(findLookalike(name("resnet_50"), [name("fraud"), name("resnet-50")])).toBe("resnet-50");
    expect(findLookalike(name("resnet-50"), [name("resnet-50"), name("resnet-51")])).toBeNull();
  });
});
