import { formatBytes, formatChange, formatMetric, formatPercent } from "../../documents/format-number.ts";
import type { ChangeVerdict, MetricChange } from "../../domain/metric/metric-diff.ts";
import type { ParamValue } from "../../domain/model/manifest.ts";
import type { DiffAnswer } from "../../operations/answers.ts";
import { bad, faint, good, type Line, type Span, strong, type View } from "../text/span.ts";
import { type Column, table } from "../text/table.ts";
import { labelled } from "./parts.ts";

/** What differs between two versions: numbers, then parameters, files, data. */
export function diffView(
  answer: DiffAnswer,
  view: View & { readonly asked: { readonly from: string; readonly to: string } },
): readonly Line[] {
  return [
    headline(answer, view.asked),
    ...(answer.reason === null
      ? []
      : [["  ", faint(`${answer.comparable ? "note" : "not comparable"}: ${answer.reason}`)]]),
    ...metricTable(answer, view),
    ...sliceNote(answer, view),
    ...partLines(answer),
  ];
}

function headline({ from, to }: DiffAnswer, asked: { readonly from: string; readonly to: string }): Line {
  const before = from === null ? "nothing" : `${from.version}${stageNamed(asked.from)}`;
  const after = `${to.version}${stageNamed(asked.to)}`;
  const same = from === null || from.model === to.model;
  return [strong(same ? to.model : from.model), ` ${before} → ${same ? "" : `${to.model} `}${after}`];
}

/** ` (production)` where the reference named a stage. */
function stageNamed(reference: string): string {
  const [, stage] = /[@#]([a-z][a-z0-9-]*(?:~1)?)$/.exec(reference) ?? [];
  return stage === undefined || stage === "latest" || stage === "best" ? "" : ` (${stage})`;
}

const SHOWN_SLICES = 12;

/** The whole first; of many slices only what got worse, on a terminal. */
function shownMetrics({ metrics }: DiffAnswer, { isTerminal }: View): readonly MetricChange[] {
  const slices = metrics.filter(({ slice }) => slice !== null);
  if (!isTerminal || slices.length <= SHOWN_SLICES) return metrics;
  return metrics.filter(({ slice, verdict }) => slice === null || verdict === "worse");
}

function sliceNote(answer: DiffAnswer, view: View): readonly Line[] {
  const hidden = answer.metrics.length - shownMetrics(answer, view).length;
  if (hidden === 0) return [];
  const worse = answer.metrics.filter(({ slice, verdict }) => slice !== null && verdict === "worse").length;
  const standing = worse === 0 ? "none worse" : `${worse} worse, shown above`;
  return [
    labelled(
      "slices",
      `${hidden + worse} numbers: ${answer.comparable ? standing : "not comparable"}`,
      faint("   all with --markdown"),
    ),
  ];
}

function metricTable(answer: DiffAnswer, view: View): readonly Line[] {
  const { from, to } = answer;
  const metrics = shownMetrics(answer, view);
  if (metrics.length === 0) return [["  ", faint("no metrics on either side")]];
  const sameVersion = from?.version === to.version;
  const columns: readonly Column[] = [
    { title: "metric", shrinks: true },
    { title: "", empty: " " },
    { title: from === null ? "before" : sideTitle(from, sameVersion), align: "right" },
    { title: sideTitle(to, sameVersion), align: "right" },
    { title: "change", align: "right", empty: " " },
    { title: "", align: "right", empty: " " },
    { title: "", empty: "" },
  ];
  return table(
    columns.map((one, index) => ({ ...one, title: pipedTitle(one.title, index, view) })),
    metrics.map(metricRow),
    {
      view,
      indent: 2,
    },
  );
}

function sideTitle({ model, version }: DiffAnswer["to"], withModel: boolean): string {
  return withModel ? `${model} ${version}` : version;
}

const ARROWS = { higher: "↑", lower: "↓" } as const;

const PIPED_TITLES = ["metric", "better", "", "", "change", "relative", "verdict"];

function pipedTitle(title: string, index: number, { isTerminal }: View): string {
  return isTerminal || title !== "" ? title : (PIPED_TITLES[index] ?? "");
}

function metricRow(change: MetricChange): readonly Span[] {
  const { name, slice, from, to, better, unit, relative } = change;
  const tone = TONES[change.verdict];
  return [
    slice === null ? name : `${name} on ${slice}`,
    faint(better === null ? "" : ARROWS[better]),
    from === null ? "" : formatMetric(from, null),
    to === null ? "" : formatMetric(to, null),
    change.change === null ? "" : tone(formatChange(change.change, unit)),
    relative === null || relative === 0 ? "" : tone(formatPercent(relative)),
    tone(WORDS[change.verdict]),
  ];
}

const WORDS: Readonly<Record<ChangeVerdict, string>> = {
  better: "better",
  worse: "worse",
  same: "same",
  changed: "changed",
  added: "new",
  removed: "gone",
  incomparable: "not comparable",
};

const plain = (text: string): Span => text;

const TONES: Readonly<Record<ChangeVerdict, (text: string) => Span>> = {
  better: good,
  worse: bad,
  same: faint,
  changed: plain,
  added: plain,
  removed: plain,
  incomparable: faint,
};

function partLines({ params, artifacts, data, signature }: DiffAnswer): readonly Line[] {
  const changedData = data.filter(({ change }) => change !== "same");
  return [
    ...(params.length === 0 ? [] : [labelled("params", params.map(paramText).join(" · "))]),
    ...(artifacts.length === 0 ? [] : [labelled("artifacts", artifacts.map(artifactText).join(" · "))]),
    ...(changedData.length === 0
      ? []
      : [labelled("data", changedData.map(({ name, change }) => `${name} ${change}`).join(" · "))]),
    ...(signature.changed ? [labelled("signature", "changed")] : []),
  ];
}

function paramText({ name, from, to }: DiffAnswer["params"][number]): string {
  if (from === null) return `${name} ${valueText(to)} (new)`;
  return to === null ? `${name} gone (was ${valueText(from)})` : `${name} ${valueText(from)} → ${valueText(to)}`;
}

/** A parameter as people read it. */
export function valueText(value: ParamValue | null): string {
  if (value === null) return "none";
  return Array.isArray(value) ? `[${value.map(String).join(", ")}]` : String(value);
}

function artifactText({ path, from, to }: DiffAnswer["artifacts"][number]): string {
  if (from === null) return `${path} new (${formatBytes(to?.size ?? 0)})`;
  if (to === null) return `${path} gone`;
  if (from.sha256 === to.sha256) return `${path} same`;
  const [before, after] = [formatBytes(from.size), formatBytes(to.size)];
  return `${path} changed (${before === after ? after : `${before} → ${after}`})`;
}
