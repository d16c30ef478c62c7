import type { Finding } from "../../domain/finding.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { Policy } from "../../domain/policy/policy.ts";

/** The policy as the default branch has it; never the working tree, never the change at hand. */
export interface LoadedPolicy {
  readonly policy: Policy;
  /** Blob id. */
  readonly id: ObjectId;
  /** Name of the default branch. */
  readonly branch: string;
}

export type PolicyState =
  | ({ readonly kind: "valid" } & LoadedPolicy)
  | { readonly kind: "missing"; readonly branch: string }
  | { readonly kind: "invalid"; readonly branch: string; readonly id: ObjectId; readonly findings: readonly Finding[] };
