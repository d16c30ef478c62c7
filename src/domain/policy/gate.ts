import type { Decimal } from "../metric/decimal.ts";

/** What a gate or a need says. `pending`: only time is lacking. Everything but `pass` blocks. */
export type Verdict = "pass" | "fail" | "missing" | "incomparable" | "pending";

/** One judged rule: a policy entry gives a row per rule and slice (DETAILS 17). */
export interface GateRow {
  readonly rule: "min" | "max" | "maxRegression";
  readonly metric: string;
  /** The slice's key, or null for the whole. A slice glob that matched nothing stands here itself. */
  readonly slice: string | null;
  readonly verdict: Verdict;
  readonly severity: "block" | "warn";
  /** The candidate's number. */
  readonly observed: Decimal | null;
  /** The champion's number; null where there is none or the rule needs none. */
  readonly champion: Decimal | null;
  /** The policy's text: `0.90`, `10%`. */
  readonly limit: string;
  /** Where the candidate's number comes from. */
  readonly measured: { readonly from: string; readonly at: string | null; readonly by: string | null } | null;
  /** `registry.yaml#/stages/production/gates/1` */
  readonly source: string;
  /** Why, for people: `no champion`, `evaluated on another data set`, …; null when the numbers say it all. */
  readonly reason: string | null;
  /** What would change the verdict, a command where possible. */
  readonly hint: string | null;
}

/** True iff the row keeps a promotion from passing. */
export function blocks(row: Pick<GateRow, "verdict" | "severity">): boolean {
  return row.verdict !== "pass" && row.severity === "block";
}
