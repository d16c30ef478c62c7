import type { Measurement } from "../metric/measurement.ts";
import type { Manifest } from "../model/manifest.ts";

/** A version with everything that was measured of it. */
export interface JudgedSide {
  readonly model: string;
  readonly version: string;
  readonly manifest: Pick<Manifest, "task" | "labels">;
  /** Newest first; the manifest's own numbers last. */
  readonly measurements: readonly Measurement[];
}
