import type { GateRow, Verdict } from "./gate.ts";

/** A gate as prose counts it: one policy entry on one metric and slice (DETAILS 17). */
export interface GateEntrySummary {
  readonly source: string;
  readonly metric: string;
  readonly slice: string | null;
  readonly severity: "block" | "warn";
  /** `pass` when all of its rows pass, else the first other verdict, `pending` only when nothing is worse. */
  readonly verdict: Verdict;
  readonly rows: readonly GateRow[];
}

/** All gates of a judgement, counted. */
export interface GateSummary {
  /** In the order of the rows. */
  readonly entries: readonly GateEntrySummary[];
  /** How many of them block when they do not pass; `warn` entries are not counted. */
  readonly total: number;
  /** Counted entries that fail, are missing or incomparable. */
  readonly failing: readonly GateEntrySummary[];
  /** Entries of severity `warn` that do not pass. */
  readonly warnings: readonly GateEntrySummary[];
  /** One line of at most 140 characters: `1 of 3 gates fails: latency_p95_ms`. */
  readonly text: string;
}

/** What a commit status text may hold. */
export const STATUS_LIMIT = 140;

export function summarizeGates(rows: readonly GateRow[]): GateSummary {
  const entries = groupRows(rows);
  const counted = entries.filter(({ severity }) => severity === "block");
  const failing = counted.filter(({ verdict }) => verdict !== "pass" && verdict !== "pending");
  return {
    entries,
    total: counted.length,
    failing,
    warnings: entries.filter(({ severity, verdict }) => severity === "warn" && verdict !== "pass"),
    text: textOf(counted, failing),
  };
}

function groupRows(rows: readonly GateRow[]): readonly GateEntrySummary[] {
  const groups = new Map<string, GateRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.source, row.metric, row.slice]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { source, metric, slice, severity } = first;
    return [{ source, metric, slice, severity, verdict: worstOf(group), rows: group }];
  });
}

function worstOf(rows: readonly GateRow[]): Verdict {
  const open = rows.map(({ verdict }) => verdict).filter((verdict) => verdict !== "pass");
  return open.find((verdict) => verdict !== "pending") ?? open[0] ?? "pass";
}

function textOf(counted: readonly GateEntrySummary[], failing: readonly GateEntrySummary[]): string {
  const total = counted.length;
  if (total === 0) return "no gates";
  if (failing.length > 0) {
    const verb = failing.length === 1 ? "fails" : "fail";
    return listWithin(`${failing.length} of ${count(total)} ${verb}: `, failing.map(nameOf));
  }
  const waiting = counted.filter(({ verdict }) => verdict === "pending").length;
  if (waiting > 0) return `${waiting} of ${count(total)} ${waiting === 1 ? "waits" : "wait"}`;
  return total === 1 ? "the gate passes" : `all ${total} gates pass`;
}

function count(total: number): string {
  return total === 1 ? "1 gate" : `${total} gates`;
}

function nameOf({ metric, slice }: GateEntrySummary): string {
  return slice === null ? metric : `${metric} (${slice})`;
}

/** The names after the heading, as many as fit; the rest is counted. A first name that is too long is cut. */
function listWithin(heading: string, names: readonly string[]): string {
  const distinct = [...new Set(names)];
  for (let shown = distinct.length; shown > 0; shown--) {
    const rest = distinct.length - shown;
    const text = `${heading}${distinct.slice(0, shown).join(", ")}${rest === 0 ? "" : ` and ${rest} more`}`;
    if (text.length <= STATUS_LIMIT) return text;
  }
  return cut(`${heading}${distinct[0] ?? ""}`);
}

/** Cuts between characters, never inside one. */
function cut(text: string): string {
  const kept = text.slice(0, STATUS_LIMIT - 1).replace(/[\ud800-\udbff]$/, "");
  return `${kept}…`;
}
