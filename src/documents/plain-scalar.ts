import { Decimal } from "../domain/metric/decimal.ts";
import { accepted, type Parsed, refused } from "../domain/parsed.ts";

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** What YAML's core schema takes for a number although JSON does not. */
const OTHER_NUMBER =
  /^(?:[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/**
 * The value of a scalar without quotes: null, true, false, a number in JSON's grammar, else text. What another
 * YAML reader would take for a number in another notation is refused: quoted it is text.
 */
export function readPlainScalar(text: string): Parsed<null | boolean | string | Decimal> {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return accepted(null);
  if (/^(?:true|True|TRUE)$/.test(text)) return accepted(true);
  if (/^(?:false|False|FALSE)$/.test(text)) return accepted(false);
  if (NUMBER.test(text)) {
    const decimal = Decimal.parse(text);
    return decimal.ok ? decimal : refused(decimal.message, quoteHint(text));
  }
  if (!OTHER_NUMBER.test(text)) return accepted(text);
  if (/[in]/i.test(text) && !text.startsWith("0x")) {
    return refused(`${text} is not a finite number`, "leave the value out, or put it in quotes if it is text");
  }
  return refused(`${text} is not a number in plain decimal notation`, quoteHint(text));
}

function quoteHint(text: string): string {
  return `if it is text, write ${JSON.stringify(text)}`;
}
