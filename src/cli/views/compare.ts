import type { BestAnswer, CompareAnswer } from "../../operations/answers.ts";
import { faint, good, type Line, type Span, strong, type View } from "../text/span.ts";
import { type Column, table } from "../text/table.ts";
import { count } from "./parts.ts";

/** Metrics by versions, the best of each row marked with a star. */
export function compareView({ versions, metrics }: CompareAnswer, view: View): readonly Line[] {
  if (versions.length === 0) return view.isTerminal ? [["Nothing to compare."]] : [];
  const oneModel = new Set(versions.map(({ model }) => model)).size === 1;
  const names = versions.map(({ model, version }) => (oneModel ? version : `${model}@${version}`));
  const scored = versions.some(({ score }) => score !== null);
  const rows = [
    ...metrics.map(({ name, better, values, best }) => [
      `${name}${view.isTerminal ? arrowOf(better) : ""}`,
      ...values.map((value, index) => cell(value?.text ?? "", { isBest: index === best, view })),
    ]),
    ...(scored
      ? [[strong("score"), ...versions.map(({ score }) => (score === null ? "" : scoreText(score, view)))]]
      : []),
  ];
  const others = names.filter((_, index) => versions[index]?.comparable === false);
  const note: readonly Line[] =
    view.isTerminal && others.length > 0
      ? [[faint(`not ranked, since measured on something else than the newest: ${others.join(", ")}`)]]
      : [];
  const title = oneModel ? (versions[0]?.model ?? "") : "metric";
  const blocks = fitting(names, rows, view);
  const tables = blocks.flatMap(({ from, to }, index) => [
    ...(index === 0 ? [] : [[]]),
    ...table(
      [{ title: view.isTerminal ? title : "metric", shrinks: true }, ...names.slice(from, to).map(columnOf)],
      rows.map((row) => [row[0] ?? "", ...row.slice(from + 1, to + 1)]),
      { view },
    ),
  ]);
  return [...tables, ...note];
}

function columnOf(title: string): Column {
  return { title, align: "right" };
}

function cell(text: string, { isBest, view }: { readonly isBest: boolean; readonly view: View }): Span {
  if (!view.isTerminal) return text;
  if (text === "") return faint("—  ");
  return isBest ? good(`${text} ★`) : `${text}  `;
}

function scoreText(score: { readonly text: string; readonly value: number }, { isTerminal }: View): string {
  return isTerminal ? `${Number(score.value.toPrecision(4))}  ` : score.text;
}

function arrowOf(better: "higher" | "lower" | null): string {
  if (better === null) return "";
  return better === "higher" ? " ↑" : " ↓";
}

/** Runs of versions that fit beside each other; the rest follows below. */
function fitting(
  names: readonly string[],
  rows: readonly (readonly Span[])[],
  view: View,
): readonly { readonly from: number; readonly to: number }[] {
  if (!view.isTerminal) return [{ from: 0, to: names.length }];
  const widthAt = (column: number) => Math.max(...rows.map((row) => lengthOf(row[column])), 0);
  const label = widthAt(0) + 2;
  const blocks: { from: number; to: number }[] = [];
  let used = 0;
  for (const [index, name] of names.entries()) {
    const width = Math.max(name.length, widthAt(index + 1)) + 2;
    const block = blocks.at(-1);
    if (block === undefined || used + width > view.columns) {
      blocks.push({ from: index, to: index + 1 });
      used = label + width;
    } else {
      block.to = index + 1;
      used += width;
    }
  }
  return blocks;
}

function lengthOf(span: Span | undefined): number {
  if (span === undefined) return 0;
  return typeof span === "string" ? span.length : span.text.length;
}

/** The best version, by what, and what was passed over. */
export function bestView(answer: BestAnswer): readonly Line[] {
  const { model, version, by, value, considered, skipped } = answer;
  return [
    [strong(`${model}@${version}`), `   ${by} ${value.text}`, faint(`   best of ${count(considered, "version")}`)],
    ...skipped.map((one): Line => ["  ", faint(`passed over ${one.model}@${one.version}: ${one.reason}`)]),
  ];
}
