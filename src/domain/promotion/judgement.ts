import { type Finding, hasErrors } from "../finding.ts";
import { blocks, type GateRow } from "../policy/gate.ts";
import type { Need } from "./need.ts";
import type { Change } from "./request-branch.ts";

/** What the rules say of a change of a stage. */
export interface Judgement {
  readonly gates: readonly GateRow[];
  readonly needs: readonly Need[];
  readonly findings: readonly Finding[];
}

/** `accept`: it may merge; `wait`: only time is lacking; `refuse`: something fails. */
export type ReviewVerdict = "accept" | "wait" | "refuse";

/**
 * The verdict on a change. Findings always count; needs and gates bind a release only: a rollback or a demote is
 * judged on invariants (DESIGN section 1, "Gates, exactly").
 */
export function verdictOf(change: Change | null, { gates, needs, findings }: Judgement): ReviewVerdict {
  if (hasErrors(findings)) return "refuse";
  if (change !== "release") return "accept";
  const open = [...needs.map(({ verdict }) => verdict), ...gates.filter(blocks).map(({ verdict }) => verdict)].filter(
    (verdict) => verdict !== "pass",
  );
  if (open.length === 0) return "accept";
  return open.every((verdict) => verdict === "pending") ? "wait" : "refuse";
}

/** The gate rows as a rollback shows them: warnings, none of which blocks. */
export function asWarnings(gates: readonly GateRow[]): readonly GateRow[] {
  return gates.map((gate) => ({ ...gate, severity: "warn" }));
}
