import type { Line, View } from "../text/span.ts";
import { paragraph } from "./parts.ts";

const FENCE = /^ {0,3}(?:```|~~~)/;
/** A line that is prose and nothing else: no heading, list, quote, table, rule, code or hard break. */
const PROSE = /^(?![#>|`~]|[-*+] |\d+[.)] |[-=*_]{3,}\s*$| {4}|\t)\S.*(?<! {2}|\\)$/;

/** A model card as it is, but for prose: its lines are joined and broken anew, as Markdown means them. */
export function cardLines(card: string, view: View): readonly Line[] {
  if (!view.isTerminal) return paragraph(card, view, "  ");
  return paragraph(joinProse(card.split(/\r\n|\n/)).join("\n"), view, "  ");
}

function joinProse(lines: readonly string[]): readonly string[] {
  const joined: string[] = [];
  let fenced = false;
  let open = false;
  for (const line of lines) {
    const isFence = FENCE.test(line);
    const isProse = !fenced && !isFence && PROSE.test(line);
    if (isProse && open) joined.push(`${joined.pop() ?? ""} ${line}`);
    else joined.push(line);
    if (isFence) fenced = !fenced;
    open = isProse;
  }
  return joined;
}
