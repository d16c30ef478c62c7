import { formatChange, formatMetric, formatPercent } from "../../documents/format-number.ts";
import { ruleText } from "../../documents/report-rows.ts";
import type { Finding } from "../../domain/finding.ts";
import { directionOf } from "../../domain/metric/direction.ts";
import { relativeChange } from "../../domain/metric/metric-diff.ts";
import type { GateRow, Verdict } from "../../domain/policy/gate.ts";
import { type GateEntrySummary, summarizeGates } from "../../domain/policy/gate-summary.ts";
import type { Need } from "../../domain/promotion/need.ts";
import { bad, faint, type Line, type Span, type View, warn } from "../text/span.ts";
import { alignedRows, type Column, naturalWidth } from "../text/table.ts";
import { formatDuration, formatLimit, formatTime } from "../text/time.ts";
import { DONE, FAILED, findingLines, WAITS, WARNS } from "./parts.ts";

interface Judged {
  readonly gates: readonly GateRow[];
  readonly needs: readonly Need[];
  readonly findings: readonly Finding[];
}

const COLUMNS: readonly Column[] = [
  { title: "", empty: " " },
  { title: "", shrinks: true, least: 28, empty: "" },
  { title: "", align: "right", empty: "" },
  { title: "", empty: "" },
  { title: "", empty: "" },
  { title: "", empty: "" },
];

/** Wide enough for every row: piped lines are not narrowed. */
const UNLIMITED = 10_000;

/**
 * What the rules say, a line each: findings, needs, gates; then why, and what would change it. Every glyph has its
 * word unless all is well. `applies` false: needs and gates are information (a rollback, a demote).
 */
export function judgementLines(judged: Judged, view: View, applies = true): readonly Line[] {
  const { gates, needs, findings } = judged;
  const available = view.isTerminal ? view.columns : UNLIMITED;
  return [
    ...findingLines(findings, "  "),
    ...(applies || gates.length + needs.length === 0
      ? []
      : [["  ", faint("needs and gates are not applied, only shown:")]]),
    ...needs.flatMap((need) => needLines(need, { needs, applies, view })),
    ...alignedRows(COLUMNS, fittingRows(gates, available - 2), { available, indent: 2 }),
    ...reasonLines(gates),
    ...hintLines(gates),
  ];
}

/** A soak says since when and how long: `from` on the same stage adds nothing to it. */
function needLines(
  need: Need,
  { needs, applies, view }: { readonly needs: readonly Need[]; readonly applies: boolean; readonly view: View },
): readonly Line[] {
  const { rule, stage, verdict, since, until, limit } = need;
  if (rule === "from") {
    const soaks = needs.some((one) => one.rule === "soak" && one.stage === stage);
    if (verdict === "pass") return soaks ? [] : [["  ", DONE, `  ${stage} holds it`]];
    return [["  ", applies ? FAILED : WARNS, `  ${stage} does not hold it`, applies ? bad("  needed") : ""]];
  }
  if (since === null) return [];
  const held = `  held in ${stage} for ${formatDuration(view.now - Date.parse(since))}`;
  const asked = limit === null ? "" : faint(`   needs ${formatLimit(limit)}`);
  if (verdict === "pass") return [["  ", DONE, held, asked]];
  return [["  ", WAITS, held, asked, warn(until === null ? "   waits" : `   waits: done ${formatTime(until, view)}`)]];
}

/** On a narrow terminal the percentages go first. */
function fittingRows(gates: readonly GateRow[], available: number): readonly (readonly Span[])[] {
  const rows = gateRows(gates, true);
  return naturalWidth(COLUMNS, rows) <= available ? rows : gateRows(gates, false);
}

function gateRows(gates: readonly GateRow[], withPercent: boolean): readonly (readonly Span[])[] {
  return summarizeGates(gates).entries.map((entry) => {
    const { metric, slice, rows } = entry;
    const observed = rows.find((row) => row.observed !== null)?.observed ?? null;
    return [
      glyphOf(entry),
      slice === null ? metric : `${metric} on ${slice}`,
      observed === null ? faint("—") : formatMetric(observed, null),
      faint(changeText(rows, withPercent)),
      rows.map((row) => ruleText(row, directionOf(metric, {}))).join(" · "),
      standing(entry),
    ];
  });
}

function changeText(rows: readonly GateRow[], withPercent: boolean): string {
  const row = rows.find(({ observed, champion }) => observed !== null && champion !== null);
  if (!row?.observed || !row.champion || row.verdict === "incomparable") return "";
  const change = row.observed.minus(row.champion);
  if (change.isZero) return "(same)";
  const relative = relativeChange(change, row.champion);
  const percent = !withPercent || relative === null || Math.abs(relative) < 0.02 ? "" : `, ${formatPercent(relative)}`;
  return `(${formatChange(change, null)}${percent})`;
}

const WORDS: Readonly<Record<Verdict, string>> = {
  pass: "",
  fail: "fails",
  missing: "missing",
  incomparable: "not comparable",
  pending: "waits",
};

function standing({ verdict, severity }: GateEntrySummary): Span {
  if (verdict === "pass") return "";
  if (severity === "warn") return warn(verdict === "fail" ? "warns" : `${WORDS[verdict]}, warns`);
  return bad(WORDS[verdict]);
}

function glyphOf({ verdict, severity }: GateEntrySummary): Span {
  if (verdict === "pass") return DONE;
  if (severity === "warn") return WARNS;
  return verdict === "pending" ? WAITS : FAILED;
}

/** `no champion: f1, score` */
function reasonLines(gates: readonly GateRow[]): readonly Line[] {
  const metrics = new Map<string, Set<string>>();
  for (const { reason, metric, slice } of gates) {
    if (reason === null) continue;
    const names = metrics.get(reason) ?? new Set();
    metrics.set(reason, names.add(slice === null ? metric : `${metric} on ${slice}`));
  }
  return [...metrics].map(([reason, names]) => ["  ", faint(`${reason}: ${[...names].join(", ")}`)]);
}

function hintLines(gates: readonly GateRow[]): readonly Line[] {
  const hints = new Set(gates.flatMap(({ verdict, hint }) => (verdict === "pass" || hint === null ? [] : [hint])));
  return [...hints].map((hint) => ["  ", faint("hint: "), hint]);
}
