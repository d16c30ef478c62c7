import type { StageName } from "../policy/stage.ts";

/** What `from` and `soak` ask of the stages before (DETAILS 20). `from`: pass or fail; `soak`: pass or pending. */
export interface Need {
  readonly rule: "from" | "soak";
  readonly stage: StageName;
  readonly verdict: "pass" | "fail" | "pending";
  /** ISO 8601: since when that stage holds the version without a break; null when it does not. */
  readonly since: string | null;
  /** ISO 8601: when the soak ends; null for `from` and where the stage does not hold it. */
  readonly until: string | null;
  /** The policy's text of the soak, `24h`; null for `from`. */
  readonly limit: string | null;
}
