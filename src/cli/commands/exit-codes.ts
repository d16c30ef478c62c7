import { type Finding, hasErrors } from "../../domain/finding.ts";
import { type ErrorCode, exitCodeOf } from "../../errors.ts";
import type { PromotionAnswer } from "../../operations/answers.ts";

/** Exit code of a promotion, rollback, demote or merge (CLI.md "promote"): 1 where the answer is no. */
export function exitOfPromotion({ kind, passed, error }: PromotionAnswer): number {
  if (error !== undefined) return exitCodeOf(error.code);
  if (kind === "refused") return 1;
  return (kind === "pull-request" || kind === "branch") && !passed ? 1 : 0;
}

/** 1 iff an error is left. */
export function exitOfFindings(findings: readonly Finding[]): number {
  return hasErrors(findings) ? 1 : 0;
}

/** The highest of the codes that made the remote refuse something. */
export function exitOfRejections(rejected: readonly { readonly code: string }[]): number {
  return Math.max(0, ...rejected.map(({ code }) => exitCodeOf(code as ErrorCode)));
}
