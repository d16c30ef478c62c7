import * as z from "zod";
import { EvaluationContextSchema, MetricsSchema, SlicesSchema } from "../metric/measured.ts";
import { checked, instant, integer, text } from "../metric/schema.ts";
import { isObjectId, type ObjectId } from "../object-id.ts";
import { accepted, type Checked, type Parsed, refused } from "../parsed.ts";
import { type ModelName, parseModelName } from "./model-name.ts";
import { parseVersion, type Version } from "./version.ts";

/** A measurement made after registering (DESIGN section 1, DETAILS 8). */
export const EvaluationSchema = z.strictObject({
  schemaVersion: integer(1, 1).describe("1"),
  model: checked(parseModelName).describe("Name of the model"),
  version: checked(parseVersion).describe("The version that was measured"),
  tree: checked(parseTree).describe("Tree of that version; another tree makes the measurement foreign"),
  kind: z.enum(["offline", "live"]).describe("On a data set, or on live traffic"),
  measuredAt: instant().optional().describe("When it was measured, ISO 8601"),
  evaluation: EvaluationContextSchema.optional().describe("What it was measured on"),
  metrics: MetricsSchema.default({}).describe("Metric to number, or to {value, n}"),
  slices: SlicesSchema.default({}).describe("Metrics on parts of the data"),
  note: text(4096).optional().describe("A remark for people"),
});

export type Evaluation = z.output<typeof EvaluationSchema>;

/** An evaluation has at most this many bytes. */
export const EVALUATION_LIMIT = 512 * 1024;

/** The path of an evaluation on its branch: `v1.3.0/<12 hex of the content's sha256>.yaml`. */
export type EvaluationPath = Checked<"EvaluationPath">;

export function formatEvaluationPath(version: Version, contentSha256: string): EvaluationPath {
  return `v${version}/${contentSha256.slice(0, 12)}.yaml` as EvaluationPath;
}

/** The version that an evaluation's path names; null for any path that `formatEvaluationPath` does not write. */
export function parseEvaluationPath(path: string): { readonly version: Version } | null {
  const match = /^v(\d[^/]*)\/[0-9a-f]{12}\.yaml$/.exec(path);
  const version = match === null ? null : parseVersion(match[1] ?? "");
  return version?.ok ? { version: version.value } : null;
}

/** `evaluations/<model>`, the branch that holds a model's evaluations. */
export function formatEvaluationBranch(model: ModelName): string {
  return `evaluations/${model}`;
}

export function parseEvaluationBranch(branch: string): ModelName | null {
  if (!branch.startsWith("evaluations/")) return null;
  const parsed = parseModelName(branch.slice("evaluations/".length));
  return parsed.ok ? parsed.value : null;
}

function parseTree(value: string): Parsed<ObjectId> {
  return isObjectId(value) ? accepted(value) : refused("expected a full tree id");
}
