import type { EvaluationContext } from "./measured.ts";
import type { Metrics, Slices } from "./metric.ts";

/** One set of numbers about a version: its manifest's, or an evaluation's made later. */
export interface Measurement {
  readonly kind: "offline" | "live";
  /** `manifest`, or the path of the evaluation on its branch. */
  readonly from: string;
  /** ISO 8601: when it was registered or measured; null when not known. */
  readonly at: string | null;
  /** Name of who registered or committed it; null when not known. */
  readonly by: string | null;
  readonly evaluation: EvaluationContext | null;
  readonly metrics: Metrics;
  readonly slices: Slices;
}
