import { Big } from "big.js";
import { invariant } from "../../errors.ts";
import { accepted, type Parsed, refused } from "../parsed.ts";

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const LENGTH_LIMIT = 40;

/**
 * An exact decimal number that keeps the text it was written with (DETAILS 3): finite as a double,
 * at most 40 characters, no underflow to 0. Arithmetic on it is exact: never by binary floats.
 */
export class Decimal {
  /** The canonical text: JSON's grammar, an exponent with a point before it and a sign. */
  readonly text: string;
  /** The nearest double, for display and sorting by machines that have nothing better. */
  readonly value: number;

  private constructor(text: string) {
    this.text = text;
    this.value = Number(text);
  }

  /** Reads JSON number text; the value keeps its digits, only an exponent is put into canonical form. */
  static parse(text: string): Parsed<Decimal> {
    if (!NUMBER.test(text)) return refused(`${text.slice(0, LENGTH_LIMIT)} is not a number`);
    const canonical = canonicalExponent(text);
    if (canonical.length > LENGTH_LIMIT) {
      return refused(`a number has at most ${LENGTH_LIMIT} characters`);
    }
    const decimal = new Decimal(canonical);
    if (!Number.isFinite(decimal.value)) return refused(`${text} is not finite as a double`);
    if (decimal.value === 0 && /[1-9]/.test(text.replace(/[eE].*$/, ""))) {
      return refused(`${text} is too small for a double`);
    }
    return accepted(decimal);
  }

  /** The shortest exact text of a finite double, e.g. of a count. */
  static fromNumber(value: number): Decimal {
    invariant(Number.isFinite(value), `${value} is not a finite number`);
    return new Decimal(canonicalExponent(String(value)));
  }

  /** The plain decimal text of an exact result: no exponent, trailing zeros as computed. */
  static fromBig(value: Big): Decimal {
    return new Decimal(value.toFixed());
  }

  big(): Big {
    return new Big(this.text);
  }

  minus(other: Decimal): Decimal {
    const places = Math.max(decimalPlaces(this.text), decimalPlaces(other.text));
    const difference = this.big().minus(other.big());
    const exact = difference.toFixed();
    return new Decimal(places <= 30 ? difference.toFixed(Math.max(places, decimalPlaces(exact))) : exact);
  }

  /** -1, 0 or 1, exactly. */
  compare(other: Decimal): -1 | 0 | 1 {
    return this.big().cmp(other.big());
  }

  get isZero(): boolean {
    return this.big().eq(0);
  }

  toString(): string {
    return this.text;
  }
}

function canonicalExponent(text: string): string {
  const [mantissa, exponent] = text.split(/[eE]/);
  if (mantissa === undefined || exponent === undefined) return text;
  const pointed = mantissa.includes(".") ? mantissa : `${mantissa}.0`;
  return `${pointed}e${/^[+-]/.test(exponent) ? exponent : `+${exponent}`}`;
}

function decimalPlaces(text: string): number {
  const plain = /[eE]/.test(text) ? new Big(text).toFixed() : text;
  const point = plain.indexOf(".");
  return point < 0 ? 0 : plain.length - point - 1;
}
