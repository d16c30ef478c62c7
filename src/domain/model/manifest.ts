import * as z from "zod";
import { ROLE_PATTERN } from "../artifact/artifact.ts";
import { ARTIFACT_LIMIT, findCaseTwins, findFolderClash, parseArtifactPath } from "../artifact/artifact-path.ts";
import { parseSha256 } from "../artifact/digest.ts";
import { Decimal } from "../metric/decimal.ts";
import { EvaluationContextSchema, MetricsSchema, SlicesSchema } from "../metric/measured.ts";
import { FORBIDDEN_KEYS, parseMetricKey } from "../metric/metric.ts";
import { checked, decimal, instant, integer, line, mapOf, text } from "../metric/schema.ts";
import { accepted, refused } from "../parsed.ts";
import { parseModelName } from "./model-name.ts";
import { parseVersion } from "./version.ts";

/** A manifest has at most this many bytes. */
export const MANIFEST_LIMIT = 512 * 1024;
const METADATA_LIMIT = 64 * 1024;
const METADATA_DEPTH = 8;
const METADATA_VALUES = "metadata holds maps, lists, text, finite numbers, true and false only";

const ScalarSchema = z.union([decimal, z.boolean(), text(4096)]);

const ArtifactSchema = z.strictObject({
  path: checked(parseArtifactPath).describe("Path below artifacts/"),
  role: z
    .string()
    .regex(ROLE_PATTERN, "expected a role: lower-case letters, digits and -")
    .default("model")
    .describe("What the file is for: model, preprocessor, …"),
  format: line(64).default("binary").describe("File format, from the extension"),
  sha256: checked(parseSha256).describe("Digest of the bytes, equal to the LFS pointer's"),
  size: integer(0).describe("Bytes"),
});

const DataSchema = z.strictObject({
  name: line(256).describe("Name of the data set"),
  uri: line(2048).optional().describe("Where it lies"),
  sha256: checked(parseSha256).optional().describe("Its digest"),
  rows: integer(0).optional().describe("Number of rows"),
});

const TensorSchema = z.strictObject({
  name: line(256).describe("Name of the tensor or column"),
  type: line(64).optional().describe("Element type"),
  shape: z.array(integer(-1)).max(32).optional().describe("Dimensions; -1 is any"),
});

/** Everything there is to know about a version, except when and by whom it was registered. */
export const ManifestSchema = z.strictObject({
  schemaVersion: integer(1, 1).describe("1"),
  model: checked(parseModelName).describe("Name of the model"),
  version: checked(parseVersion).describe("Semver without build metadata"),
  title: line(256).optional().describe("One line for people"),
  description: text(65_536).optional().describe("What the model does and how it was made"),
  task: line(128).optional().describe("Kind of problem, e.g. binary-classification"),
  framework: z
    .strictObject({ name: line(128), version: line(128).optional() })
    .optional()
    .describe("Library that the model was trained with"),
  artifacts: z
    .array(ArtifactSchema)
    .max(ARTIFACT_LIMIT)
    .superRefine((artifacts, context) => {
      const twins = findCaseTwins(artifacts.map(({ path }) => path));
      if (twins !== null) {
        context.addIssue({
          code: "custom",
          message: `${twins[0]} and ${twins[1]} are one path where case does not count`,
        });
      }
      const clash = findFolderClash(artifacts.map(({ path }) => path));
      if (clash !== null) {
        context.addIssue({ code: "custom", message: `${clash[0]} is a file and ${clash[1]} needs it as a folder` });
      }
    })
    .default([])
    .describe("The files of the version"),
  metrics: MetricsSchema.default({}).describe("Metric to number, or to {value, n}"),
  slices: SlicesSchema.default({}).describe("Metrics on parts of the data, by key=value"),
  evaluation: EvaluationContextSchema.optional().describe("What the metrics were measured on"),
  params: mapOf(z.union([ScalarSchema, z.array(ScalarSchema).max(1024)]), (key) => parseMetricKey(key, "parameter"))
    .default({})
    .describe("Training parameters"),
  data: z.array(DataSchema).max(1024).default([]).describe("Training data"),
  source: z
    .strictObject({
      repository: line(2048).optional().describe("Repository of the training code"),
      commit: z
        .string()
        .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, "expected a full commit id")
        .optional()
        .describe("Its commit"),
      run: line(2048).optional().describe("The training run"),
      dirty: z.boolean().optional().describe("The working tree had uncommitted changes"),
      trainedAt: instant().optional().describe("When the training ended, ISO 8601"),
    })
    .optional()
    .describe("Where the version comes from"),
  signature: z
    .strictObject({
      inputs: z.array(TensorSchema).max(1024).default([]),
      outputs: z.array(TensorSchema).max(1024).default([]),
    })
    .optional()
    .describe("Inputs and outputs of the model"),
  changelog: z.array(text(4096)).max(256).default([]).describe("What is new in this version"),
  labels: mapOf(text(1024), parseLabelKey).default({}).describe("Free labels, text to text"),
  metadata: z
    .record(z.string(), z.unknown())
    .superRefine((metadata, context) => {
      const wrong = reasonAgainstMetadata(metadata);
      if (wrong !== null) context.addIssue({ code: "custom", message: wrong });
    })
    .default({})
    .describe("Anything else: at most 8 deep, 64 KiB"),
});

/** A checked manifest. Empty maps and lists stand for absent ones. */
export type Manifest = z.output<typeof ManifestSchema>;

/** A parameter's value. */
export type ParamValue = Manifest["params"][string];

function parseLabelKey(key: string) {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.@/:%-]{0,127}$/.test(key) || FORBIDDEN_KEYS.has(key)) {
    return refused("a label is 1 to 128 of letters, digits and _ . @ / : % -");
  }
  return accepted(key);
}

/** Why metadata is refused, or null. Depth is checked on the way down, so no input can exhaust the stack. */
function reasonAgainstMetadata(metadata: unknown): string | null {
  const size = { bytes: 0 };
  const wrong = reasonAgainstValue(metadata, METADATA_DEPTH, size);
  if (wrong !== null) return wrong;
  return size.bytes > METADATA_LIMIT ? `metadata has at most ${METADATA_LIMIT} bytes, this has ${size.bytes}` : null;
}

function reasonAgainstValue(value: unknown, depth: number, size: { bytes: number }): string | null {
  if (value instanceof Decimal) return grow(size, value.text.length);
  if (value === null || typeof value === "boolean") return grow(size, 5);
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) return "half characters (lone surrogates) are not allowed";
    return grow(size, new TextEncoder().encode(value).length + 2);
  }
  if (typeof value !== "object" || !isMapOrList(value)) return METADATA_VALUES;
  if (depth === 0) return `metadata is at most ${METADATA_DEPTH} levels deep`;
  for (const [key, inner] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) return `${key} cannot be a key of metadata`;
    const wrong =
      (Array.isArray(value) ? null : reasonAgainstValue(key, depth - 1, size)) ??
      reasonAgainstValue(inner, depth - 1, size);
    if (wrong !== null) return wrong;
  }
  return null;
}

/** Neither a Date nor a Map nor another object that has no entries to write. */
function isMapOrList(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
}

function grow(size: { bytes: number }, bytes: number): null {
  size.bytes += bytes + 1;
  return null;
}
