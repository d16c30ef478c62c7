import type { EvaluationContext } from "./measured.ts";

/** Whether two measurements may be compared. `reason`: why not, or, when they may, a warning; null: nothing to say. */
export interface Comparability {
  readonly comparable: boolean;
  readonly reason: string | null;
}

export interface ComparabilityRules {
  /** The policy's `evaluation.required`: numbers that do not say what they were measured on are never comparable. */
  readonly evaluationRequired: boolean;
}

/**
 * Compares what two measurements were made on (DESIGN "Which numbers", DETAILS 19). A side says something when it has
 * `dataset.sha256`: both must then have the same one and, where both have it, the same `code`. When neither says
 * anything they are compared with a warning.
 */
export function compareContexts(
  candidate: EvaluationContext | null,
  champion: EvaluationContext | null,
  { evaluationRequired }: ComparabilityRules,
): Comparability {
  const ours = candidate?.dataset?.sha256;
  const theirs = champion?.dataset?.sha256;
  if (ours === undefined && theirs === undefined) {
    return evaluationRequired
      ? incomparable("neither side says which data set it was evaluated on, and the policy requires it")
      : { comparable: true, reason: "neither side says which data set it was evaluated on" };
  }
  if (theirs === undefined) return incomparable("the champion does not say which data set it was evaluated on");
  if (ours === undefined) return incomparable("the candidate does not say which data set it was evaluated on");
  if (ours !== theirs) return incomparable("evaluated on another data set");
  if (candidate?.code !== undefined && champion?.code !== undefined && candidate.code !== champion.code) {
    return incomparable("evaluated by other code");
  }
  return { comparable: true, reason: null };
}

function incomparable(reason: string): Comparability {
  return { comparable: false, reason };
}
