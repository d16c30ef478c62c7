import { type ComparabilityRules, compareContexts } from "../metric/comparable.ts";
import type { Measurement } from "../metric/measurement.ts";
import type { JudgedSide } from "./judged-side.ts";

/**
 * The champion of a measurement of the very version that the stage holds: what was measured of it earlier, of the same
 * kind and comparable; null where there is nothing, so that champion gates pass (DETAILS 22). A measurement that is
 * recorded already is never compared with itself.
 */
export function earlierSelf(side: JudgedSide, measurement: Measurement, rules: ComparabilityRules): JudgedSide | null {
  const recorded = side.measurements.findIndex(({ from }) => from === measurement.from);
  const measurements = side.measurements
    .slice(recorded + 1)
    .filter(({ kind }) => kind === measurement.kind)
    .filter(({ evaluation }) => compareContexts(measurement.evaluation, evaluation, rules).comparable);
  return measurements.length === 0 ? null : { ...side, measurements };
}
