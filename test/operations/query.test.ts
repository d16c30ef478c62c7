import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Decimal } from "../../src/domain/metric/decimal.ts";
import { RegistryError } from "../../src/errors.ts";
import { type Conditioned, parseConditions } from "../../src/operations/query/conditions.ts";

const subject: Conditioned = {
  score: Decimal.fromNumber(0.5),
  metrics: { f1: Decimal.fromNumber(0.9), "auc/roc@5": Decimal.fromNumber(-1), latency_ms: Decimal.fromNumber(41.2) },
  labels: { team: "risk", "a.b": "", note: "two words" },
};

describe("a condition", () => {
  test.each([
    ["f1>=0.9", true],
    ["f1 > 0.9", false],
    ["f1<=0.90", true],
    ["f1 < 9.1e-1", true],
    ["f1 = 0.900", true],
    ["f1 == 0.9", true],
    ["f1 != 0.9", false],
    ["auc/roc@5 <= -1", true],
    ["score = 0.5", true],
    ["nosuch > 0", false],
    ["nosuch != 0", false],
    ["not nosuch > 0", true],
    ["f1 > 1 or latency_ms < 50 and score > 1", false],
    ["(f1 > 1 or latency_ms < 50) AND score < 1", true],
    ["not (f1 > 1) and not not score = 0.5", true],
    ["labels.team = risk", true],
    ["labels.team=='risk'", true],
    ['labels.team = "risk"', true],
    ['labels.note = "two words"', true],
    ["labels.team != growth", true],
    ["labels.nosuch != growth", true],
    ["labels.nosuch = growth", false],
    ['labels.a.b = ""', true],
    ["labels.__proto__ = x", false],
    ["constructor > 0", false],
  ])("%s is %s", (text, verdict) => {
    expect(parseConditions(text, [])(subject)).toBe(verdict);
  });

  test("labels are all needed, and their value may hold an equals sign", () => {
    expect(parseConditions(null, ["team=risk", "a.b="])(subject)).toBe(true);
    expect(parseConditions(null, ["team=risk", "team=growth"])(subject)).toBe(false);
    expect(parseConditions(null, [])(subject)).toBe(true);
    expect(parseConditions("f1 > 0", ["team=x=y"])({ ...subject, labels: { team: "x=y" } })).toBe(true);
  });

  test.each([
    ["", 1, "the name of a metric"],
    ["f1", 3, "one of"],
    ["f1 >=", 6, "a value"],
    ["f1 >= high", 7, "is not a number"],
    ["f1 >= 0.9 score > 1", 11, "expected and, or, or the end"],
    ["(f1 > 1", 8, "expected )"],
    ["f1 > 1)", 7, "expected and, or, or the end"],
    ["f1 > 1 and", 11, "the name of a metric"],
    ["f1 > 1 and or f2 > 1", 15, "one of"],
    ["f1 => 1", 5, "a value"],
    ['labels.team = "risk', 15, "fits nowhere"],
    ["labels.team >= risk", 13, "labels are compared"],
    ["f1 > !1", 6, "fits nowhere"],
    ["f1 > NaN", 6, "is not a number"],
    ["f1 > 0x10", 6, "is not a number"],
    ["not", 4, "the name of a metric"],
  ])("%j points at character %i", (text, place, what) => {
    const error = mistake(text);
    expect(error.message).toContain(`character ${place}: `);
    expect(error.message).toContain(what);
    expect(error.message).toContain(`${text.slice(0, place - 1)}→${text.slice(place - 1)}`);
  });

  test("the mistake is shown on one line, whatever the text has in it, and counted in characters", () => {
    const { message } = mistake("f1 >=\n\t\u001b[31m 😀x");
    expect(message).not.toMatch(/\p{Cc}/u);
    expect(mistake("😀 >= 1 nonsense").message).toContain("character 8: ");
  });

  test("deep nesting is refused, long lists are not", () => {
    expect(mistake("(".repeat(1000)).message).toContain("nested too deeply");
    expect(mistake("not ".repeat(100_000)).message).toContain("nested too deeply");
    expect(parseConditions(Array(5000).fill("f1>0").join(" and "), [])(subject)).toBe(true);
  });

  test("any text is a condition or a usage error, never anything else", () => {
    const word = fc.constantFrom(
      "f1",
      "labels.team",
      "and",
      "or",
      "not",
      "(",
      ")",
      ">=",
      "=",
      "!",
      '"',
      "0.9",
      " ",
      "é",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        try {
          expect(typeof parseConditions(words.join(" "), [])(subject)).toBe("boolean");
        } catch (error) {
          expect(error).toMatchObject({ code: "usage" });
        }
      }),
      { numRuns: 200 },
    );
  });
});

function mistake(text: string): RegistryError {
  try {
    parseConditions(text, []);
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}
