import type { DiscardAnswer, YankAnswer } from "../../operations/answers.ts";
import { faint, good, type Line, strong } from "../text/span.ts";

/** A yank: what it means from now on. */
export function yankView({ model, version, reason, created }: YankAnswer): readonly Line[] {
  const id = strong(`${model}@${version}`);
  if (!created) return [[id, ` is yanked already: ${reason}`]];
  return [
    [good("Yanked"), " ", id, `: ${reason}`],
    [faint("  ranges, latest and best pass over it; under its own number it stays readable")],
  ];
}

/** A discarded draft. */
export function discardView({ model, version, discarded }: DiscardAnswer): readonly Line[] {
  const id = strong(`${model}@${version}`);
  return discarded
    ? [[good("Discarded"), " the draft ", id, "."]]
    : [["The draft ", id, " changed meanwhile: nothing was discarded."]];
}
