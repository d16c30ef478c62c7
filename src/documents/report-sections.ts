import type { Decimal } from "../domain/metric/decimal.ts";
import type { VersionDiff } from "../domain/model/version-diff.ts";
import { formatBytes } from "./format-number.ts";
import { cell, codeSpan, htmlCode } from "./markdown.ts";
import { type ReportRow, rowCells, standingOf } from "./report-rows.ts";

/** A part of a report: lines that always stand, and lines that may be left out when the report grows too long. */
export interface Section {
  readonly head: readonly string[];
  readonly lines: readonly string[];
  readonly foot: readonly string[];
}

/** A part that is always whole. */
export function fixedSection(lines: readonly string[]): Section {
  return { head: lines, lines: [], foot: [] };
}

/** The main table: metrics on the whole, and the slices whose gates do not pass. */
export function metricsSection(
  rows: readonly ReportRow[],
  columns: { readonly from: string; readonly to: string },
): Section | null {
  const shown = rows.filter(({ slice, gates }) => slice === null || gates.some(({ verdict }) => verdict !== "pass"));
  return shown.length === 0 ? null : tableSection(shown, columns);
}

export function slicesSection(
  rows: readonly ReportRow[],
  columns: { readonly from: string; readonly to: string },
): Section | null {
  const slices = rows.filter(({ slice }) => slice !== null);
  if (slices.length === 0) return null;
  const worse = slices.filter(({ change }) => change?.verdict === "worse").length;
  const failing = slices.filter((row) => standingOf(row) === "failing").length;
  const counts = [`${slices.length} measured`, ...counted(failing, "failing"), ...counted(worse, "worse")];
  return details(`Slices: ${counts.join(", ")}`, tableSection(slices, columns));
}

function counted(count: number, word: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${word}`];
}

function tableSection(rows: readonly ReportRow[], columns: { readonly from: string; readonly to: string }): Section {
  const gates = rows.some((row) => row.gates.length > 0);
  const header = ["", "metric", columns.from, columns.to, "change", ...(gates ? ["gate"] : [])];
  const align = ["---", "---", "---:", "---:", "---", ...(gates ? ["---"] : [])];
  const lines = rows.map((row) => tableLine(rowCells(row).slice(0, header.length)));
  return { head: [tableLine(header.map(cell)), `|${align.join("|")}|`], lines, foot: [] };
}

export function paramsSection({ params }: VersionDiff): Section | null {
  if (params.length === 0) return null;
  const lines = params.map(({ name, from, to }) =>
    tableLine([codeSpan(name), paramCell(from), paramCell(to)].map(cell)),
  );
  return details(`Parameters: ${params.length} changed`, {
    head: ["| parameter | before | after |", "|---|---|---|"],
    lines,
    foot: [],
  });
}

function paramCell(value: VersionDiff["params"][number]["from"]): string {
  if (value === null) return "not set";
  return codeSpan(Array.isArray(value) ? value.map(String).join(", ") : String(value as string | boolean | Decimal));
}

type ArtifactChange = VersionDiff["artifacts"][number];

export function artifactsSection({ artifacts }: VersionDiff, present: boolean | null): Section | null {
  if (artifacts.length === 0) return null;
  const changed = artifacts.filter((one) => artifactChange(one) !== "same");
  const [only] = changed;
  const size = changed.reduce((sum, { to }) => sum + (to?.size ?? 0), 0);
  const what =
    changed.length === 1 && only !== undefined
      ? `${htmlCode(only.path)} ${artifactChange(only)}`
      : countOf(changed.length);
  const parts = [what, ...(size > 0 ? [formatBytes(size)] : []), ...presence(present)];
  return details(`Artifacts: ${parts.join(", ")}`, {
    head: ["| artifact | before | after | |", "|---|---:|---:|---|"],
    lines: artifacts.map(artifactLine),
    foot: [],
  });
}

function countOf(changed: number): string {
  return changed === 0 ? "all the same" : `${changed} changed`;
}

function presence(present: boolean | null): readonly string[] {
  if (present === null) return [];
  return [present ? "present in LFS" : "not all present in LFS"];
}

function artifactChange({ from, to }: ArtifactChange): "added" | "removed" | "changed" | "same" {
  if (from === null) return "added";
  if (to === null) return "removed";
  return from.sha256 === to.sha256 ? "same" : "changed";
}

function artifactLine(change: ArtifactChange): string {
  const sizes = [change.from, change.to].map((side) => (side === null ? "" : formatBytes(side.size)));
  return tableLine([codeSpan(change.path), ...sizes, artifactChange(change)].map(cell));
}

export function dataSection({ data }: VersionDiff): Section | null {
  const changed = data.filter(({ change }) => change !== "same");
  if (changed.length === 0) return null;
  return details(`Training data: ${changed.length} changed`, {
    head: [],
    lines: changed.map(({ name, change }) => `- ${codeSpan(name)} ${change}`),
    foot: [],
  });
}

/** A section that is folded away; the summary is HTML. */
export function details(summary: string, { head, lines, foot }: Section): Section {
  return {
    head: [`<details><summary>${summary}</summary>`, "", ...head],
    lines,
    foot: [...foot, "", "</details>"],
  };
}

/** Joins sections, an empty line between them, and leaves lines out where the text would grow over the limit. */
export function joinWithin(sections: readonly Section[], limit: number): string {
  const texts = sections.map(({ head, foot }) => [...head, ...foot]);
  const fixed = texts.flat().reduce((sum, line) => sum + line.length + 1, sections.length * 40);
  let left = limit - fixed;
  const parts = sections.map(({ head, lines, foot }) => {
    const kept: string[] = [];
    for (const line of lines) {
      if (line.length + 1 > left) break;
      left -= line.length + 1;
      kept.push(line);
    }
    const missing = lines.length - kept.length;
    const note = missing === 0 ? [] : ["", `… and ${missing} more`];
    return [...head, ...kept, ...note, ...foot].join("\n");
  });
  return `${parts.join("\n\n")}\n`;
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
