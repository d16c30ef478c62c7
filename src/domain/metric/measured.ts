import * as z from "zod";
import { parseSha256 } from "../artifact/digest.ts";
import { accepted, type Parsed, refused } from "../parsed.ts";
import { compareBytes, parseMetricKey } from "./metric.ts";
import { checked, decimal, hasControls, integer, line, mapOf } from "./schema.ts";

/** The parts of documents that hold measurements, shared by manifests and evaluations. */

const MetricSchema = z.union([
  decimal,
  z.strictObject({
    value: decimal.describe("The measured value"),
    n: integer(0).optional().describe("Number of samples behind the value"),
  }),
]);

export const MetricsSchema = mapOf(MetricSchema, (key) => parseMetricKey(key));

export const SlicesSchema = mapOf(MetricsSchema, parseSliceKey);

export const EvaluationContextSchema = z.strictObject({
  dataset: z
    .strictObject({
      name: line(256).optional().describe("Name of the data set, for people"),
      uri: line(2048).optional().describe("Where the data set lies"),
      sha256: checked(parseSha256).optional().describe("Digest of the data set: equal digests make numbers comparable"),
    })
    .optional()
    .describe("The data set that the metrics were measured on"),
  code: line(256).optional().describe("Version of the evaluating code; where both sides have one it must be equal"),
});

/** What a set of metrics was measured on. */
export type EvaluationContext = z.output<typeof EvaluationContextSchema>;

/** A slice key: `k=v` pairs joined by `,`, in sorted order (DETAILS 18). */
export function parseSliceKey(key: string): Parsed<string> {
  const pairs = key.split(",");
  const whole = key.length <= 256 && !hasControls(key) && pairs.every((pair) => /^[^=]+=[^=]*$/.test(pair));
  if (!whole) return refused("a slice is named key=value, several joined by commas");
  const sorted = [...pairs].sort(compareBytes).join(",");
  return sorted === key ? accepted(key) : refused("the pairs of a slice name are sorted", `name it ${sorted}`);
}
