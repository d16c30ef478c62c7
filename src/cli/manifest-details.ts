import {
  parseDataFlag,
  parseFrameworkFlag,
  parseLabelFlag,
  parseMetricFlag,
  parseParamFlag,
  parseRoleFlag,
  parseSourceFlag,
} from "../documents/flag-values.ts";
import {
  readEvaluationInput,
  readManifestDefaults,
  readMetadataInput,
  readMetricsInput,
  readParamsInput,
  readSlicesInput,
} from "../documents/inputs.ts";
import type { Parsed } from "../domain/parsed.ts";
import type { ErrorCode } from "../errors.ts";
import type { ManifestDetails } from "../operations/questions.ts";
import type { Call } from "./command.ts";
import { type Given, given } from "./given.ts";
import { InputFiles, parsedFlag } from "./input-files.ts";

/**
 * What the flags and files of `register` say for the manifest. A file of one kind replaces that part of `--manifest`;
 * single `k=v` flags are laid over either (DETAILS 35).
 */
export async function readManifestDetails(call: Call): Promise<ManifestDetails> {
  const files = new InputFiles(call);
  const defaults = (await files.read("--manifest", "manifest-invalid", readManifestDefaults)) ?? {};
  const metrics = (await files.read("--metrics", "metrics-invalid", readMetricsInput)) ?? defaults.metrics;
  const params = (await files.read("--params", "manifest-invalid", readParamsInput)) ?? defaults.params;
  const from = call.given;
  return {
    ...defaults,
    ...given({
      metrics: laidOver(metrics, singles(from, "--metric", { parse: parseMetricFlag, code: "metrics-invalid" })),
      params: laidOver(params, singles(from, "--param", { parse: parseParamFlag })),
      labels: laidOver(defaults.labels, singles(from, "--label", { parse: parseLabelFlag })),
      source: laidOver(defaults.source, singles(from, "--source", { parse: parseSourceFlag })),
      slices: await files.read("--slices", "metrics-invalid", readSlicesInput),
      evaluation: await files.read("--evaluation", "evaluation-invalid", readEvaluationInput),
      metadata: await files.read("--metadata", "manifest-invalid", readMetadataInput),
      data: listed(from.list("--data").map((text) => parsedFlag("--data", parseDataFlag(text)))),
      changelog: listed(from.list("--changelog")),
      framework: frameworkOf(from.text("--framework")),
      title: from.text("--title"),
      description: from.text("--description"),
      task: from.text("--task"),
    }),
  };
}

/** `--role FILE=ROLE`, by artifact path. */
export function readRoles(from: Given): Readonly<Record<string, string>> | undefined {
  const roles = singles(from, "--role", { parse: parseRoleFlag });
  return roles.length === 0 ? undefined : Object.fromEntries(roles);
}

/** The measured files of `evaluate`. */
export async function readMeasurement(call: Call): Promise<{
  readonly metrics: unknown;
  readonly slices?: unknown;
  readonly evaluation?: unknown;
}> {
  const files = new InputFiles(call);
  const metrics = await files.read("--metrics", "metrics-invalid", readMetricsInput);
  const slices = await files.read("--slices", "metrics-invalid", readSlicesInput);
  const evaluation = await files.read("--evaluation", "evaluation-invalid", readEvaluationInput);
  return { metrics, ...given({ slices, evaluation }) };
}

type Pair = readonly [key: string, value: unknown];

function singles<T extends Pair>(
  from: Given,
  option: string,
  { parse, code }: { readonly parse: (text: string) => Parsed<T>; readonly code?: ErrorCode },
): readonly T[] {
  return from.list(option).map((text) => parsedFlag(option, parse(text), code));
}

function laidOver(map: object | undefined, pairs: readonly Pair[]): object | undefined {
  return pairs.length === 0 ? map : { ...map, ...Object.fromEntries(pairs) };
}

function listed<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function frameworkOf(text: string | undefined) {
  return text === undefined ? undefined : parsedFlag("--framework", parseFrameworkFlag(text));
}
