import { describe, expect, test } from "vitest";
import { finding } from "../../src/domain/finding.ts";
import { RegistryError } from "../../src/errors.ts";
import { runCli } from "./run-cli.ts";
import {
  CHECKED,
  COMPARED,
  DIFF,
  HISTORY,
  LIST,
  LIST_VERSIONS,
  PROMOTION,
  REGISTERED,
  SHOWN,
} from "./sample-answers.ts";

async function screen(line: string, answers: Readonly<Record<string, unknown>>, terminal = 100): Promise<string> {
  const ran = await runCli(line.split(" "), {
    answers: { complete: () => ["staging", "production"], ...answers },
    terminal,
  });
  return `\n${ran.stdout}${ran.stderr}`;
}

describe("screens", () => {
  test("list", async () => {
    expect(await screen("list", { list: LIST })).toMatchInlineSnapshot(`
      "
      MODEL            LATEST  STAGING       PRODUCTION  VERSIONS  UPDATED
      fraud            1.3.0   1.3.0         1.2.9             14  2 hours ago
      vision/resnet50  4.0.1   unregistered  —                 41  yesterday
      "
    `);
    expect((await runCli(["list"], { answers: { list: LIST } })).stdout).toMatchInlineSnapshot(`
      "model	latest	staging	production	versions	updated
      fraud	1.3.0	1.3.0	1.2.9	14	2026-11-05T08:00:00Z
      vision/resnet50	4.0.1	unregistered	-	41	2026-11-04T09:00:00Z
      "
    `);
  });

  test("list MODEL, wide and narrow", async () => {
    expect(await screen("list fraud", { listVersions: LIST_VERSIONS }, 120)).toMatchInlineSnapshot(`
      "
      VERSION        STAGES   ACCURACY      F1  LATENCY_P95_MS  SCORE  REGISTERED
      1.3.0          staging    0.9312  0.8800            41.2  0.912  2 hours ago · ada
      1.2.8  yanked             0.9301  0.8702               —      —  1 month ago · bob · trained on leaked labels
      2 of 14 versions; --all shows them all
      "
    `);
    expect(await screen("list fraud", { listVersions: LIST_VERSIONS }, 60)).toMatchInlineSnapshot(`
      "
      VERSION        STAGES   ACCURACY  SCORE  REGISTERED
      1.3.0          staging    0.9312  0.912  2 hours ago · ada
      1.2.8  yanked             0.9301      —  1 month ago · bob …
      2 of 14 versions; --all shows them all
      2 more metrics; a wider terminal or --json shows them
      "
    `);
  });

  test("diff", async () => {
    expect(await screen("diff fraud@production fraud@1.3.0", { diff: DIFF })).toMatchInlineSnapshot(`
      "
      fraud 1.2.9 (production) → 1.3.0
        METRIC              1.2.9   1.3.0   CHANGE
        accuracy        ↑  0.9271  0.9312  +0.0041  +0.4 %  better
        auc             ↑  0.9510  0.9510        =          same
        latency_p95_ms  ↓    40.1    41.2  +1.1 ms  +2.7 %  worse
        params      max_depth 6 → 8 · device gpu (new)
        artifacts   model.onnx changed (1.1 GB → 1.2 GB) · scaler.pkl same
        data        transactions changed
      "
    `);
  });

  test("register", async () => {
    expect(await screen("register fraud model.onnx --bump minor", { register: REGISTERED })).toMatchInlineSnapshot(`
      "
      Registered fraud@1.3.0   next minor after 1.2.9
        artifacts   model.onnx  1.2 GB · scaler.pkl  3.2 kB
        vs 1.2.9    accuracy 0.9312 better by 0.0041 · auc 0.9510 same
                    latency_p95_ms 41.2 ms worse by 1.1
        pushed      tag fraud@v1.3.0, 2 objects (1.2 GB)
      Next: git model promote fraud@1.3.0 --to staging
      "
    `);
    const draft = { ...REGISTERED, published: false, pushed: false, comparedTo: null, metrics: [] };
    expect(await screen("register fraud m --no-push", { register: draft })).toMatchInlineSnapshot(`
      "
      Registered fraud@1.3.0   the first version
        artifacts   model.onnx  1.2 GB · scaler.pkl  3.2 kB
        draft       not published: nobody else has it yet
      Next: git model push
      "
    `);
  });

  test("promote", async () => {
    expect(await screen("promote fraud@1.3.0 --to production", { promote: [PROMOTION] })).toMatchInlineSnapshot(`
      "
      Promotion fraud 1.2.9 → 1.3.0 · production
        ✓  held in staging for 3 d 4 h   needs 24 h
        ✓  accuracy        0.9312                  at least 0.90
        ✓  f1              0.8801  (+0.0102)       may drop 0.005
        ✗  latency_p95_ms    52.4  (+12.3, +31 %)  at most 50 · may rise 10 %  fails
      Opened the request promote/production/fraud — it cannot merge until every gate holds.
      Next: git model pr show fraud --stage production
      "
    `);
    const refused = { ...PROMOTION, kind: "refused", created: false };
    expect(await screen("promote fraud --to production --direct", { promote: [refused] }, 60)).toMatchInlineSnapshot(`
      "
      Promotion fraud 1.2.9 → 1.3.0 · production
        ✓  held in staging for 3 d 4 h   needs 24 h
        ✓  accuracy        0.9312             at least 0.90
        ✓  f1              0.8801  (+0.0102)  may drop 0.005
        ✗  latency_p95_ms    52.4  (+12.3)    at most 50 · may rise 10 %  fails
      Refused: 1 of 3 gates fails: latency_p95_ms. Nothing was written.
      "
    `);
  });

  test("show", async () => {
    expect(await screen("show fraud@1.3.0", { show: SHOWN })).toMatchInlineSnapshot(`
      "
      fraud 1.3.0 · Card fraud detector
        on staging · binary-classification · lightgbm 4.5.0
        registered 2 hours ago by ada · commit ccccccc

      Gradient boosting on 2026-Q3 transactions

      New in this version
        - Adds device features

      Metrics
        accuracy  0.9312
        f1        0.8801  n = 20000
        measured on holdout-2026q3, by aaaaaaa

      Slices
        region=EU  f1  0.871

      Measured later
        live · 30 minutes ago
          f1 0.8600

      Releases
        staging #7  1 hour ago  holds it now
        staging #5  4 days ago  until 3 days ago

      Files
        model.onnx  model         onnx    1.5 MB  sha256 9f2c9f2c9f2c
        scaler.pkl  preprocessor  pickle  3.3 kB  sha256 01aa01aa01aa

      Signature
        input   amount  float32[-1]
        output  score

      Parameters
        max_depth  8
        layers     [64, 32]

      Made from
        data        transactions-2026q3 · 1,200,000 rows · s3://bucket/t
        code        https://example.org/train · bbbbbbb · with uncommitted changes

      Labels
        team  risk

      Metadata
        architecture:
          embedding_dim: 384
          type: Hybrid

      Model card
        # fraud

        Knows cards.

      Next: git model pull fraud@1.3.0 -o fraud
      "
    `);
  });

  test("history", async () => {
    expect(await screen("history fraud", { history: HISTORY })).toMatchInlineSnapshot(`
      "
      WHEN        WHAT                                            WHO
      1 hour ago  released fraud 1.3.0 to production (was 1.2.9)  ada
      yesterday   registered fraud 1.3.0                          bob
      "
    `);
  });

  test("compare", async () => {
    expect(await screen("compare fraud", { compare: COMPARED })).toMatchInlineSnapshot(`
      "
      FRAUD                1.3.0     1.2.9
      f1 ↑              0.8801 ★  0.8699
      latency_p95_ms ↓    41.2 ★       —
      score              0.912     0.912
      "
    `);
  });

  test("doctor says what it looked at even when all is well", async () => {
    expect((await screen("doctor", { doctor: CHECKED })).trim()).toBe(
      "checked 10,000 versions, 2 stages, 1,204 releases: all good",
    );
  });

  test("an error names its code, its findings, and what to do", async () => {
    const error = new RegistryError("policy-invalid", "registry.yaml is not valid", {
      hint: "git model validate",
      findings: [
        finding("unknown-key", "stags: there is no such key", {
          file: "registry.yaml",
          line: 3,
          column: 1,
          hint: "did you mean stages?",
        }),
      ],
    });
    expect(await screen("list", { list: error })).toMatchInlineSnapshot(`
      "
      error[policy-invalid]: registry.yaml is not valid
        ✗ registry.yaml:3:1: stags: there is no such key [unknown-key]
          hint: did you mean stages?
      hint: git model validate
      "
    `);
  });
});
