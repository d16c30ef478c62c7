import type { ListAnswer } from "../../operations/answers.ts";
import { bad, faint, type Line, type Span, strong, type View } from "../text/span.ts";
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

/** Says how old the news is where that is more than a day. */
export function staleNote(fetchedAt: string | null, view: View): readonly Line[] {
  if (fetchedAt === null || !view.isTerminal || view.now - Date.parse(fetchedAt) < DAY) return [];
  return [[faint(`fetched ${formatTime(fetchedAt, view)}; --fetch asks the remote`)]];
}
