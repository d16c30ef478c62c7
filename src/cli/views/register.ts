import { formatBytes, formatMetric } from "../../documents/format-number.ts";
import type { MetricChange } from "../../domain/metric/metric-diff.ts";
import type { RegisterAnswer } from "../../operations/answers.ts";
import { bad, faint, good, type Line, type Span, strong, type View, warn } from "../text/span.ts";
import { widthOfLine } from "../text/width.ts";
import { labelled, next } from "./parts.ts";
import { promotionView } from "./promotion.ts";

const SHOWN_FILES = 5;

/** What was registered, how good it is beside the version below, where it went. */
export function registerView(
  answer: RegisterAnswer,
  view: View & { readonly bump: string | null; readonly firstStage: string | null },
): readonly Line[] {
  const id = `${answer.model}@${answer.version}`;
  return [
    headline(answer, view.bump),
    labelled("artifacts", filesText(answer)),
    ...metricLines(answer, view),
    ...whereLines(answer),
    ...(answer.promotion === null ? nextLines(answer, id, view) : [[], ...promotionView(answer.promotion, view)]),
  ];
}

function headline(answer: RegisterAnswer, bump: string | null): Line {
  const id = strong(`${answer.model}@${answer.version}`);
  if (!answer.created) return [id, " is registered already, with the same content: nothing to do."];
  const after = answer.comparedTo === null ? "the first version" : `after ${answer.comparedTo}`;
  const why = bump === null || answer.comparedTo === null ? after : `next ${bump} ${after}`;
  if (answer.planned === true) return [faint("Dry run: "), "would register ", id, faint(`   ${why}`)];
  return [good("Registered"), " ", id, faint(`   ${why}`)];
}

function filesText({ artifacts }: RegisterAnswer): string {
  const shown = artifacts.slice(0, SHOWN_FILES).map(({ path, size }) => `${path}  ${formatBytes(size)}`);
  const rest = artifacts.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join(" · ");
}

/** As many metrics a line as fit; where nothing can be compared it is said once. */
function metricLines({ comparedTo, metrics, created }: RegisterAnswer, view: View): readonly Line[] {
  if (metrics.length === 0 || comparedTo === null || !created) return [];
  const incomparable = metrics.every(({ verdict }) => verdict === "incomparable" || verdict === "added");
  const items = metrics.map((change) => (incomparable ? valueSpans(change) : changeSpans(change)));
  const rows = inRows(items, view.isTerminal ? view.columns - LABEL_WIDTH : 10_000);
  const label = incomparable ? "metrics" : `vs ${comparedTo}`;
  const lines = rows.map((row, index) => labelled(index === 0 ? label : "", ...row));
  const why = `not comparable with ${comparedTo}: measured on something else, or not said on what`;
  return incomparable ? [...lines, labelled("", faint(why))] : lines;
}

const LABEL_WIDTH = 14;
const DOT = " · ";

function inRows(items: readonly (readonly Span[])[], room: number): readonly (readonly Span[])[] {
  const rows: Span[][] = [];
  for (const item of items) {
    const row = rows.at(-1);
    if (row === undefined || widthOfLine(row) + DOT.length + widthOfLine(item) > room) rows.push([...item]);
    else row.push(DOT, ...item);
  }
  return rows;
}

function valueSpans({ name, to, unit }: MetricChange): readonly Span[] {
  return to === null ? [] : [`${name} ${formatMetric(to, unit)}`];
}

function changeSpans({ name, to, from, change, verdict, unit }: MetricChange): readonly Span[] {
  if (to === null) return [`${name} `, warn("not measured now"), from === null ? "" : faint(` (was ${from.text})`)];
  const value = `${name} ${formatMetric(to, unit)}`;
  const amount = change?.text.replace(/^-/, "") ?? "";
  if (verdict === "better") return [value, " ", good(`better by ${amount}`)];
  if (verdict === "worse") return [value, " ", bad(`worse by ${amount}`)];
  if (verdict === "changed") return [value, ` changed by ${change?.text ?? ""}`];
  return [value, faint(` ${{ same: "same", added: "new", removed: "gone", incomparable: "not comparable" }[verdict]}`)];
}

function whereLines(answer: RegisterAnswer): readonly Line[] {
  if (answer.planned === true) return [];
  if (!answer.published) return [labelled("draft", warn("not published"), ": nobody else has it yet")];
  if (!answer.pushed) return [];
  const uploaded = answer.artifacts.filter((one) => one.uploaded);
  const size = uploaded.reduce((sum, one) => sum + one.size, 0);
  const objects = uploaded.length === 1 ? "1 object" : `${uploaded.length} objects`;
  const bytes = uploaded.length === 0 ? "no new bytes" : `${objects} (${formatBytes(size)})`;
  return [labelled("pushed", `tag ${answer.tag}, ${bytes}`)];
}

function nextLines(
  answer: RegisterAnswer,
  id: string,
  view: View & { readonly firstStage: string | null },
): readonly Line[] {
  if (answer.planned === true) return [];
  if (!answer.published) return next(view, "git model push");
  return next(view, `git model promote ${id} --to ${view.firstStage ?? "STAGE"}`);
}
