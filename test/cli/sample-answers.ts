import { Decimal } from "../../src/domain/metric/decimal.ts";
import type { MetricChange } from "../../src/domain/metric/metric-diff.ts";
import type { GateRow } from "../../src/domain/policy/gate.ts";

/** Fixed answers of a registry, as the sketches of UX.md have them. */

export function decimal(text: string): Decimal {
  const parsed = Decimal.parse(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}

export const V = {
  model: "fraud",
  version: "1.3.0",
  tag: "fraud@v1.3.0",
  commit: "c".repeat(40),
  tree: "d".repeat(40),
};

export const LIST = {
  models: [
    {
      model: "fraud",
      latest: "1.3.0",
      versions: 14,
      stages: { staging: "1.3.0", production: "1.2.9" },
      updatedAt: "2026-11-05T08:00:00Z",
    },
    {
      model: "vision/resnet50",
      latest: "4.0.1",
      versions: 41,
      stages: { staging: "unregistered", production: null },
      updatedAt: "2026-11-04T09:00:00Z",
    },
  ],
  fetchedAt: "2026-11-05T09:59:00Z",
};

const LISTED = {
  ...V,
  createdAt: "2026-11-05T08:00:00Z",
  author: "ada",
  published: true,
  yanked: false,
  prerelease: false,
  score: decimal("0.9120"),
  metrics: { accuracy: decimal("0.9312"), f1: decimal("0.8800"), latency_p95_ms: decimal("41.2") },
  labels: { team: "risk" },
  stages: ["staging"],
  yankReason: null,
};

export const LIST_VERSIONS = {
  fetchedAt: null,
  model: "fraud",
  versions: [
    LISTED,
    {
      ...LISTED,
      version: "1.2.8",
      createdAt: "2026-10-05T08:00:00Z",
      author: "bob",
      yanked: true,
      stages: [],
      score: null,
      metrics: { accuracy: decimal("0.9301"), f1: decimal("0.8702") },
      yankReason: "trained on leaked labels",
    },
  ],
  total: 14,
};

export function metricChange(name: string, from: string, to: string, rest: Partial<MetricChange> = {}): MetricChange {
  const change = decimal(to).minus(decimal(from));
  return {
    name,
    slice: null,
    from: decimal(from),
    to: decimal(to),
    change,
    relative: Number((change.value / Number(from)).toPrecision(6)),
    verdict: "better",
    better: "higher",
    unit: null,
    ...rest,
  };
}

export const DIFF = {
  from: { ...V, version: "1.2.9", tag: "fraud@v1.2.9" },
  to: V,
  comparable: true,
  reason: null,
  metrics: [
    metricChange("accuracy", "0.9271", "0.9312"),
    metricChange("auc", "0.9510", "0.9510", { verdict: "same" }),
    metricChange("latency_p95_ms", "40.1", "41.2", { verdict: "worse", better: "lower", unit: "ms" }),
  ],
  params: [
    { name: "max_depth", from: decimal("6"), to: decimal("8") },
    { name: "device", from: null, to: "gpu" },
  ],
  artifacts: [
    {
      path: "model.onnx",
      from: { sha256: "a".repeat(64), size: 1_100_000_000 },
      to: { sha256: "b".repeat(64), size: 1_200_000_000 },
    },
    { path: "scaler.pkl", from: { sha256: "c".repeat(64), size: 3200 }, to: { sha256: "c".repeat(64), size: 3200 } },
  ],
  data: [{ name: "transactions", change: "changed" }],
  signature: { changed: false },
  report: "### fraud 1.2.9 → 1.3.0\n",
};

export function gate(metric: string, rest: Partial<GateRow> = {}): GateRow {
  return {
    rule: "min",
    metric,
    slice: null,
    verdict: "pass",
    severity: "block",
    observed: decimal("0.9312"),
    champion: null,
    limit: "0.90",
    measured: { from: "manifest", at: "2026-11-02T10:00:00Z", by: "ada" },
    source: "registry.yaml#/stages/production/gates/0",
    reason: null,
    hint: null,
    ...rest,
  };
}

export const PROMOTION = {
  kind: "pull-request",
  change: "release",
  model: "fraud",
  from: "1.2.9",
  to: "1.3.0",
  stage: "production",
  branch: "promote/production/fraud",
  number: null,
  url: null,
  created: true,
  passed: false,
  head: "a".repeat(40),
  base: "b".repeat(40),
  tag: null,
  policy: "e".repeat(40),
  gates: [
    gate("accuracy"),
    gate("f1", {
      rule: "maxRegression",
      observed: decimal("0.8801"),
      champion: decimal("0.8699"),
      limit: "0.005",
      source: "registry.yaml#/stages/production/gates/1",
    }),
    gate("latency_p95_ms", {
      rule: "max",
      verdict: "fail",
      observed: decimal("52.4"),
      limit: "50",
      source: "registry.yaml#/stages/production/gates/2",
    }),
    gate("latency_p95_ms", {
      rule: "maxRegression",
      verdict: "fail",
      observed: decimal("52.4"),
      champion: decimal("40.1"),
      limit: "10%",
      source: "registry.yaml#/stages/production/gates/2",
    }),
  ],
  needs: [
    { rule: "from", stage: "staging", verdict: "pass", since: "2026-11-02T06:00:00Z", until: null, limit: null },
    {
      rule: "soak",
      stage: "staging",
      verdict: "pass",
      since: "2026-11-02T06:00:00Z",
      until: "2026-11-03T06:00:00Z",
      limit: "24h",
    },
  ],
  findings: [],
};

export const REGISTERED = {
  ...V,
  created: true,
  published: true,
  pushed: true,
  artifacts: [
    { path: "model.onnx", role: "model", format: "onnx", sha256: "a".repeat(64), size: 1_200_000_000, uploaded: true },
    { path: "scaler.pkl", role: "preprocessor", format: "pickle", sha256: "b".repeat(64), size: 3200, uploaded: true },
  ],
  promotion: null,
  comparedTo: "1.2.9",
  metrics: DIFF.metrics,
};

export const CHECKED = {
  checked: { versions: 10_000, stages: 2, releases: 1204, files: 0 },
  findings: [],
  fixed: [],
};

export const SHOWN = {
  ...V,
  createdAt: "2026-11-05T08:00:00Z",
  author: "ada",
  published: true,
  yanked: null,
  manifest: {
    schemaVersion: 1,
    model: "fraud",
    version: "1.3.0",
    title: "Card fraud detector",
    description: "Gradient boosting on 2026-Q3 transactions",
    task: "binary-classification",
    framework: { name: "lightgbm", version: "4.5.0" },
    artifacts: [
      { path: "model.onnx", role: "model", format: "onnx", sha256: "9f2c".repeat(16), size: 1_482_231 },
      { path: "scaler.pkl", role: "preprocessor", format: "pickle", sha256: "01aa".repeat(16), size: 3310 },
    ],
    metrics: { accuracy: decimal("0.9312"), f1: { value: decimal("0.8801"), n: 20_000 } },
    slices: { "region=EU": { f1: decimal("0.871") } },
    evaluation: { dataset: { name: "holdout-2026q3" }, code: "a".repeat(40) },
    params: { max_depth: decimal("8"), layers: [decimal("64"), decimal("32")] },
    data: [{ name: "transactions-2026q3", uri: "s3://bucket/t", rows: 1_200_000 }],
    source: { repository: "https://example.org/train", commit: "b".repeat(40), dirty: true },
    signature: { inputs: [{ name: "amount", type: "float32", shape: [-1] }], outputs: [{ name: "score" }] },
    changelog: ["Adds device features"],
    labels: { team: "risk" },
    metadata: { architecture: { embedding_dim: decimal("384"), type: "Hybrid" } },
  },
  stages: ["staging"],
  releases: [
    { stage: "staging", number: 7, tag: "fraud#staging#7", at: "2026-11-05T09:00:00Z", until: null },
    { stage: "staging", number: 5, tag: "fraud#staging#5", at: "2026-11-01T09:00:00Z", until: "2026-11-02T09:00:00Z" },
  ],
  evaluations: [{ at: "2026-11-05T09:30:00Z", kind: "live", evaluation: null, metrics: { f1: decimal("0.8600") } }],
  card: "# fraud\n\nKnows cards.\n",
};

export const HISTORY = {
  fetchedAt: null,
  events: [
    {
      at: "2026-11-05T09:00:00Z",
      actor: { name: "ada", email: "ada@example.org" },
      kind: "release",
      model: "fraud",
      version: "1.3.0",
      previous: "1.2.9",
      stage: "production",
      number: 7,
      tag: "fraud#production#7",
      commit: null,
    },
    {
      at: "2026-11-04T09:00:00Z",
      actor: { name: "bob", email: "bob@example.org" },
      kind: "register",
      model: "fraud",
      version: "1.3.0",
      previous: null,
      stage: null,
      number: null,
      tag: "fraud@v1.3.0",
      commit: null,
    },
  ],
};

export const COMPARED = {
  versions: ["1.3.0", "1.2.9"].map((version) => ({
    ...V,
    version,
    score: decimal("0.9120"),
    metrics: {},
    comparable: true,
  })),
  metrics: [
    { name: "f1", better: "higher", values: [decimal("0.8801"), decimal("0.8699")], best: 0 },
    { name: "latency_p95_ms", better: "lower", values: [decimal("41.2"), null], best: 0 },
  ],
};
