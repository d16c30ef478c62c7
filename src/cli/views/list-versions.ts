import { compareBytes } from "../../domain/metric/metric.ts";
import type { ListedVersion, ListVersionsAnswer } from "../../operations/answers.ts";
import { bad, faint, type Line, type Span, strong, textOf, type View, warn } from "../text/span.ts";
import { type Column, table } from "../text/table.ts";
import { formatTime } from "../text/time.ts";
import { widthOf } from "../text/width.ts";
import { staleNote } from "./list.ts";
import { count } from "./parts.ts";

/** The versions of a model with their numbers. */
export function listVersionsView(answer: ListVersionsAnswer, view: View): readonly Line[] {
  const { model, versions, total, fetchedAt } = answer;
  if (!view.isTerminal) return versions.length === 0 ? [] : pipedVersions(versions, view);
  if (versions.length === 0) return [[`No version of ${model} matches.`]];
  const before: readonly Column[] = [{ title: "version" }, { title: "stages", empty: "" }];
  const after: readonly Column[] = [
    ...(versions.some(({ score }) => score !== null) ? [{ title: "score", align: "right" as const }] : []),
    { title: "registered", shrinks: true },
  ];
  const cells = versions.map((one) => ({
    before: [versionCell(one), one.stages.join(", ")],
    after: [...(after.length === 1 ? [] : [scoreText(one)]), registeredText(one, view)],
  }));
  const rest = [
    ...widthsOf(
      before,
      cells.map((one) => one.before),
    ),
    ...widthsOf(
      after,
      cells.map((one) => one.after),
    ).map((width, index) => (index === after.length - 1 ? Math.min(REGISTERED_WIDTH, width) : width)),
  ];
  const metrics = chooseMetrics(versions, view.columns - rest.reduce((sum, width) => sum + width + GAP, 0));
  const columns = [...before, ...metrics.shown.map((title) => ({ title, align: "right" as const })), ...after];
  const rows = versions.map((one, index) => [
    ...(cells[index]?.before ?? []),
    ...metrics.shown.map((name) => numberOf(one, name)),
    ...(cells[index]?.after ?? []),
  ]);
  const notes = noteLines({ hidden: metrics.hidden, shown: versions.length, total });
  return [...table(columns, rows, { view }), ...notes, ...staleNote(fetchedAt, view)];
}

const GAP = 2;
/** The column of times and authors may be narrowed to this for the sake of numbers. */
const REGISTERED_WIDTH = 14;

function widthsOf(columns: readonly Column[], rows: readonly (readonly Span[])[]): readonly number[] {
  return columns.map(({ title }, index) => widest([title, ...rows.map((row) => textOf(row[index] ?? ""))]));
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map(widthOf));
}

function numberOf({ metrics }: ListedVersion, name: string): string {
  return Object.hasOwn(metrics, name) ? (metrics[name]?.text ?? "") : "";
}

function versionCell({ version, yanked, published }: ListedVersion): Span {
  if (yanked) return bad(`${version}  yanked`);
  return published ? strong(version) : warn(`${version}  draft`);
}

/** Scores are sums of products: four digits are enough for people. */
function scoreText({ score }: ListedVersion): string {
  return score === null ? "" : String(Number(score.value.toPrecision(4)));
}

function registeredText({ createdAt, author, yankReason }: ListedVersion, view: View): string {
  return [formatTime(createdAt, view), author, yankReason ?? ""].filter((text) => text !== "").join(" · ");
}

/** As many metrics as fit into the room; those that most versions have first. */
function chooseMetrics(
  versions: readonly ListedVersion[],
  room: number,
): { readonly shown: readonly string[]; readonly hidden: number } {
  const counts = new Map<string, number>();
  for (const name of versions.flatMap(({ metrics }) => Object.keys(metrics))) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const names = [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || compareBytes(a, b));
  let left = room;
  const shown = names.filter((name) => {
    const width = widest([name, ...versions.map((one) => numberOf(one, name))]) + GAP;
    if (width > left) return false;
    left -= width;
    return true;
  });
  return { shown: shown.sort(compareBytes), hidden: names.length - shown.length };
}

function noteLines({
  hidden,
  shown,
  total,
}: {
  readonly hidden: number;
  readonly shown: number;
  readonly total: number;
}): readonly Line[] {
  const versions = total > shown ? [`${shown} of ${total} versions; --all shows them all`] : [];
  const them = hidden === 1 ? "it" : "them";
  const metrics = hidden > 0 ? [`${count(hidden, "more metric")}; a wider terminal or --json shows ${them}`] : [];
  return [...versions, ...metrics].map((text) => [faint(text)]);
}

/** For scripts: every metric, and each fact in a column of its own. */
function pipedVersions(versions: readonly ListedVersion[], view: View): readonly Line[] {
  const metrics = [...new Set(versions.flatMap((one) => Object.keys(one.metrics)))].sort(compareBytes);
  const titles = ["version", "state", "stages", ...metrics, "score", "registered", "author", "reason"];
  const rows = versions.map((one) => [
    one.version,
    stateOf(one),
    one.stages.join(","),
    ...metrics.map((name) => numberOf(one, name)),
    one.score?.text ?? "",
    one.createdAt,
    one.author,
    one.yankReason ?? "",
  ]);
  return table(
    titles.map((title) => ({ title })),
    rows,
    { view },
  );
}

function stateOf({ yanked, published }: ListedVersion): string {
  if (yanked) return "yanked";
  return published ? "published" : "draft";
}
