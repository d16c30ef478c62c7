import type { Finding } from "./domain/finding.ts";

/** Codes of exit 1: the question was understood and the answer is no (CLI.md, "Exit codes"). */
const ANSWER_CODES = [
  "not-found",
  "version-exists",
  "version-in-use",
  "version-published",
  "stage-moved",
  "stage-unregistered",
] as const;

/** Codes of exit 2: wrong use, names, input files or policy. */
const USAGE_CODES = [
  "usage",
  "name-invalid",
  "version-invalid",
  "reference-invalid",
  "manifest-invalid",
  "metrics-invalid",
  "evaluation-invalid",
  "artifact-invalid",
  "policy-missing",
  "policy-invalid",
  "stage-unknown",
  "not-a-registry",
  "remote-ambiguous",
] as const;

/** Codes of exit 3: Git, LFS, forge, network, disk or integrity. */
const OUTSIDE_CODES = [
  "git-failed",
  "git-required",
  "repository-unsupported",
  "shallow-history",
  "lfs-failed",
  "lfs-missing",
  "digest-mismatch",
  "auth-failed",
  "forge-failed",
  "branch-protected",
  "push-rejected",
  "network",
  "disk",
] as const;

export type ErrorCode = (typeof ANSWER_CODES)[number] | (typeof USAGE_CODES)[number] | (typeof OUTSIDE_CODES)[number];

export interface ErrorDetails {
  /** A command or an action that mends it. */
  readonly hint?: string;
  /** True when the same call may succeed later. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** What was wrong in a document, all of it at once. */
  readonly findings?: readonly Finding[];
}

/**
 * The one error that operations throw: wrong use, a "no", or a failure of the world outside.
 * `code` is part of the contract (CLI.md, "Exit codes and error codes").
 */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly retryable: boolean;
  readonly findings: readonly Finding[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint ?? null;
    this.retryable = details.retryable ?? false;
    this.findings = details.findings ?? [];
  }
}

/** A broken promise of our own code: exit 70, "please report". */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** Throws an InvariantError unless the condition holds. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** The process exit code that belongs to an error code: 1, 2 or 3 (CLI.md). */
export function exitCodeOf(code: ErrorCode): 1 | 2 | 3 {
  if ((ANSWER_CODES as readonly string[]).includes(code)) return 1;
  return (USAGE_CODES as readonly string[]).includes(code) ? 2 : 3;
}
