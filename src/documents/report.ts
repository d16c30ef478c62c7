import type { VersionDiff } from "../domain/model/version-diff.ts";
import type { GateRow } from "../domain/policy/gate.ts";
import { summarizeGates } from "../domain/policy/gate-summary.ts";
import { asWarnings } from "../domain/promotion/judgement.ts";
import type { Need } from "../domain/promotion/need.ts";
import { formatMetric, formatPercent } from "./format-number.ts";
import { codeSpan, name, prose } from "./markdown.ts";
import type { DiffReportInput, DiffSide, ReviewReportInput } from "./report-input.ts";
import { type ReportRow, reportRows, ruleText, standingOf, unitText } from "./report-rows.ts";
import {
  artifactsSection,
  dataSection,
  details,
  fixedSection,
  joinWithin,
  metricsSection,
  paramsSection,
  type Section,
  slicesSection,
} from "./report-sections.ts";

/** A comment on a forge holds at most 65,536 characters; a report stays well below. */
export const REPORT_LIMIT = 60_000;
const LEAD_LIMIT = 5;

/**
 * The report of a judged change in Markdown (UX section 2): the sticky comment, the job summary and what
 * `review --markdown` prints, word for word. At most 60,000 characters; all untrusted text is inert.
 */
export function formatReviewReport(input: ReviewReportInput): string {
  const applied = input.change === "release" || input.change === null;
  const gates = applied ? input.gates : asWarnings(input.gates);
  const rows = reportRows(input.diff?.metrics ?? [], gates);
  const columns = {
    from: input.from === null ? "before" : `${name(input.from)} (${name(input.stage)})`,
    to: input.to === null ? "after" : name(input.to),
  };
  return joinWithin(
    [
      fixedSection([headline(input), ...leadLines(rows, applied)]),
      listSection(input.findings.map(findingLine)),
      listSection(input.needs.map((need) => needLine(need, applied))),
      listSection(noteLines(input.diff)),
      metricsSection(rows, columns),
      slicesSection(rows, columns),
      ...diffSections(input.diff, input.artifactsPresent),
      changelogSection(input),
      mergingSection(input),
      fixedSection([provenance(input)]),
    ].filter((section) => section !== null),
    REPORT_LIMIT,
  );
}

/** The report of a diff without gates, for pasting: what `diff --markdown` prints. */
export function formatDiffReport({ from, to, diff }: DiffReportInput): string {
  const rows = reportRows(diff.metrics, []);
  const columns = { from: from === null ? "before" : sideLabel(from), to: sideLabel(to) };
  const before = from === null ? "nothing" : sideLabel(from);
  const otherModel = from !== null && from.model !== to.model;
  const left = otherModel && from !== null ? `${name(from.model)} ${before}` : before;
  const title = otherModel
    ? `${left} → ${name(to.model)} ${sideLabel(to)}`
    : `${name(to.model)} ${left} → ${sideLabel(to)}`;
  return joinWithin(
    [
      fixedSection([`### ${title}`]),
      listSection(noteLines(diff)),
      metricsSection(rows, columns),
      slicesSection(rows, columns),
      ...diffSections(diff, null),
    ].filter((section) => section !== null),
    REPORT_LIMIT,
  );
}

/** One line of plain text for a commit status, at most 140 characters: `1 of 3 gates fails: latency_p95_ms`. */
export function formatStatusText(input: Pick<ReviewReportInput, "gates" | "needs" | "findings" | "change">): string {
  const text = conclusion(input);
  return text.length <= 140 ? text : `${text.slice(0, 139).replace(/[\ud800-\udbff]$/, "")}…`;
}

function sideLabel({ version, stage }: DiffSide): string {
  return stage === null ? name(version) : `${name(version)} (${name(stage)})`;
}

const GLYPHS = { accept: "✅", wait: "⏳", refuse: "❌" } as const;

function headline(input: ReviewReportInput): string {
  return `### ${GLYPHS[input.verdict]} ${movement(input)} · ${name(input.stage)} — ${prose(conclusion(input, true))}`;
}

function movement({ model, from, to, change }: ReviewReportInput): string {
  if (model === null) return "this change";
  if (to === null && change !== "demote") return `${name(model)} → not a version`;
  if (to === null) return `${name(model)} ${from === null ? "" : `${name(from)} `}→ nothing`;
  return from === null ? `${name(model)} ${name(to)}` : `${name(model)} ${name(from)} → ${name(to)}`;
}

/** The verdict in words; `short`: failing gates are not named. */
function conclusion(input: Pick<ReviewReportInput, "gates" | "needs" | "findings" | "change">, short = false): string {
  const { gates, needs, findings, change } = input;
  const errors = findings.filter(({ severity }) => severity === "error");
  const [first] = errors;
  const found = first === undefined ? [] : [errors.length === 1 ? first.code : `${errors.length} findings`];
  if (change === "rollback") return [...found, "rollback, gates not applied"].join(", ");
  if (change === "demote") return [...found, "the stage holds it no longer"].join(", ");
  const lacking = needs.filter(({ verdict }) => verdict === "fail").map(({ stage }) => `not in ${stage}`);
  const soaking = needs.filter(({ verdict }) => verdict === "pending").map(({ stage }) => `waits in ${stage}`);
  const text = summarizeGates(gates).text;
  const gateText = short ? text.replace(/: .*$/s, "") : text;
  return [...found, ...new Set(lacking), ...new Set(soaking), gateText].join(", ");
}

/** A sentence for each of the first failing rows: what it is, what was allowed. */
function leadLines(rows: readonly ReportRow[], applied: boolean): readonly string[] {
  if (!applied) return [];
  const failing = rows.filter((row) => standingOf(row) === "failing");
  const lines = failing.slice(0, LEAD_LIMIT).map(leadSentence);
  const more = failing.length - lines.length;
  return [...lines.flatMap((line) => [line, ""]), ...(more > 0 ? [`… and ${more} more`] : [])].slice(
    0,
    more > 0 ? undefined : -1,
  );
}

function leadSentence(row: ReportRow): string {
  const failing = row.gates.filter(({ verdict, severity }) => severity === "block" && verdict !== "pass");
  const subject = `${codeSpan(row.metric)}${row.slice === null ? "" : ` on ${codeSpan(row.slice)}`}`;
  const absent = failing.find(({ verdict }) => verdict === "missing" || verdict === "incomparable");
  if (absent !== undefined)
    return `${subject} ${absenceText(absent)}${absent.hint === null ? "." : hintText(absent.hint)}`;
  const observed = failing[0]?.observed ?? null;
  const value = observed === null ? "not known" : formatMetric(observed, unitText(row));
  return `${subject} is **${value}**: ${failing.map((gate) => complaint(gate, row)).join(", and ")}.`;
}

function absenceText({ verdict, reason }: GateRow): string {
  const words = verdict === "missing" ? "is missing" : "cannot be compared";
  return `${words}${reason === null ? "" : `: ${prose(reason)}`}`;
}

function complaint(gate: GateRow, row: ReportRow): string {
  const unit = unitText(row);
  if (gate.rule !== "maxRegression") {
    const limit = unit === null ? "" : ` ${unit}`;
    return `${prose(ruleText(gate, null))}${limit} allowed`;
  }
  const better = row.change?.better ?? null;
  const way = better === "lower" ? "rose" : "dropped";
  const { observed, champion } = gate;
  if (observed === null || champion === null) return prose(ruleText(gate, better));
  const moved = observed.minus(champion).text.replace(/^-/, "");
  const relative = row.change?.relative ?? null;
  const percent = gate.limit.endsWith("%") && relative !== null;
  const amount = percent ? formatPercent(relative).slice(1) : formatWith(moved, unit);
  return `it ${better === null ? "worsened by" : way} ${amount} (limit ${prose(gate.limit.replace(/\s*%$/, " %"))})`;
}

function formatWith(text: string, unit: string | null): string {
  return unit === null ? text : `${text} ${unit}`;
}

function findingLine({ severity, code, message, hint, file, line }: ReviewReportInput["findings"][number]): string {
  const place = file === null ? "" : ` ${codeSpan(line === null ? file : `${file}:${line}`)}:`;
  return `- ${severity === "error" ? "❌" : "⚠️"} ${codeSpan(code)}${place} ${prose(message)}${hintText(hint)}`;
}

/** A hint is a command or a sentence: commands are spans as a whole. */
function hintText(hint: string | null): string {
  if (hint === null) return "";
  return ` — ${hint.startsWith("git ") ? codeSpan(hint) : prose(hint)}`;
}

function needLine({ rule, stage, verdict, since, until, limit }: Need, applied: boolean): string {
  const glyph = { pass: "✅", pending: applied ? "⏳" : "⚠️", fail: applied ? "❌" : "⚠️" }[verdict];
  return `- ${glyph} ${prose(needText())}${applied || verdict === "pass" ? "" : " (not applied)"}`;

  function needText(): string {
    if (rule === "from")
      return verdict === "pass" ? `${stage} holds this version` : `${stage} does not hold this version`;
    if (since === null) return `${stage} does not hold this version, it has to for ${limit}`;
    const ends = verdict === "pending" && until !== null ? `, so until ${minute(until)}` : "";
    return `held in ${stage} since ${minute(since)}, needs ${limit}${ends}`;
  }
}

/** `2026-11-01 08:00 UTC` */
function minute(instant: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?Z$/.exec(instant);
  return match === null ? instant : `${match[1]} ${match[2]} UTC`;
}

function noteLines(diff: VersionDiff | null): readonly string[] {
  if (diff === null) return [];
  const notes = [
    ...(diff.comparable ? [] : [`the numbers cannot be compared${diff.reason === null ? "" : `: ${diff.reason}`}`]),
    ...(diff.comparable && diff.reason !== null ? [diff.reason] : []),
    ...(diff.signature.changed ? ["the signature changed: inputs or outputs differ"] : []),
  ];
  return notes.map((note) => `- ⚠️ ${prose(note)}`);
}

function listSection(lines: readonly string[]): Section | null {
  return lines.length === 0 ? null : { head: [], lines, foot: [] };
}

function diffSections(diff: VersionDiff | null, present: boolean | null): readonly (Section | null)[] {
  return diff === null ? [] : [paramsSection(diff), artifactsSection(diff, present), dataSection(diff)];
}

function changelogSection({ changelog, runUrl }: ReviewReportInput): Section | null {
  const lines = [
    ...changelog
      .flatMap((entry) => entry.split("\n").filter((line) => line.trim() !== ""))
      .map((line) => `- ${codeSpan(line)}`),
    ...(runUrl === null ? [] : [`- trained by ${codeSpan(runUrl)}`]),
  ];
  return lines.length === 0 ? null : details("What is new", { head: [], lines, foot: [] });
}

function mergingSection(input: ReviewReportInput): Section | null {
  const { model, stage, to, verdict, change } = input;
  if (model === null || (to === null && change !== "demote")) return null;
  const branch = codeSpan(`stage/${stage}`);
  const after =
    to === null ? `hold no version of ${codeSpan(model)}` : `hold exactly the tree of ${codeSpan(`${model}@v${to}`)}`;
  const lines = [
    `- Merging makes ${branch} ${after}, whichever merge button is used. The release tag follows.`,
    ...(verdict === "accept" ? [] : ["- It is not to be merged as it stands."]),
    `- ${undoText(input, model)}`,
  ];
  return details("What merging does, and how to undo it", fixedSection(lines));
}

function undoText({ stage, from, change }: ReviewReportInput, model: string): string {
  if (from === null || from === "unregistered") {
    return `To undo it: ${codeSpan(`git model demote ${model} --stage ${stage}`)}`;
  }
  const rollback = `git model rollback ${model} --stage ${stage}`;
  const command = change === "release" ? rollback : `git model promote ${model}@${from} --to ${stage}`;
  return `To undo it, back to ${name(from)}: ${codeSpan(command)}`;
}

function provenance({ headId, baseId, stage, policyId, policyBranch }: ReviewReportInput): string {
  const base = baseId === null ? "" : ` against stage/${name(stage)} ${baseId.slice(0, 7)}`;
  const policy = policyId === null ? "" : ` · policy at ${name(policyBranch ?? "HEAD")} ${policyId.slice(0, 7)}`;
  return `judged at ${headId === null ? "no commit yet" : headId.slice(0, 7)}${base}${policy}`;
}
