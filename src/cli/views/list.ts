import { compareBytes } from "../../domain/metric/metric.ts";
import type { ListAnswer, ListedVersion, ListVersionsAnswer } from "../../operations/answers.ts";
import { bad, faint, type Line, type Span, strong, textOf, type View, warn } from "../text/span.ts";
import { type Column, table } from "../text/table.ts";
import { formatTime } from "../text/time.ts";
import { widthOf } from "../text/width.ts";
import { count, groupDigits, next } from "./parts.ts";

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
  const withScore = versions.some(({ score }) => score !== null);
  const fixed = versions.map((one) => ({
    version: versionCell(one),
    stages: one.stages.join(", "),
    score: withScore ? [scoreText(one, view)] : [],
    registered: [formatTime(one.createdAt, view), one.author, one.yankReason ?? ""]
      .filter((text) => text !== "")
      .join(" · "),
  }));
  const taken = [
    widest(["version", ...fixed.map(({ version }) => textOf(version))]),
    widest(["stages", ...fixed.map(({ stages }) => stages)]),
    widest(["score", ...fixed.flatMap(({ score }) => score)]),
    Math.min(REGISTERED_WIDTH, widest(["registered", ...fixed.map(({ registered }) => registered)])),
  ];
  const metrics = chooseMetrics(versions, {
    view,
    room: view.columns - taken.reduce((sum, width) => sum + width + 2, 0),
  });
  const columns: readonly Column[] = [
    { title: "version" },
    { title: "stages", empty: "" },
    ...metrics.shown.map((title) => ({ title, align: "right" as const })),
    ...(withScore ? [{ title: "score", align: "right" as const }] : []),
    { title: "registered", shrinks: true },
  ];
  const rows = fixed.map(({ version, stages, score, registered }, index) => [
    version,
    stages,
    ...metrics.shown.map((name) => numberOf(versions[index], name)),
    ...score,
    registered,
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

/** The column of times and authors may be narrowed to this for the sake of numbers. */
const REGISTERED_WIDTH = 30;

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map(widthOf));
}

function numberOf(version: ListedVersion | undefined, name: string): string {
  return version !== undefined && Object.hasOwn(version.metrics, name) ? (version.metrics[name]?.text ?? "") : "";
}

/** As many metrics as fit, those that most versions have first; piped: all. */
function chooseMetrics(
  versions: readonly ListedVersion[],
  { view, room }: { readonly view: View; readonly room: number },
): { readonly shown: readonly string[]; readonly hidden: number } {
  const counts = new Map<string, number>();
  for (const name of versions.flatMap(({ metrics }) => Object.keys(metrics)))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || compareBytes(a, b));
  if (!view.isTerminal) return { shown: names.sort(compareBytes), hidden: 0 };
  let left = room;
  const shown = names.filter((name) => {
    const width = widest([name, ...versions.map((one) => numberOf(one, name))]) + 2;
    if (width > left) return false;
    left -= width;
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
    hidden > 0
      ? [`${count(hidden, "more metric")}; a wider terminal or --json shows ${hidden === 1 ? "it" : "them"}`]
      : [];
  return [...versions, ...metrics].map((text) => [faint(text)]);
}
