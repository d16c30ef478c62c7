import { formatChange, formatMetric, formatPercent } from "../../documents/format-number.ts";
import { ruleText } from "../../documents/report-rows.ts";
import type { Finding } from "../../domain/finding.ts";
import { directionOf } from "../../domain/metric/direction.ts";
import { relativeChange } from "../../domain/metric/metric-diff.ts";
import type { GateRow, Verdict } from "../../domain/policy/gate.ts";
import { type GateEntrySummary, summarizeGates } from "../../domain/policy/gate-summary.ts";
import type { Need } from "../../domain/promotion/need.ts";
import { bad, faint, type Line, type Span, type View, warn } from "../text/span.ts";
import { alignedRows, type Column } from "../text/table.ts";
import { formatDuration, formatLimit, formatTime } from "../text/time.ts";
import { DONE, FAILED, findingLines, WAITS, WARNS } from "./parts.ts";

interface Judged {
  readonly gates: readonly GateRow[];
  readonly needs: readonly Need[];
  readonly findings: readonly Finding[];
}

const COLUMNS: readonly Column[] = [
  { title: "", empty: " " },
  { title: "", shrinks: true, empty: "" },
  { title: "", align: "right", empty: "" },
  { title: "", empty: "" },
  { title: "", empty: "" },
  { title: "", empty: "" },
];

/** What the rules say, a line each: findings, needs, gates. Every glyph has its word unless all is well. */
export function judgementLines({ gates, needs, findings }: Judged, view: View): readonly Line[] {
  const rows = [...needs.flatMap((need) => needRow(need, needs, view)), ...gateRows(gates)];
  const wide = view.isTerminal ? view.columns : 1000;
  return [
    ...findingLines(findings, "  "),
    ...alignedRows(COLUMNS, rows, { available: wide, indent: 2 }),
    ...hintLines(gates),
  ];
}

/** A soak says since when and how long: `from` on the same stage adds nothing to it. */
function needRow(need: Need, all: readonly Need[], view: View): readonly (readonly Span[])[] {
  const { rule, stage, verdict, since, until, limit } = need;
  const soaks = all.some((one) => one.rule === "soak" && one.stage === stage);
  if (rule === "from") {
    if (verdict !== "pass") return [[FAILED, `${stage} does not hold it`, "", "", "", bad("needed")]];
    return soaks ? [] : [[DONE, `${stage} holds it`]];
  }
  if (since === null) return [];
  const held = `held in ${stage} for ${formatDuration(view.now - Date.parse(since))}`;
  const needs = limit === null ? "" : `needs ${formatLimit(limit)}`;
  if (verdict === "pass") return [[DONE, held, "", "", needs]];
  return [[WAITS, held, "", "", needs, warn(until === null ? "waits" : `waits: done ${formatTime(until, view)}`)]];
}

function gateRows(gates: readonly GateRow[]): readonly (readonly Span[])[] {
  return summarizeGates(gates).entries.map((entry) => {
    const { metric, slice, rows } = entry;
    const observed = rows.find((row) => row.observed !== null)?.observed ?? null;
    return [
      glyphOf(entry),
      slice === null ? metric : `${metric} on ${slice}`,
      observed === null ? faint("—") : formatMetric(observed, null),
      faint(changeText(rows)),
      rows.map((row) => ruleText(row, directionOf(metric, {}))).join(" · "),
      standing(entry),
    ];
  });
}

function changeText(rows: readonly GateRow[]): string {
  const row = rows.find(({ observed, champion }) => observed !== null && champion !== null);
  if (!row?.observed || !row.champion) return "";
  const change = row.observed.minus(row.champion);
  if (change.isZero) return "(same)";
  const relative = relativeChange(change, row.champion);
  const percent = relative === null || Math.abs(relative) < 0.02 ? "" : `, ${formatPercent(relative)}`;
  return `(${formatChange(change, null)}${percent})`;
}

const WORDS: Readonly<Record<Verdict, string>> = {
  pass: "",
  fail: "fails",
  missing: "missing",
  incomparable: "not comparable",
  pending: "waits",
};

function standing({ verdict, severity, rows }: GateEntrySummary): Span {
  const reasons = new Set(rows.flatMap(({ reason }) => (reason === null ? [] : [reason])));
  const warning = severity === "warn" && verdict !== "pass" ? ["a warning only"] : [];
  const text = [WORDS[verdict], ...reasons, ...warning].filter((part) => part !== "").join("; ");
  if (verdict === "pass") return faint(text);
  return severity === "warn" ? warn(text) : bad(text);
}

function glyphOf({ verdict, severity }: GateEntrySummary): Span {
  if (verdict === "pass") return DONE;
  if (severity === "warn") return WARNS;
  return verdict === "pending" ? WAITS : FAILED;
}

function hintLines(gates: readonly GateRow[]): readonly Line[] {
  const hints = new Set(gates.flatMap(({ verdict, hint }) => (verdict === "pass" || hint === null ? [] : [hint])));
  return [...hints].map((hint) => ["  ", faint("hint: "), hint]);
}
