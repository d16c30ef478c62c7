import type { FetchAnswer, PushAnswer } from "../../operations/answers.ts";
import { faint, type Line, type View } from "../text/span.ts";
import { DONE, FAILED, findingLines, short } from "./parts.ts";

const SHOWN = 30;

/** What the remote had that was new. */
export function fetchView({ remote, updated, findings }: FetchAnswer, view: View): readonly Line[] {
  const lines = updated.map(
    ({ ref, from, to }): Line => [DONE, ` ${shortRef(ref)}`, faint(`   ${moveText(from, to)}`)],
  );
  const rest = view.isTerminal && lines.length > SHOWN ? lines.length - SHOWN : 0;
  return [
    ...(rest > 0 ? [...lines.slice(0, SHOWN), [faint(`… and ${rest} more`)]] : lines),
    ...findingLines(findings),
    [updated.length === 0 ? `${remote} has nothing new.` : `Fetched from ${remote}.`],
  ];
}

function moveText(from: string | null, to: string | null): string {
  if (to === null) return "gone";
  return from === null ? "new" : `${short(from)} → ${short(to)}`;
}

function shortRef(ref: string): string {
  return ref.replace(/^refs\/(?:tags|heads|remotes\/[^/]+)\//, "");
}

/** What was published, and what the remote would not take. */
export function pushView({ remote, pushed, adopted, rejected }: PushAnswer): readonly Line[] {
  const quiet = pushed.length + rejected.length === 0;
  return [
    ...pushed.map((name): Line => [DONE, ` ${shortRef(name)}`]),
    ...adopted.map((name): Line => [DONE, ` ${shortRef(name)}`, faint("   was there already")]),
    ...rejected.map(({ tag, code }): Line => [FAILED, ` ${shortRef(tag)} was not taken `, faint(`[${code}]`)]),
    [quiet ? `${remote} has everything.` : `Pushed to ${remote}.`],
  ];
}
