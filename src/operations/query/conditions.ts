import { Decimal } from "../../domain/metric/decimal.ts";
import { SCORE_KEY } from "../../domain/metric/metric.ts";
import { RegistryError } from "../../errors.ts";
import { conditionError, type Token, tokenize } from "./tokens.ts";

/** What a condition looks at. */
export interface Conditioned {
  readonly score: Decimal | null;
  readonly metrics: Readonly<Record<string, Decimal>>;
  readonly labels: Readonly<Record<string, string>>;
}

export type Condition = (subject: Conditioned) => boolean;

/**
 * Reads `--where` (comparisons of metrics, `score` and `labels.…`, joined by and, or, not, parentheses) and every
 * `--label k=v`; all of them must hold. A metric that is absent fulfils no comparison. `usage` points at the mistake.
 */
export function parseConditions(where: string | null, labels: readonly string[]): Condition {
  const conditions = labels.map(parseLabel);
  if (where !== null) conditions.push(parseWhere(where));
  return (subject) => conditions.every((holds) => holds(subject));
}

function parseLabel(text: string): Condition {
  const at = text.indexOf("=");
  if (at < 1) throw new RegistryError("usage", `--label takes key=value, not ${JSON.stringify(text.slice(0, 100))}`);
  const [key, value] = [text.slice(0, at), text.slice(at + 1)];
  return ({ labels: own }) => Object.hasOwn(own, key) && own[key] === value;
}

interface Parser {
  readonly text: string;
  readonly tokens: readonly Token[];
  next: number;
}

const DEEPEST = 50;

function parseWhere(text: string): Condition {
  const parser: Parser = { text, tokens: tokenize(text), next: 0 };
  const condition = parseOr(parser, 0);
  const rest = parser.tokens[parser.next];
  if (rest !== undefined) throw conditionError(text, rest.at, "expected and, or, or the end");
  return condition;
}

function parseOr(parser: Parser, depth: number): Condition {
  const parts = [parseAnd(parser, depth)];
  while (takeWord(parser, "or")) parts.push(parseAnd(parser, depth));
  return (subject) => parts.some((holds) => holds(subject));
}

function parseAnd(parser: Parser, depth: number): Condition {
  const parts = [parseNot(parser, depth)];
  while (takeWord(parser, "and")) parts.push(parseNot(parser, depth));
  return (subject) => parts.every((holds) => holds(subject));
}

function parseNot(parser: Parser, depth: number): Condition {
  if (depth > DEEPEST)
    throw conditionError(parser.text, parser.tokens[parser.next]?.at ?? 0, "this is nested too deeply");
  if (takeWord(parser, "not")) {
    const inner = parseNot(parser, depth + 1);
    return (subject) => !inner(subject);
  }
  if (take(parser, "open") === null) return parseComparison(parser);
  const inner = parseOr(parser, depth + 1);
  if (take(parser, "close") === null) throw expected(parser, ")");
  return inner;
}

function parseComparison(parser: Parser): Condition {
  const name = take(parser, "name");
  if (name === null) throw expected(parser, "the name of a metric");
  const operator = take(parser, "operator");
  if (operator === null) throw expected(parser, "one of >= <= > < = !=");
  const value = take(parser, "text") ?? take(parser, "name");
  if (value === null) throw expected(parser, "a value");
  if (name.text.startsWith("labels.")) return labelComparison(parser, { name, operator, value });
  const number = Decimal.parse(value.text);
  if (!number.ok) throw conditionError(parser.text, value.at, `${value.text} is not a number`);
  const compare = COMPARISONS[operator.text];
  return (subject) => {
    const own = numberOf(subject, name.text);
    return own !== null && compare?.(own.compare(number.value)) === true;
  };
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  ">=": (order) => order >= 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  "<": (order) => order < 0,
  "=": (order) => order === 0,
  "==": (order) => order === 0,
  "!=": (order) => order !== 0,
};

function labelComparison(
  parser: Parser,
  { name, operator, value }: { readonly name: Token; readonly operator: Token; readonly value: Token },
): Condition {
  const key = name.text.slice("labels.".length);
  const wanted = value.kind === "text" ? value.text.slice(1, -1) : value.text;
  const isEqual = operator.text === "=" || operator.text === "==";
  if (!isEqual && operator.text !== "!=")
    throw conditionError(parser.text, operator.at, "labels are compared with = or !=");
  return ({ labels }) => ((Object.hasOwn(labels, key) ? labels[key] : undefined) === wanted) === isEqual;
}

function numberOf(subject: Conditioned, name: string): Decimal | null {
  if (name === SCORE_KEY) return subject.score;
  return Object.hasOwn(subject.metrics, name) ? (subject.metrics[name] ?? null) : null;
}

function take(parser: Parser, kind: Token["kind"]): Token | null {
  const token = parser.tokens[parser.next];
  if (token?.kind !== kind) return null;
  parser.next += 1;
  return token;
}

function takeWord(parser: Parser, word: string): boolean {
  const token = parser.tokens[parser.next];
  if (token?.kind !== "name" || token.text.toLowerCase() !== word) return false;
  parser.next += 1;
  return true;
}

function expected(parser: Parser, what: string): RegistryError {
  const token = parser.tokens[parser.next];
  return conditionError(parser.text, token?.at ?? parser.text.length, `expected ${what}`);
}
