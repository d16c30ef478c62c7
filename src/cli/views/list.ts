import { compareBytes } from "../../domain/metric/metric.ts";
import type { ListAnswer, ListedVersion, ListVersionsAnswer } from "../../operations/answers.ts";
import { bad, faint, type Line, type Span, strong, type View, warn } from "../text/span.ts";
import { type Column, table } from "../text/table.ts";
import { formatTime } from "../text/time.ts";
import { groupDigits, next } from "./parts.ts";

/** Every model with its latest version and what each stage holds. */
export function listView({ models, fetchedAt }: ListAnswer, view: View): readonly Line[] {
  if (models.length === 0) {
    return view.isTerminal
      ? [["No models."], ...next(view, "git model register MODEL FILE --metrics metrics.json")]
      : [];
  }
  const stages = [...new Set(models.flatMap((one) => Object.keys(one.stages)))];
  const columns: readonly Column[] = [
    { title: "model", shrinks: true },
    { title: "latest" },
    ...stages.map((title) => ({ title })),
    { title: "versions", align: "right" },
    { title: "updated" },
  ];
  const rows = models.map((one) => [
    strong(one.model),
    one.latest ?? "",
    ...stages.map((stage) => heldSpan(Object.hasOwn(one.stages, stage) ? (one.stages[stage] ?? null) : null)),
    view.isTerminal ? groupDigits(one.versions) : String(one.versions),
    formatTime(one.updatedAt, view),
  ]);
  return [...table(columns, rows, { view }), ...staleNote(fetchedAt, view)];
}

function heldSpan(version: string | null): Span {
  return version === "unregistered" ? bad(version) : (version ?? "");
}

const DAY = 24 * 3600 * 1000;

function staleNote(fetchedAt: string | null, view: View): readonly Line[] {
  if (fetchedAt === null || !view.isTerminal || view.now - Date.parse(fetchedAt) < DAY) return [];
  return [[faint(`fetched ${formatTime(fetchedAt, view)}; --fetch asks the remote`)]];
}

/** The versions of a model with their numbers. */
export function listVersionsView(answer: ListVersionsAnswer, view: View): readonly Line[] {
  const { model, versions, total } = answer;
  if (versions.length === 0) return view.isTerminal ? [[`No version of ${model} matches.`]] : [];
  const metrics = chooseMetrics(versions, view);
  const withScore = versions.some(({ score }) => score !== null);
  const columns: readonly Column[] = [
    { title: "version" },
    { title: "stages" },
    ...metrics.shown.map((title) => ({ title, align: "right" as const })),
    ...(withScore ? [{ title: "score", align: "right" as const }] : []),
    { title: "registered", shrinks: true },
  ];
  const rows = versions.map((one) => [
    versionCell(one),
    one.stages.join(", "),
    ...metrics.shown.map((name) => one.metrics[name]?.text ?? ""),
    ...(withScore ? [scoreText(one, view)] : []),
    [formatTime(one.createdAt, view), one.author, one.yankReason ?? ""].filter((text) => text !== "").join(" · "),
  ]);
  return [
    ...table(columns, rows, { view }),
    ...notes({ hidden: metrics.hidden, shown: versions.length, total }, view),
    ...staleNote(answer.fetchedAt, view),
  ];
}

function versionCell({ version, yanked, published }: ListedVersion): Span {
  if (yanked) return bad(`${version}  yanked`);
  return published ? strong(version) : warn(`${version}  draft`);
}

/** Scores are sums of products: three places are enough for people. */
function scoreText({ score }: ListedVersion, { isTerminal }: View): string {
  if (score === null) return "";
  return isTerminal ? String(Number(score.value.toPrecision(4))) : score.text;
}

const ROOM_FOR_REST = 46;

/** As many metrics as fit, those that most versions have first; piped: all. */
function chooseMetrics(
  versions: readonly ListedVersion[],
  view: View,
): { readonly shown: readonly string[]; readonly hidden: number } {
  const counts = new Map<string, number>();
  for (const name of versions.flatMap(({ metrics }) => Object.keys(metrics)))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || compareBytes(a, b));
  if (!view.isTerminal) return { shown: names.sort(compareBytes), hidden: 0 };
  let room = Math.max(0, view.columns - ROOM_FOR_REST);
  const shown = names.filter((name) => {
    const values = versions.map(({ metrics }) =>
      Object.hasOwn(metrics, name) ? (metrics[name]?.text.length ?? 0) : 0,
    );
    const width = Math.max(name.length, ...values) + 2;
    if (width > room) return false;
    room -= width;
    return true;
  });
  return { shown: shown.sort(compareBytes), hidden: names.length - shown.length };
}

function notes(
  { hidden, shown, total }: { readonly hidden: number; readonly shown: number; readonly total: number },
  { isTerminal }: View,
): readonly Line[] {
  if (!isTerminal) return [];
  const versions = total > shown ? [`${shown} of ${total} versions; --all shows them all`] : [];
  const metrics =
    hidden > 0 ? [`${hidden} more ${hidden === 1 ? "metric" : "metrics"}; a wider terminal or --json shows them`] : [];
  return [...versions, ...metrics].map((text) => [faint(text)]);
}
