import type { EventAnswer, EventKind, HistoryAnswer } from "../../operations/answers.ts";
import { bad, faint, good, type Line, type Span, type View, warn } from "../text/span.ts";
import { table } from "../text/table.ts";
import { formatTime } from "../text/time.ts";

/** One line an event, newest first. */
export function historyView(
  { events }: HistoryAnswer,
  view: View & { readonly limit: number | null },
): readonly Line[] {
  if (events.length === 0) return view.isTerminal ? [["Nothing has happened yet."]] : [];
  const columns = [{ title: "when" }, { title: "what" }, { title: "who", shrinks: true }, { title: "record" }];
  const rows = events.map((event) => [
    formatTime(event.at, view),
    eventSpan(event),
    event.actor.name,
    ...(view.isTerminal ? [] : [event.tag ?? ""]),
  ]);
  const more =
    view.isTerminal && events.length === view.limit ? [[faint(`the last ${events.length}; --all shows them all`)]] : [];
  return [...table(view.isTerminal ? columns.slice(0, 3) : columns, rows, { view }), ...more];
}

const TONES: Readonly<Record<EventKind, (text: string) => Span>> = {
  register: (text) => text,
  release: good,
  rollback: warn,
  demote: warn,
  yank: bad,
  evaluate: faint,
  unregistered: bad,
};

function eventSpan(event: EventAnswer): Span {
  return TONES[event.kind](eventText(event));
}

/** `released fraud 1.3.0 to production (was 1.2.9)` */
export function eventText({ kind, model, version, previous, stage }: EventAnswer): string {
  const id = version === null ? model : `${model} ${version}`;
  switch (kind) {
    case "register":
      return `registered ${id}`;
    case "release":
      return `released ${id} to ${stage}${previous === null ? "" : ` (was ${previous})`}`;
    case "rollback":
      return `rolled ${model} back to ${version} on ${stage}${previous === null ? "" : ` (was ${previous})`}`;
    case "demote":
      return `demoted ${id} from ${stage}`;
    case "yank":
      return `yanked ${id}`;
    case "evaluate":
      return `evaluated ${id}`;
    default:
      return `put an unregistered tree of ${model} on ${stage}`;
  }
}
