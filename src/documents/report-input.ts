import type { Finding } from "../domain/finding.ts";
import type { VersionDiff } from "../domain/model/version-diff.ts";
import type { GateRow } from "../domain/policy/gate.ts";
import type { ReviewVerdict } from "../domain/promotion/judgement.ts";
import type { Need } from "../domain/promotion/need.ts";
import type { Change } from "../domain/promotion/request-branch.ts";

/** What the report of a judged change is made from. Every text in it may be hostile. */
export interface ReviewReportInput {
  /** Null when the change is not of exactly one model. */
  readonly model: string | null;
  readonly stage: string;
  /** What the stage holds now, `unregistered` for a tree that no version has; null: nothing. */
  readonly from: string | null;
  /** Null for a demote. */
  readonly to: string | null;
  readonly change: Change | null;
  readonly verdict: ReviewVerdict;
  readonly gates: readonly GateRow[];
  readonly needs: readonly Need[];
  readonly findings: readonly Finding[];
  readonly diff: VersionDiff | null;
  readonly changelog: readonly string[];
  /** URL of the training run, from the manifest. */
  readonly runUrl: string | null;
  /** All artifacts are stored where they should be; null: not asked. */
  readonly artifactsPresent: boolean | null;
  readonly headId: string | null;
  readonly baseId: string | null;
  /** Blob id of registry.yaml, and the branch that it was read from. */
  readonly policyId: string | null;
  readonly policyBranch: string | null;
}

/** A side of a diff: a version, and the stage by which it was named. */
export interface DiffSide {
  readonly model: string;
  readonly version: string;
  readonly stage: string | null;
}

/** What the report of a diff is made from. */
export interface DiffReportInput {
  /** Null: there is nothing before. */
  readonly from: DiffSide | null;
  readonly to: DiffSide;
  readonly diff: VersionDiff;
}
