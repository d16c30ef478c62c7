import type { Decimal } from "./decimal.ts";
import type { Direction } from "./direction.ts";

/** How a metric moved between two versions, judged in its own direction. */
export type ChangeVerdict = "better" | "worse" | "same" | "changed" | "added" | "removed" | "incomparable";

export interface MetricChange {
  readonly name: string;
  /** Slice key, or null for the whole. */
  readonly slice: string | null;
  readonly from: Decimal | null;
  readonly to: Decimal | null;
  /** to - from, exactly; null when one side is absent. */
  readonly change: Decimal | null;
  /** change / |from| to 6 significant digits; null on a zero or absent base. */
  readonly relative: number | null;
  /** `changed`: moved, and which direction is better is not known. */
  readonly verdict: ChangeVerdict;
  /** Direction and unit as the policy or the usual table say, for display. */
  readonly better: Direction | null;
  readonly unit: string | null;
}
