import type { Finding } from "../../domain/finding.ts";
import type { CheckAnswer, ReconcileAnswer } from "../../operations/answers.ts";
import { bad, good, type Line, type View, warn } from "../text/span.ts";
import { eventText } from "./history.ts";
import { count, DONE, findingLines } from "./parts.ts";

/** What was looked at, what is wrong, what was mended. */
export function checkView({ checked, findings, fixed }: CheckAnswer, view: View): readonly Line[] {
  const looked = [
    [checked.versions, "version"],
    [checked.stages, "stage"],
    [checked.releases, "release"],
    [checked.files, "file"],
  ] as const;
  const what = looked.filter(([number]) => number > 0).map(([number, noun]) => count(number, noun));
  return [
    ...findingLines(findings),
    ...fixed.map((text): Line => [DONE, ` ${text}`]),
    [`checked ${what.length === 0 ? "nothing" : what.join(", ")}: `, ...conclusion(findings)],
    ...fixHint(findings, view),
  ];
}

function conclusion(findings: readonly Finding[]): Line {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  if (findings.length === 0) return [good("all good")];
  const parts = [
    ...(errors === 0 ? [] : [bad(count(errors, "error"))]),
    ...(errors === 0 || warnings === 0 ? [] : [", "]),
    ...(warnings === 0 ? [] : [warn(count(warnings, "warning"))]),
  ];
  return parts;
}

function fixHint(findings: readonly Finding[], view: View): readonly Line[] {
  const heals = findings.some(({ code }) => code === "release-missing");
  return heals && view.isTerminal ? [["Next: git model reconcile"]] : [];
}

/** What `reconcile` made, re-judged and could not mend. */
export function reconcileView({ created, reviewed, findings }: ReconcileAnswer): readonly Line[] {
  const made = created.map(
    (event): Line => [DONE, ` recorded: ${eventText(event)}`, event.tag === null ? "" : ` (${event.tag})`],
  );
  const judged = reviewed.map(
    ({ number, verdict }): Line => [DONE, ` judged ${number === null ? "a request" : `#${number}`} again: ${verdict}`],
  );
  const quiet = created.length + reviewed.length + findings.length === 0;
  return [...made, ...judged, ...findingLines(findings), ...(quiet ? [["Everything is as it should be."]] : [])];
}
