import type { Finding } from "../domain/finding.ts";
import { EVALUATION_LIMIT, type Evaluation, EvaluationSchema } from "../domain/model/evaluation.ts";
import { block, formatDocument, Raw, wholeNumber } from "./canonical-yaml.ts";
import { evaluationNode, metricsNode, slicesNode } from "./measured-nodes.ts";
import { readDocument } from "./schema-findings.ts";

export type EvaluationRead =
  | { readonly ok: true; readonly evaluation: Evaluation }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Reads an evaluation file. All that is wrong is answered at once. */
export function readEvaluation(bytes: string | Uint8Array, options: { readonly file?: string } = {}): EvaluationRead {
  const read = readDocument(bytes, EvaluationSchema, { file: options.file ?? null, limit: EVALUATION_LIMIT });
  return read.ok ? { ok: true, evaluation: read.value } : read;
}

/** The canonical text of an evaluation (DETAILS 8): its sha256 names the file. */
export function writeEvaluation(evaluation: Evaluation): string {
  return formatDocument(
    block([
      ["schemaVersion", wholeNumber(evaluation.schemaVersion)],
      ["model", evaluation.model],
      ["version", new Raw(evaluation.version)],
      ["tree", evaluation.tree],
      ["kind", evaluation.kind],
      ["measuredAt", evaluation.measuredAt],
      ["evaluation", evaluationNode(evaluation.evaluation)],
      ["metrics", metricsNode(evaluation.metrics)],
      ["slices", slicesNode(evaluation.slices)],
      ["note", evaluation.note],
    ]),
  );
}
