import { Decimal } from "../../src/domain/metric/decimal.ts";

const SHA = "9f2c0000000000000000000000000000000000000000000000000000000000aa";
const OTHER_SHA = "01aa0000000000000000000000000000000000000000000000000000000000bb";

/** A manifest in canonical form with everything that DESIGN's example shows. */
export const MANIFEST_EXAMPLE = `schemaVersion: 1
model: fraud
version: 1.3.0
title: "Card fraud detector"
description: "Gradient boosting on 2026-Q3 transactions"
task: binary-classification
framework: { name: lightgbm, version: "4.5.0" }
artifacts:
  - { path: model.onnx, role: model, format: onnx, sha256: "${SHA}", size: 1482231 }
  - { path: scaler.pkl, role: preprocessor, format: pickle, sha256: "${OTHER_SHA}", size: 3310 }
metrics:
  accuracy: 0.9312
  f1: { value: 0.8801, "n": 20000 }
  latency_p95_ms: 41.2
slices:
  "region=EU": { f1: 0.871 }
evaluation:
  dataset:
    name: holdout-2026q3
    uri: "s3://bucket/holdout"
    sha256: "${SHA}"
  code: "0123456789abcdef0123456789abcdef01234567"
params:
  max_depth: 8
  n_estimators: 400
data:
  - { name: transactions-2026q3, uri: "s3://bucket/tx", sha256: "${OTHER_SHA}", rows: 1200000 }
source:
  repository: "https://example.org/fraud.git"
  commit: "0123456789abcdef0123456789abcdef01234567"
  run: "https://example.org/runs/7"
  dirty: false
  trainedAt: "2026-11-01T08:00:00Z"
signature:
  inputs:
    - { name: amount, type: float32, shape: [-1] }
  outputs:
    - { name: score, type: float32, shape: [-1] }
changelog:
  - "Adds device features"
labels:
  ensemble: "true"
  team: risk
metadata:
  architecture:
    embedding_dim: 384
    type: HybridRecommender
`;

/** DESIGN's registry.yaml. */
export const POLICY_EXAMPLE = `schemaVersion: 1
name: acme-models
forge: github
metrics: { data_quality: { better: higher }, latency_p95_ms: { better: lower, unit: ms } }
evaluation: { required: false }
stages:
  staging: {}
  production:
    from: [staging]
    soak: 24h
    gates:
      - { metric: accuracy, min: 0.90, for: { task: [binary-classification] } }
      - { metric: f1, maxRegression: 0.005 }
      - { metric: latency_p95_ms, max: 50, maxRegression: 10%, severity: warn }
      - { metric: f1, slices: "region=*", min: 0.85 }
      - { metric: score, maxRegression: 0 }
  edge: { kind: tag }
score: { weights: { accuracy: 0.4, auc: 0.3, f1: 0.2, data_quality: 0.1 }, bonus: [ { label: ensemble=true, factor: 1.05 } ] }
models: { "vision/*": { stages: { production: { gates: [ { metric: f1, min: 0.8 } ] } }, score: { weights: { f1: 1 } } } }
`;

/** A Decimal from its text; the text must be right. */
export function dec(text: string): Decimal {
  const parsed = Decimal.parse(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}
