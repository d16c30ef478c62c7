import { SCORE_KEY } from "./metric.ts";

/** Which way a metric improves. */
export type Direction = "higher" | "lower";

const HIGHER =
  "accuracy balanced_accuracy precision recall f1 f1_score auc roc_auc pr_auc r2 map ndcg mrr bleu rouge iou dice specificity sensitivity";
const LOWER =
  "loss log_loss val_loss mae mse rmse mape wer cer perplexity brier ece latency latency_ms latency_p50_ms latency_p95_ms latency_p99_ms false_positive_rate false_negative_rate";

const USUAL: ReadonlyMap<string, Direction> = new Map([
  ...HIGHER.split(" ").map((name) => [name, "higher"] as const),
  ...LOWER.split(" ").map((name) => [name, "lower"] as const),
  [SCORE_KEY, "higher"],
]);

/** The direction that the policy declares, else the usual one of exactly this name (DETAILS 43), else null: never guessed. */
export function directionOf(
  metric: string,
  declared: Readonly<Record<string, { readonly better: Direction }>>,
): Direction | null {
  if (Object.hasOwn(declared, metric)) return declared[metric]?.better ?? null;
  return USUAL.get(metric) ?? null;
}

/** The table itself, for docs/spec.md. */
export function usualDirections(): ReadonlyMap<string, Direction> {
  return USUAL;
}
