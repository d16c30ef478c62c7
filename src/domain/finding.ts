/** Every code that a Finding can carry (CLI.md "JSON", DESIGN section 3, DETAILS 33). */
export type FindingCode =
  // documents
  | "syntax"
  | "unknown-key"
  | "missing-key"
  | "invalid-value"
  | "duplicate-key"
  | "too-large"
  // review of a change
  | "path-outside-models"
  | "several-models"
  | "nothing-changed"
  | "stage-moved"
  | "version-unregistered"
  | "tag-invalid"
  | "yanked"
  | "name-conflict"
  | "artifact-missing"
  | "unrelated-history"
  // what stopped one of several
  | "failed"
  // doctor and reconcile
  | "history-rewritten"
  | "release-forged"
  | "release-missing"
  | "stage-undeclared"
  | "stage-unpublished"
  | "stage-unregistered"
  | "yanked-in-use"
  | "policy-drift"
  | "policy-missing"
  | "tag-moved"
  | "tag-missing"
  | "artifact-corrupt"
  | "manifest-mismatch"
  | "manifest-invalid"
  | "policy-invalid"
  | "evaluation-invalid"
  | "ref-blocked"
  | "draft-collides"
  | "evaluation-foreign"
  // advice while registering
  | "name-similar"
  | "file-skipped"
  | "identity-invented"
  | "not-comparable"
  | "unverified"
  | "stale";

/** Something that is wrong with content, as data: all findings of a thing are returned at once. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: "error" | "warning";
  /** A sentence that names the thing. */
  readonly message: string;
  /** What mends it, where possible a command that can be pasted. */
  readonly hint: string | null;
  readonly file: string | null;
  /** 1-based; null when the finding has no place in a file. */
  readonly line: number | null;
  readonly column: number | null;
  /** Full ref name or version tag that the finding is about. */
  readonly ref: string | null;
}

/** A finding with every field, from the ones that matter; severity defaults to `error`. */
export function finding(
  code: FindingCode,
  message: string,
  rest: Partial<Omit<Finding, "code" | "message">> = {},
): Finding {
  return {
    code,
    severity: rest.severity ?? "error",
    message,
    hint: rest.hint ?? null,
    file: rest.file ?? null,
    line: rest.line ?? null,
    column: rest.column ?? null,
    ref: rest.ref ?? null,
  };
}

/** True iff one of the findings is an error. */
export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((one) => one.severity === "error");
}
