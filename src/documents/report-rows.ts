import type { Decimal } from "../domain/metric/decimal.ts";
import type { Direction } from "../domain/metric/direction.ts";
import { SCORE_KEY } from "../domain/metric/metric.ts";
import { type ChangeVerdict, diffMetrics, type MetricChange } from "../domain/metric/metric-diff.ts";
import type { GateRow, Verdict } from "../domain/policy/gate.ts";
import { formatChange, formatMetric, formatPercent } from "./format-number.ts";
import { cell, codeSpan, prose } from "./markdown.ts";

/** One line of a report's table: a metric, on the whole or a slice, with everything that gates say of it. */
export interface ReportRow {
  readonly metric: string;
  readonly slice: string | null;
  readonly from: Decimal | null;
  readonly to: Decimal | null;
  readonly change: MetricChange | null;
  readonly gates: readonly GateRow[];
}

/** How a row stands, in the order in which rows are shown. */
export type RowStanding = "failing" | "pending" | "warning" | "worse" | "better" | "held" | "rest";

const ORDER: readonly RowStanding[] = ["failing", "pending", "warning", "worse", "better", "held", "rest"];

/** A row per metric and slice, failing ones first, then what got worse, what got better, the rest (UX section 2). */
export function reportRows(changes: readonly MetricChange[], gates: readonly GateRow[]): readonly ReportRow[] {
  const rows = new Map<string, ReportRow>();
  for (const change of changes) {
    const { name, slice, from, to } = change;
    rows.set(keyOf(name, slice), { metric: name, slice, from, to, change, gates: [] });
  }
  for (const gate of gates) {
    const key = keyOf(gate.metric, gate.slice);
    const row = rows.get(key) ?? emptyRow(gate);
    rows.set(key, withGate(row, gate));
  }
  const standing = new Map([...rows.values()].map((row) => [row, ORDER.indexOf(standingOf(row))]));
  return [...rows.values()].sort((a, b) => (standing.get(a) ?? 0) - (standing.get(b) ?? 0));
}

export function standingOf({ gates, change }: ReportRow): RowStanding {
  const open = gates.filter(({ verdict }) => verdict !== "pass");
  const blocking = open.filter(({ severity }) => severity === "block");
  if (blocking.some(({ verdict }) => verdict !== "pending")) return "failing";
  if (blocking.length > 0) return "pending";
  if (open.length > 0) return "warning";
  if (change?.verdict === "worse" || change?.verdict === "removed") return "worse";
  if (change?.verdict === "better") return "better";
  return gates.length > 0 ? "held" : "rest";
}

/** The cells of a row: glyph, metric, before, after, change, gates. */
export function rowCells(row: ReportRow): readonly string[] {
  const unit = unitText(row);
  const after = row.to === null ? "" : formatMetric(row.to, unit);
  return [
    glyphOf(row),
    metricCell(row),
    row.from === null ? "" : formatMetric(row.from, unit),
    after === "" || !isJudged(row) ? after : `**${after}**`,
    changeCell(row.change),
    gatesCell(row),
  ].map(cell);
}

/** The metric's unit, ready for Markdown. */
export function unitText({ change }: ReportRow): string | null {
  const unit = change?.unit ?? null;
  return unit === null ? null : prose(unit);
}

function metricCell({ metric, slice, change }: ReportRow): string {
  const name = `${codeSpan(metric)}${arrowOf(change?.better ?? null)}`;
  return slice === null ? name : `${name} on ${codeSpan(slice)}`;
}

function changeCell(change: MetricChange | null): string {
  if (change === null) return "";
  const words = CHANGE_WORDS[change.verdict];
  if (change.change === null || change.change.isZero) return words;
  const relative =
    change.relative === null || Math.abs(change.relative) < 0.02 ? "" : ` (${formatPercent(change.relative)})`;
  const amount = formatChange(change.change, change.unit === null ? null : prose(change.unit));
  return `${amount}${relative}${words === "" ? "" : ` ${words}`}`;
}

/** What a gate allows, in words: `at least 0.90`, `may rise 10 %`. */
export function ruleText({ rule, limit }: Pick<GateRow, "rule" | "limit">, better: Direction | null): string {
  if (rule === "min") return `at least ${limit}`;
  if (rule === "max") return `at most ${limit}`;
  const way = WORSENING[better ?? "unknown"];
  if (/^0+(?:\.0+)?%?$/.test(limit)) return `may not ${way}`;
  return `may ${way} ${limit.replace(/\s*%$/, " %")}`;
}

const WORSENING = { higher: "drop", lower: "rise", unknown: "worsen" } as const;

const CHANGE_WORDS: Readonly<Record<ChangeVerdict, string>> = {
  better: "better",
  worse: "worse",
  same: "same",
  changed: "",
  added: "new",
  removed: "gone",
  incomparable: "not comparable",
};

const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  pass: "",
  fail: "",
  missing: "missing",
  incomparable: "not comparable",
  pending: "waits",
};

function gatesCell(row: ReportRow): string {
  return row.gates.map((gate) => gateText(gate, row)).join(" · ");
}

function gateText(gate: GateRow, row: ReportRow): string {
  const notes = [
    VERDICT_WORDS[gate.verdict],
    gate.reason === null ? "" : prose(gate.reason),
    otherNumbers(gate, row),
    gate.severity === "warn" && gate.verdict !== "pass" ? "a warning only" : "",
  ].filter((note) => note !== "");
  const text = prose(ruleText(gate, row.change?.better ?? null));
  return notes.length === 0 ? text : `${text} (${notes.join("; ")})`;
}

/** A gate may rest on an evaluation, not on the manifests' numbers that the row shows. */
function otherNumbers({ observed, champion }: GateRow, { from, to }: ReportRow): string {
  const ours = observed !== null && (to === null || observed.compare(to) !== 0);
  const theirs = champion !== null && (from === null || champion.compare(from) !== 0);
  if (!ours && !theirs) return "";
  const against = champion === null ? "" : ` against ${champion.text}`;
  return `measured ${observed?.text ?? "nothing"}${against}`;
}

function glyphOf(row: ReportRow): string {
  const standing = standingOf(row);
  if (standing === "failing") return "❌";
  if (standing === "pending") return "⏳";
  if (standing === "warning") return "⚠️";
  return isJudged(row) ? "✅" : "▫️";
}

function isJudged({ gates }: ReportRow): boolean {
  return gates.length > 0;
}

function arrowOf(better: Direction | null): string {
  if (better === null) return "";
  return better === "higher" ? " ↑" : " ↓";
}

function emptyRow(gate: GateRow): ReportRow {
  const { metric, slice, champion, observed } = gate;
  return { metric, slice, from: champion, to: observed, change: scoreChange(gate), gates: [] };
}

/** The score stands in no manifest, so its change is between the numbers that the gate compared. */
function scoreChange({ metric, slice, champion, observed, verdict }: GateRow): MetricChange | null {
  if (metric !== SCORE_KEY || slice !== null || champion === null || observed === null) return null;
  const comparable = verdict !== "incomparable";
  const numbers = (score: Decimal) => ({ metrics: { [metric]: score }, slices: {} });
  const [change] = diffMetrics(numbers(champion), numbers(observed), { declared: {}, comparable });
  return change ?? null;
}

function withGate(row: ReportRow, gate: GateRow): ReportRow {
  const from = row.change === null ? (row.from ?? gate.champion) : row.from;
  return { ...row, from, gates: [...row.gates, gate] };
}

function keyOf(metric: string, slice: string | null): string {
  return JSON.stringify([metric, slice]);
}
