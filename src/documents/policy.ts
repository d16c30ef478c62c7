import type { Finding } from "../domain/finding.ts";
import { POLICY_LIMIT, type Policy, PolicySchema } from "../domain/policy/policy.ts";
import type { StageName } from "../domain/policy/stage.ts";
import { formatString } from "./canonical-yaml.ts";
import { readDocument } from "./schema-findings.ts";

export type PolicyRead =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** The line by which editors find the schema of registry.yaml. */
const SCHEMA_LINE =
  "# yaml-language-server: $schema=https://raw.githubusercontent.com/git-model/git-model/main/schemas/registry.schema.json";

/** Reads registry.yaml. All that is wrong is answered at once (DESIGN section 1, DETAILS 18). */
export function readPolicy(bytes: string | Uint8Array, options: { readonly file?: string } = {}): PolicyRead {
  const read = readDocument(bytes, PolicySchema, { file: options.file ?? "registry.yaml", limit: POLICY_LIMIT });
  return read.ok ? { ok: true, policy: read.value } : read;
}

/** What a new registry.yaml is made from. */
export interface NewPolicy {
  readonly name: string;
  /** In the order of promotion: each one's `from` is the one before it. */
  readonly stages: readonly StageName[];
  readonly forge?: "github" | "gitea" | "git";
}

/** Text of registry.yaml for a new registry: its stages, no gates yet, and comments that show how to add some. */
export function newPolicy({ name, stages, forge }: NewPolicy): string {
  const last = stages.at(-1);
  return [
    SCHEMA_LINE,
    "schemaVersion: 1",
    `name: ${formatString(name)}`,
    ...(forge === undefined ? [] : [`forge: ${forge}`]),
    "",
    "# Metrics that are not among the usual ones (accuracy, f1, loss, …) say here which direction is better:",
    "# metrics:",
    "#   data_quality: { better: higher }",
    "#   latency_p95_ms: { better: lower, unit: ms }",
    "",
    ...(stages.length === 0 ? ["stages: {}"] : ["stages:", ...stages.flatMap((_, at) => stageLines(stages, at))]),
    ...(last === undefined ? [] : GATE_EXAMPLE),
    "",
  ].join("\n");
}

const GATE_EXAMPLE = [
  "    # What a version must fulfil to enter a stage:",
  "    # soak: 24h                                   # held by the stages in from for this long",
  "    # gates:",
  "    #   - { metric: accuracy, min: 0.90 }",
  "    #   - { metric: f1, maxRegression: 0.005 }    # against what the stage holds now; or 1%",
];

function stageLines(stages: readonly StageName[], at: number): readonly string[] {
  const name = formatString(stages[at] ?? "");
  const before = stages[at - 1];
  if (before !== undefined) return [`  ${name}:`, `    from: [${formatString(before)}]`];
  return stages.length === 1 ? [`  ${name}:`] : [`  ${name}: {}`];
}
