import { parseMetricKey, SCORE_KEY } from "../metric/metric.ts";
import { accepted, type Parsed, refused } from "../parsed.ts";
import { type ModelName, parseModelName } from "./model-name.ts";
import { isRange, parseVersion, type Version } from "./version.ts";

/** Which version of a model a reference means (CLI.md "References"). */
export type Selector =
  | { readonly kind: "version"; readonly version: Version }
  | { readonly kind: "range"; readonly range: string }
  | { readonly kind: "latest" }
  /** `metric` null: the policy's composite score. */
  | { readonly kind: "best"; readonly metric: string | null }
  /** What the stage holds; `previous`: what it held before (`~1`). The name is checked by its reader. */
  | { readonly kind: "stage"; readonly stage: string; readonly previous: boolean };

/** A parsed REF: `MODEL`, `MODEL@SELECTOR` or `MODEL#STAGE[~1]`. */
export interface Reference {
  /** As it was written. */
  readonly text: string;
  readonly model: ModelName;
  readonly selector: Selector;
}

const STAGE_LIKE = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/** Reads a REF. A selector is tried as version, range, `latest`, `best[:METRIC]`, stage, in this order. */
export function parseReference(text: string): Parsed<Reference> {
  const mark = text.search(/[@#]/);
  const name = mark < 0 ? text : text.slice(0, mark);
  const model = parseModelName(name);
  if (!model.ok) return refused(`${quoted(name)} is not a model name: ${model.message}`, model.hint);
  const selector = mark < 0 ? accepted<Selector>({ kind: "latest" }) : parseSelector(text.slice(mark));
  if (!selector.ok) return selector;
  return accepted({ text, model: model.value, selector: selector.value });
}

function parseSelector(marked: string): Parsed<Selector> {
  const selector = marked.slice(1);
  if (marked.startsWith("#")) return parseStageSelector(selector);
  if (selector.trim() === "") {
    return refused("nothing stands after @", "name a version, a range, latest, best or a stage");
  }
  const version = parseVersion(selector);
  if (version.ok) return accepted({ kind: "version", version: version.value });
  if (isRange(selector)) return accepted({ kind: "range", range: selector });
  if (selector === "latest") return accepted({ kind: "latest" });
  if (selector === "best") return accepted({ kind: "best", metric: null });
  if (selector.startsWith("best:")) return parseBestSelector(selector.slice("best:".length));
  if (STAGE_LIKE.test(selector)) return accepted({ kind: "stage", stage: selector, previous: false });
  const before = selector.endsWith("~1") && STAGE_LIKE.test(selector.slice(0, -2));
  const hint = before ? `what a stage held before is written #${selector}` : version.hint;
  return refused(`${quoted(selector)} is no version, no range, not latest or best, and no stage name`, hint);
}

function parseBestSelector(metric: string): Parsed<Selector> {
  if (metric === SCORE_KEY) return accepted({ kind: "best", metric: null });
  const key = parseMetricKey(metric);
  return key.ok ? accepted({ kind: "best", metric: key.value }) : refused(key.message, key.hint);
}

function parseStageSelector(text: string): Parsed<Selector> {
  const previous = text.endsWith("~1");
  const stage = previous ? text.slice(0, -2) : text;
  if (STAGE_LIKE.test(stage)) return accepted({ kind: "stage", stage, previous });
  return refused(`${quoted(text)} is not a stage, or a stage and ~1`);
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
