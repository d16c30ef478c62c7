import type { EvaluateAnswer } from "../../operations/answers.ts";
import { bad, faint, good, type Line, strong, type View } from "../text/span.ts";
import { judgementLines } from "./judgement.ts";

/** A recorded measurement, and what the gates of a stage say of it. */
export function evaluateView(answer: EvaluateAnswer, view: View & { readonly stage: string | null }): readonly Line[] {
  const { model, version, created, gates, passed, path } = answer;
  const id = strong(`${model}@${version}`);
  const head: Line = created
    ? [good("Recorded"), " a measurement of ", id, faint(`   ${path}`)]
    : ["This measurement of ", id, " is recorded already: nothing to do."];
  if (view.stage === null) return [head];
  const verdict: Line = passed
    ? [good("Passes"), ` the gates of ${view.stage}.`]
    : [bad("Does not pass"), ` the gates of ${view.stage}.`];
  return [
    head,
    ...judgementLines({ gates, needs: [], findings: [] }, view),
    gates.length === 0 ? [`No gate of ${view.stage} applies.`] : verdict,
  ];
}
