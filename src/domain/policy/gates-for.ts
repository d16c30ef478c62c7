import { matchesModel } from "./glob.ts";
import { type GateEntry, type Policy, stagePolicy } from "./policy.ts";
import type { StageName } from "./stage.ts";

/** What decides which gates apply: the candidate's name, task and labels. */
export interface GateSubject {
  readonly model: string;
  readonly task: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** A gate of the policy that applies, with its place: `registry.yaml#/stages/production/gates/1`. */
export interface AppliedGate {
  readonly gate: GateEntry;
  readonly source: string;
}

/** The gates of a stage that apply to a version, the stage's own first, then those of `models`, in the file's order. */
export function gatesFor(policy: Policy, stage: StageName, subject: GateSubject): readonly AppliedGate[] {
  const own = located(stagePolicy(policy, stage)?.gates ?? [], ["stages", stage, "gates"]);
  const added = Object.entries(policy.models)
    .filter(([glob]) => matchesModel(glob, subject.model))
    .flatMap(([glob, { stages }]) => {
      const gates = Object.hasOwn(stages, stage) ? (stages[stage]?.gates ?? []) : [];
      return located(gates, ["models", glob, "stages", stage, "gates"]);
    });
  return [...own, ...added].filter(({ gate }) => applies(gate, subject));
}

function located(gates: readonly GateEntry[], path: readonly string[]): readonly AppliedGate[] {
  return gates.map((gate, index) => ({ gate, source: `registry.yaml#${jsonPointer([...path, String(index)])}` }));
}

/** `for`: everything it names must hold. */
function applies({ for: condition }: GateEntry, { model, task, labels }: GateSubject): boolean {
  if (condition === undefined) return true;
  if (condition.model !== undefined && !matchesModel(condition.model, model)) return false;
  if (condition.task !== undefined && (task === null || !condition.task.includes(task))) return false;
  return condition.label === undefined || hasLabel(labels, condition.label);
}

/** True iff the labels hold `key=value`. */
export function hasLabel(labels: Readonly<Record<string, string>>, label: string): boolean {
  const mark = label.indexOf("=");
  const key = label.slice(0, mark);
  return mark > 0 && Object.hasOwn(labels, key) && labels[key] === label.slice(mark + 1);
}

/** A JSON pointer (RFC 6901): `~` and `/` of a segment are written `~0` and `~1`. */
function jsonPointer(path: readonly string[]): string {
  return path.map((segment) => `/${segment.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
