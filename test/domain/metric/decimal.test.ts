import { Big } from "big.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Decimal } from "../../../src/domain/metric/decimal.ts";
import { d } from "../builders.ts";

/** Decimal text with its exact value as integer / 10^places. */
const fixed = fc
  .record({ digits: fc.bigInt(-(10n ** 20n), 10n ** 20n), places: fc.integer({ min: 0, max: 12 }) })
  .map(({ digits, places }) => ({ text: fixedText(digits, places), digits, places }));

function fixedText(digits: bigint, places: number): string {
  const sign = digits < 0n ? "-" : "";
  const all = (digits < 0n ? -digits : digits).toString().padStart(places + 1, "0");
  return places === 0 ? `${sign}${all}` : `${sign}${all.slice(0, -places)}.${all.slice(-places)}`;
}

describe("Decimal.parse", () => {
  it.each([
    ["0.9300", "0.9300"],
    ["-0", "-0"],
    ["0", "0"],
    ["12", "12"],
    ["1e5", "1.0e+5"],
    ["1E5", "1.0e+5"],
    ["1e-07", "1.0e-07"],
    ["1.50e+3", "1.50e+3"],
    ["2.5E3", "2.5e+3"],
    ["5e-324", "5.0e-324"],
    ["0e999999999", "0.0e+999999999"],
    ["0.0e-99999999999999999999", "0.0e-99999999999999999999"],
  ])("keeps the digits of %s as %s", (text, expected) => {
    expect(d(text).text).toBe(expected);
    expect(d(expected).text).toBe(expected);
    expect(d(text).value).toBe(Number(text));
  });

  it.each([
    "",
    " ",
    " 1",
    "1 ",
    "1\n",
    "+1",
    ".5",
    "5.",
    "01",
    "012",
    "0x10",
    "1_000",
    "1,5",
    "0,9",
    "0.9%",
    "1:30",
    "--1",
    "1e",
    "1e+",
    "NaN",
    "nan",
    ".nan",
    ".inf",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "1e-400",
    "1.5e-999999999",
    "1e999999999999999",
    "١",
    "1".repeat(41),
    `0.${"1".repeat(39)}`,
  ])("refuses %j", (text) => {
    expect(Decimal.parse(text).ok).toBe(false);
  });

  it("takes 40 characters, counted as they will be written", () => {
    expect(Decimal.parse("1".repeat(40)).ok).toBe(true);
    expect(Decimal.parse(`${"1".repeat(37)}e5`).ok).toBe(false);
    expect(Decimal.parse(`${"1".repeat(35)}e5`).ok).toBe(true);
  });

  it("reads what it wrote as the same text", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const { text } = Decimal.fromNumber(value);
        expect(d(text).text).toBe(text);
        expect(Object.is(Number(text), value) || value === 0).toBe(true);
      }),
    );
  });

  it("never keeps what JSON cannot read", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[-+0-9.eE]{1,12}$/), (text) => {
        const parsed = Decimal.parse(text);
        if (parsed.ok) expect(JSON.parse(parsed.value.text)).toBe(parsed.value.value);
      }),
    );
  });
});

describe("Decimal arithmetic", () => {
  it("subtracts exactly, with the finer scale of both sides", () => {
    expect(d("0.880").minus(d("0.885")).text).toBe("-0.005");
    expect(d("0.3").minus(d("0.1")).text).toBe("0.2");
    expect(d("0.9510").minus(d("0.951")).text).toBe("0.0000");
    expect(d("41.2").minus(d("40")).text).toBe("1.2");
    expect(d("1e-7").minus(d("0")).text).toBe("0.0000001");
    expect(d("1e300").minus(d("1")).text).toBe(`${"9".repeat(300)}`);
  });

  it("agrees with integer arithmetic", () => {
    fc.assert(
      fc.property(fixed, fixed, (a, b) => {
        const places = Math.max(a.places, b.places);
        const left = a.digits * 10n ** BigInt(places - a.places);
        const right = b.digits * 10n ** BigInt(places - b.places);
        const difference = left - right;
        expect(d(a.text).minus(d(b.text)).text).toBe(fixedText(difference, places));
        const order = Number(difference > 0n) - Number(difference < 0n);
        expect(d(a.text).compare(d(b.text))).toBe(order);
        expect(d(a.text).isZero).toBe(a.digits === 0n);
      }),
    );
  });

  it("compares by value, not by text", () => {
    expect(d("0.9300").compare(d("0.93"))).toBe(0);
    expect(d("1e2").compare(d("100"))).toBe(0);
    expect(d("-0").compare(d("0"))).toBe(0);
    expect(d("9007199254740993").compare(d("9007199254740992"))).toBe(1);
  });

  it("makes no number of what is not finite", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) expect(() => Decimal.fromNumber(value)).toThrow();
  });

  it("writes exact results without an exponent", () => {
    expect(Decimal.fromBig(new Big("1e-12")).text).toBe("0.000000000001");
  });
});
