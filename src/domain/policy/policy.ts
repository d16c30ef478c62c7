import * as z from "zod";
import { Decimal } from "../metric/decimal.ts";
import { directionOf } from "../metric/direction.ts";
import { FORBIDDEN_KEYS, parseMetricKey, SCORE_KEY } from "../metric/metric.ts";
import { checked, decimal, integer, line, mapOf } from "../metric/schema.ts";
import { accepted, type Parsed, refused } from "../parsed.ts";
import { parseStageName, type StageName } from "./stage.ts";

/** registry.yaml has at most this many bytes. */
export const POLICY_LIMIT = 256 * 1024;

/** How much a metric may worsen: an absolute amount, or a percentage of the champion's value. */
export interface RegressionLimit {
  /** As the policy writes it: `0.005` or `10%`. */
  readonly text: string;
  readonly amount: Decimal;
  readonly percent: boolean;
}

const RegressionSchema = z.union([decimal, z.string()]).transform((value, context): RegressionLimit => {
  const parsed = parseRegression(value);
  if (parsed.ok) return parsed.value;
  context.addIssue({ code: "custom", message: parsed.message });
  return z.NEVER;
});

const LabelSchema = line(1200).refine((value) => value.indexOf("=") > 0, { error: "expected key=value" });

const GateEntrySchema = z
  .strictObject({
    metric: checked((key) => (key === SCORE_KEY ? accepted(key) : parseMetricKey(key))).describe(
      "The metric, or score",
    ),
    min: decimal.optional().describe("The candidate has at least this"),
    max: decimal.optional().describe("The candidate has at most this"),
    maxRegression: RegressionSchema.optional().describe(
      "Against the champion it may worsen by at most this, or this percentage",
    ),
    slices: line(256).optional().describe("Judge each slice that this glob matches instead of the whole"),
    for: z
      .strictObject({
        model: line(256).optional().describe("Only models that this glob matches"),
        task: z.array(line(128)).min(1).optional().describe("Only these tasks"),
        label: LabelSchema.optional().describe("Only versions with this label, key=value"),
      })
      .optional()
      .describe("Where the gate applies; all of them must hold"),
    severity: z.enum(["block", "warn"]).default("block").describe("warn never blocks"),
    kind: z.enum(["offline", "live"]).default("offline").describe("Which measurements it judges"),
  })
  .refine((gate) => gate.min !== undefined || gate.max !== undefined || gate.maxRegression !== undefined, {
    error: "a gate needs min, max or maxRegression",
  });

const GatesSchema = z.array(GateEntrySchema).max(1000);

const StageSchema = z.strictObject({
  kind: z
    .enum(["branch", "tag"])
    .default("branch")
    .describe("branch: moved by request; tag: recorded by its release tags alone"),
  from: z.array(checked(parseStageName)).default([]).describe("Stages that must hold exactly this version"),
  soak: checked(parseDuration).optional().describe("… and must have held it this long: 90m, 24h, 7d"),
  gates: GatesSchema.default([]).describe("What a version must fulfil to enter"),
});

const ScoreSchema = z.strictObject({
  weights: mapOf(decimal, (key) => parseMetricKey(key))
    .refine((weights) => Object.keys(weights).length > 0, { error: "a score needs at least one weight" })
    .describe("Metric to weight; higher-is-better metrics only"),
  bonus: z
    .array(z.strictObject({ label: LabelSchema, factor: decimal }))
    .max(100)
    .default([])
    .describe("Factor for versions with a label, key=value"),
});

/** registry.yaml as written, before the rules that span several keys. */
export const PolicySchema = z
  .strictObject({
    schemaVersion: integer(1, 1).describe("1"),
    name: line(128).optional().describe("Name of the registry"),
    forge: z.enum(["github", "gitea", "git"]).optional().describe("Where promotion requests live"),
    metrics: mapOf(
      z.strictObject({
        better: z.enum(["higher", "lower"]).describe("Which direction is better"),
        unit: line(32).optional().describe("Unit, for people"),
      }),
      (key) => parseMetricKey(key),
    )
      .default({})
      .describe("Directions and units of metrics that the table of usual ones lacks"),
    evaluation: z
      .strictObject({
        required: z.boolean().default(false).describe("Numbers without evaluation are never comparable"),
      })
      .default({ required: false })
      .describe("What makes numbers comparable"),
    stages: mapOf(
      z.preprocess((value) => value ?? {}, StageSchema).meta({ jsonSchema: { type: ["object", "null"] } }),
      parseStageName,
    )
      .default({})
      .describe("Stages in the order of promotion"),
    score: ScoreSchema.optional().describe("The composite score"),
    models: mapOf(
      z.strictObject({
        stages: mapOf(z.strictObject({ gates: GatesSchema }), parseStageName)
          .default({})
          .describe("Gates to add, by stage"),
        score: ScoreSchema.optional().describe("The score of these models"),
      }),
      parseModelGlob,
    )
      .default({})
      .describe("Globs of model names: gates add, the longest match's score wins"),
  })
  .superRefine((policy, context) => {
    for (const { path, message } of contradictions(policy)) {
      context.addIssue({ code: "custom", path: [...path], message });
    }
  });

/** The registry's rules, read from the default branch. */
export type Policy = z.output<typeof PolicySchema>;
export type StagePolicy = Policy["stages"][string];
export type GateEntry = z.output<typeof GateEntrySchema>;
export type ScorePolicy = z.output<typeof ScoreSchema>;

interface Contradiction {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The names of the declared stages, in the order of the file. */
export function stageNames(policy: Policy): readonly StageName[] {
  return Object.keys(policy.stages) as StageName[];
}

/** The policy of a declared stage, or null. */
export function stagePolicy(policy: Policy, stage: StageName): StagePolicy | null {
  return Object.hasOwn(policy.stages, stage) ? (policy.stages[stage] ?? null) : null;
}

/** Milliseconds of a duration `90m`, `24h`, `7d`. */
export function parseDuration(text: string): Parsed<{ readonly text: string; readonly milliseconds: number }> {
  const match = /^([1-9]\d{0,5}|0)([mhd])$/.exec(text);
  if (match === null) return refused("a duration is a number and m, h or d: 90m, 24h, 7d");
  const unit = { m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as "m" | "h" | "d"];
  return accepted({ text, milliseconds: Number(match[1]) * unit });
}

function parseModelGlob(glob: string): Parsed<string> {
  if (FORBIDDEN_KEYS.has(glob)) return refused(`${glob} cannot be a glob of model names`);
  if (/^[A-Za-z0-9._*/-]{1,256}$/.test(glob)) return accepted(glob);
  return refused("a glob of model names is 1 to 256 letters, digits and . _ - / *");
}

function parseRegression(value: Decimal | string): Parsed<RegressionLimit> {
  const written = typeof value === "string" ? value : value.text;
  const percent = written.endsWith("%");
  const amount = Decimal.parse(percent ? written.slice(0, -1).trimEnd() : written);
  if (!amount.ok || (typeof value === "string" && !percent)) {
    return refused("expected a number, or a percentage like 1%");
  }
  if (amount.value.value < 0) return refused("a regression limit is 0 or more");
  return accepted({ text: written, amount: amount.value, percent });
}

function contradictions(policy: Policy): readonly Contradiction[] {
  return [...stageContradictions(policy), ...gateContradictions(policy), ...scoreContradictions(policy)];
}

function stageContradictions(policy: Policy): readonly Contradiction[] {
  const found: Contradiction[] = [];
  for (const [name, stage] of Object.entries(policy.stages)) {
    for (const [index, from] of stage.from.entries()) {
      if (Object.hasOwn(policy.stages, from)) continue;
      found.push({ path: ["stages", name, "from", index], message: `the stage ${from} is not declared` });
    }
    if (waitsForItself(policy, name)) {
      found.push({ path: ["stages", name, "from"], message: `the stage ${name} waits for itself` });
    }
    if (stage.soak !== undefined && stage.from.length === 0) {
      found.push({ path: ["stages", name, "soak"], message: "soak needs from: time is spent in the stages before" });
    }
  }
  for (const [glob, entry] of Object.entries(policy.models)) {
    for (const name of Object.keys(entry.stages)) {
      if (Object.hasOwn(policy.stages, name)) continue;
      found.push({ path: ["models", glob, "stages", name], message: `the stage ${name} is not declared` });
    }
  }
  return found;
}

/** True iff the stage is among those before it, however far back. */
function waitsForItself(policy: Policy, stage: string): boolean {
  const before = new Set<string>(fromOf(policy, stage));
  for (const one of before) {
    for (const earlier of fromOf(policy, one)) before.add(earlier);
  }
  return before.has(stage);
}

function fromOf(policy: Policy, stage: string): readonly string[] {
  return Object.hasOwn(policy.stages, stage) ? (policy.stages[stage]?.from ?? []) : [];
}

function gateContradictions(policy: Policy): readonly Contradiction[] {
  const lists: { path: readonly (string | number)[]; gates: readonly GateEntry[] }[] = [
    ...Object.entries(policy.stages).map(([name, { gates }]) => ({ path: ["stages", name, "gates"], gates })),
    ...Object.entries(policy.models).flatMap(([glob, { stages }]) =>
      Object.entries(stages).map(([name, { gates }]) => ({ path: ["models", glob, "stages", name, "gates"], gates })),
    ),
  ];
  return lists.flatMap(({ path, gates }) =>
    gates.flatMap((gate, index) =>
      gate.maxRegression !== undefined && directionOf(gate.metric, policy.metrics) === null
        ? [
            {
              path: [...path, index, "metric"],
              message: `which direction of ${gate.metric} is better is not known: declare it under metrics, { better: higher } or { better: lower }`,
            },
          ]
        : [],
    ),
  );
}

function scoreContradictions(policy: Policy): readonly Contradiction[] {
  const scores: { path: readonly string[]; score: ScorePolicy | undefined }[] = [
    { path: ["score"], score: policy.score },
    ...Object.entries(policy.models).map(([glob, { score }]) => ({ path: ["models", glob, "score"], score })),
  ];
  return scores.flatMap(({ path, score }) =>
    Object.keys(score?.weights ?? {})
      .filter((metric) => directionOf(metric, policy.metrics) !== "higher")
      .map((metric) => ({
        path: [...path, "weights", metric],
        message: `${metric} is not known as higher-is-better: a score adds up such metrics only`,
      })),
  );
}
