import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { ShapeName } from "./shapes.ts";
import type { World } from "./world.ts";

/** One command line of CLI.md with what it has to answer. Rows run in order on one registry. */
export interface Row {
  readonly line: string | readonly string[];
  readonly shape: ShapeName;
  /** Default 0. */
  readonly exit?: number;
  /** Parts that the document has to have. */
  readonly has?: object;
  /** True: no ref and no object may be different afterwards, here and at the server. */
  readonly changesNothing?: boolean;
  readonly stdin?: string;
  /** What has to be done by other means before. */
  readonly before?: (world: World) => Promise<unknown>;
}

export const POLICY = `schemaVersion: 1
name: acme-models
metrics: { data_quality: { better: higher } }
stages:
  staging: {}
  production:
    from: [staging]
    gates:
      - { metric: f1, min: 0.80, maxRegression: 0.01 }
      - { metric: accuracy, min: 0.5, severity: warn }
  canary: { soak: 1h, from: [staging] }
  edge: { kind: tag }
score: { weights: { f1: 1 } }
`;

const BYTES = "weights one\n";
const SHA = createHash("sha256").update(BYTES).digest("hex");

/** Everything the rows read, written before the first of them. */
export async function writeInputs(world: World): Promise<void> {
  await world.file("out/model.onnx", BYTES);
  await world.file("out/two/model.onnx", "weights two\n");
  await world.file("folder/weights.pt", "a folder\n");
  await world.file("folder/vocabulary/words.txt", "a\nb\n");
  await world.file("folder/README.md", "# Churn\r\n\nWho leaves.\n");
  await world.file("metrics.json", '{"f1": 0.8800, "accuracy": 0.93, "nested": {"auc": 0.95}}');
  await world.file("worse.json", '{"f1": 0.8600, "accuracy": 0.4}');
  await world.file("better.yaml", "f1: 0.9\naccuracy: 0.94\n");
  await world.file("params.yaml", "max_depth: 8\nlayers: [1, 2]\n");
  await world.file("slices.json", '{"region=EU": {"f1": 0.871}}');
  await world.file("evaluation.yaml", `dataset: { name: holdout, sha256: "${"a".repeat(64)}" }\n`);
  await world.file("metadata.json", '{"architecture": {"embedding_dim": 384}}');
  await world.file("card.md", "# Card fraud\n");
  await world.file("manifest.yaml", "title: From a file\nlabels: { tier: one }\nsignature:\n  inputs: [{ name: x }]\n");
  await world.file("baseline/rules.txt", "always no\n");
}

const first = [
  ..."register fraud out/model.onnx --version 1.0.0 --metrics metrics.json --metric data_quality=0.5".split(" "),
  ..."--params params.yaml --param lr=1e-3 --slices slices.json --evaluation evaluation.yaml".split(" "),
  ...`--role model.onnx=model --data name=jan,uri=s3://b/jan,rows=12 --source commit=${"c".repeat(40)} --label team=risk`.split(
    " ",
  ),
  ..."--framework lightgbm@4.5.0 --task binary-classification --metadata metadata.json --card card.md".split(" "),
  ...["--title", "Card fraud", "--description", "Trees", "--changelog", "First", "--manifest", "manifest.yaml"],
];

/** CLI.md from top to bottom, without hosted forges and URLs. */
export const STORY: readonly Row[] = [
  { line: "list", shape: "list", has: { models: [] } },
  { line: "history", shape: "history", has: { events: [] } },
  { line: "init models", shape: "init", has: { created: ["stage/canary"], existing: expect.any(Array) } },
  {
    line: "init models",
    shape: "init",
    changesNothing: true,
    has: { name: "acme-models", created: [], stages: ["staging", "production", "canary", "edge"] },
  },
  {
    line: [...first, "--dry-run"],
    shape: "registerPlanned",
    changesNothing: true,
    has: { created: true, published: false, pushed: false, tag: "fraud@v1.0.0" },
  },
  {
    line: first,
    shape: "register",
    has: {
      created: true,
      published: true,
      pushed: true,
      tag: "fraud@v1.0.0",
      artifacts: [{ path: "model.onnx", role: "model", format: "onnx", sha256: SHA, size: 12, uploaded: true }],
      promotion: null,
    },
  },
  { line: first, shape: "register", changesNothing: true, has: { created: false, published: true, version: "1.0.0" } },
  {
    line: "register fraud out/two/model.onnx --bump minor --metrics - --promote staging",
    stdin: '{"f1": 0.8850, "accuracy": 0.94}',
    shape: "register",
    has: { version: "1.1.0", promotion: { kind: "pull-request", change: "release", stage: "staging", created: true } },
  },
  { line: "pr list", shape: "requests", has: { promotions: [{ model: "fraud", stage: "staging", status: "accept" }] } },
  {
    line: "pr show fraud --stage staging",
    shape: "request",
    changesNothing: true,
    has: { status: "accept", to: "1.1.0" },
  },
  { line: "review fraud --stage staging", shape: "review", has: { verdict: "accept", from: null, to: "1.1.0" } },
  { line: "review", shape: "review", has: { verdict: "accept" } },
  {
    line: "review --base origin/stage/staging --head origin/promote/staging/fraud",
    shape: "review",
    changesNothing: true,
    has: { verdict: "accept", change: "release", diff: { from: null } },
  },
  { line: "pr close fraud --stage staging", shape: "promotion", has: { kind: "closed" } },
  { line: "pr list", shape: "requests", has: { promotions: [] } },
  {
    line: "promote fraud@1.0.0 --to staging --dry-run",
    shape: "promotionPlanned",
    changesNothing: true,
    has: { kind: "pull-request", change: "release", passed: true },
  },
  {
    line: "promote fraud@1.0.0 --to staging --direct --dry-run",
    shape: "promotionPlanned",
    changesNothing: true,
    has: { kind: "released", change: "release" },
  },
  {
    line: ["promote", "fraud@1.0.0", "--to", "staging", "--direct", "--message", "Ready"],
    shape: "promotion",
    has: { kind: "released", from: null, to: "1.0.0", tag: "fraud#staging#1", passed: true, created: false },
  },
  {
    line: "promote fraud@1.0.0 --to staging --direct",
    shape: "promotion",
    changesNothing: true,
    has: { kind: "unchanged", change: null, passed: true, gates: [], created: false },
  },
  {
    line: "promote fraud@1.1.0 --to production --direct",
    shape: "promotion",
    exit: 1,
    changesNothing: true,
    has: { kind: "refused", passed: false, needs: [{ rule: "from", stage: "staging", verdict: "fail" }] },
  },
  {
    line: "promote fraud@1.1.0 --to production --direct --dry-run",
    shape: "promotionPlanned",
    exit: 1,
    changesNothing: true,
    has: { kind: "refused" },
  },
  {
    line: "promote fraud@1.0.0 --to production",
    shape: "promotion",
    has: { kind: "pull-request", passed: true, created: true, branch: "promote/production/fraud", tag: null },
  },
  {
    line: "pr merge fraud --stage production",
    shape: "promotion",
    has: { kind: "released", tag: "fraud#production#1", to: "1.0.0" },
  },
  {
    line: "promote fraud@1.0.0 --to canary",
    shape: "promotion",
    has: { kind: "pull-request", needs: [{ rule: "from" }, { rule: "soak", verdict: "pending" }] },
  },
  { line: "review fraud --stage canary", shape: "review", exit: 1, has: { verdict: "wait" } },
  {
    line: "pr merge fraud --stage canary",
    shape: "promotion",
    exit: 1,
    has: { kind: "refused" },
    changesNothing: true,
  },
  { line: "pr close fraud --stage canary", shape: "promotion", has: { kind: "closed" } },
  {
    line: "register fraud out/two/model.onnx --metrics worse.json --bump major --promote staging",
    shape: "register",
    has: { version: "2.0.0", promotion: { kind: "pull-request" } },
  },
  { line: "pr merge fraud --stage staging", shape: "promotion", has: { kind: "released", from: "1.0.0", to: "2.0.0" } },
  {
    line: "promote fraud@2.0.0 --to production",
    shape: "promotion",
    exit: 1,
    has: {
      kind: "pull-request",
      passed: false,
      gates: [
        { rule: "min", metric: "f1", verdict: "pass", limit: "0.80", observed: 0.86, champion: null },
        { rule: "maxRegression", metric: "f1", limit: "0.01", champion: 0.88 },
        { metric: "accuracy", severity: "warn", verdict: "fail" },
      ],
    },
  },
  { line: "review fraud --stage production", shape: "review", exit: 1, has: { verdict: "refuse" } },
  { line: "pr show fraud --stage production", shape: "request", has: { status: "refuse" } },
  {
    line: "promote fraud@2.0.0 --to production --if-passing",
    shape: "promotion",
    exit: 1,
    has: { kind: "refused", passed: false },
  },
  { line: "pr close fraud --stage production", shape: "promotion", has: { kind: "closed" } },
  {
    line: "register team/churn folder --no-push",
    shape: "register",
    has: { version: "1.0.0", published: false, pushed: false, created: true, artifacts: [{}, {}] },
  },
  {
    line: "promote team/churn --to staging",
    shape: "promotion",
    exit: 1,
    changesNothing: true,
    has: {
      kind: "refused",
      findings: [{ code: "version-unregistered", severity: "error", hint: expect.stringContaining("git model push") }],
    },
  },
  { line: "discard team/churn", shape: "discard", has: { discarded: true, version: "1.0.0" } },
  { line: "register team/churn folder --no-push --offline", shape: "register", has: { published: false } },
  { line: "push", shape: "push", has: { remote: "origin", pushed: expect.arrayContaining([expect.anything()]) } },
  { line: "push", shape: "push", changesNothing: true, has: { pushed: [], rejected: [] } },
  { line: "fetch", shape: "fetch", has: { remote: "origin", updated: [], findings: [] } },
  {
    line: "promote fraud@1.1.0 team/churn --to edge",
    shape: "promotions",
    has: {
      promotions: [
        { kind: "released", tag: "fraud#edge#1" },
        { kind: "released", model: "team/churn" },
      ],
    },
  },
  {
    line: "rollback fraud --stage staging --dry-run",
    shape: "promotionPlanned",
    changesNothing: true,
    has: { change: "rollback", from: "2.0.0", to: "1.0.0" },
  },
  { line: "rollback fraud --stage staging", shape: "promotion", has: { kind: "pull-request", change: "rollback" } },
  { line: "pr close fraud --stage staging", shape: "promotion", has: { kind: "closed" } },
  {
    line: "rollback fraud@1.0.0 --stage staging --direct",
    shape: "promotion",
    has: { kind: "released", change: "rollback", tag: "fraud#staging#3" },
  },
  {
    line: "demote fraud --stage edge --direct",
    shape: "promotion",
    has: { kind: "released", change: "demote", from: "1.1.0", to: null },
  },
  { line: "demote team/churn --stage edge", shape: "promotion", has: { kind: "released", change: "demote" } },
  {
    line: "demote fraud --stage staging",
    shape: "promotion",
    has: { kind: "pull-request", change: "demote", branch: "demote/staging/fraud", to: null },
  },
  { line: "pr close fraud --stage staging", shape: "promotion", has: { kind: "closed" } },
  {
    line: "evaluate fraud@production --metrics better.yaml --evaluation evaluation.yaml --live --at 2026-01-02T03:04:05Z",
    shape: "evaluate",
    has: { created: true, version: "1.0.0", gates: [], passed: true },
  },
  {
    line: "evaluate fraud@2.0.0 --metrics worse.json --slices slices.json --evaluation evaluation.yaml --check production",
    shape: "evaluate",
    exit: 1,
    has: { created: true, passed: false, gates: expect.arrayContaining([expect.objectContaining({ metric: "f1" })]) },
  },
  {
    line: ["yank", "fraud@1.1.0", "--reason", "leaked labels"],
    shape: "yank",
    has: { version: "1.1.0", reason: "leaked labels", created: true },
  },
  {
    line: ["yank", "fraud@1.1.0", "--reason", "another"],
    shape: "yank",
    changesNothing: true,
    has: { reason: "leaked labels", created: false },
  },
  {
    line: "promote fraud@1.1.0 --to staging",
    shape: "promotion",
    exit: 1,
    changesNothing: true,
    has: { kind: "refused", findings: [{ code: "yanked" }] },
  },
  {
    line: "list",
    shape: "list",
    has: {
      models: [
        {
          model: "fraud",
          latest: "2.0.0",
          versions: 3,
          stages: { staging: "1.0.0", production: "1.0.0", canary: null, edge: null },
        },
        { model: "team/churn", latest: "1.0.0", versions: 1 },
      ],
    },
  },
  { line: "list --stage production", shape: "list", has: { models: [{ model: "fraud" }] } },
  { line: "list --fetch", shape: "list", has: { fetchedAt: expect.any(String) } },
  {
    line: "list fraud",
    shape: "listVersions",
    has: {
      model: "fraud",
      versions: [
        { version: "2.0.0", score: 0.86, yanked: false, stages: [] },
        { version: "1.1.0", yanked: true },
        { version: "1.0.0", labels: { team: "risk", tier: "one" }, stages: ["staging", "production"] },
      ],
    },
  },
  { line: ["list", "fraud", "--where", "f1>=0.87"], shape: "listVersions", has: { versions: [{}, {}] } },
  {
    line: "list fraud --label team=risk --sort f1 --limit 1 --offline",
    shape: "listVersions",
    has: { versions: [{}] },
  },
  { line: "list fraud --all", shape: "listVersions", has: { versions: [{}, {}, {}] } },
  {
    line: "show fraud@1.0.0",
    shape: "show",
    has: {
      manifest: {
        metrics: { f1: 0.88, accuracy: 0.93, "nested.auc": 0.95, data_quality: 0.5 },
        params: { lr: 0.001, max_depth: 8, layers: [1, 2] },
        framework: { name: "lightgbm", version: "4.5.0" },
        slices: { "region=EU": { f1: 0.871 } },
        title: "Card fraud",
      },
      card: "# Card fraud\n",
      releases: [{ stage: "staging", number: 3, until: null }, { number: 1 }, { stage: "production", number: 1 }],
      evaluations: [{ kind: "live", at: "2026-01-02T03:04:05Z", metrics: { f1: 0.9 } }],
    },
  },
  { line: "show team/churn", shape: "show", has: { card: "# Churn\n\nWho leaves.\n", yanked: null } },
  { line: "show fraud@1.1.0", shape: "show", has: { yanked: { reason: "leaked labels" } } },
  { line: "history", shape: "history", has: { events: expect.arrayContaining([expect.anything()]) } },
  {
    line: "history fraud --stage staging",
    shape: "history",
    has: {
      events: [
        { kind: "rollback", number: 3, version: "1.0.0", previous: "2.0.0", tag: "fraud#staging#3" },
        { kind: "release", number: 2, version: "2.0.0" },
        { kind: "release", number: 1, previous: null },
      ],
    },
  },
  { line: "history fraud --limit 2", shape: "history", has: { events: [{}, {}] } },
  {
    line: "diff fraud@1.0.0 fraud@2.0.0",
    shape: "diff",
    has: { from: { version: "1.0.0" }, to: { version: "2.0.0" }, comparable: false },
  },
  { line: "diff fraud@1.1.0 fraud@2.0.0", shape: "diff", has: { comparable: true } },
  { line: "compare fraud", shape: "compare", has: { versions: [{ version: "1.0.0" }, { version: "2.0.0" }] } },
  { line: "compare fraud@1.1.0 fraud@2.0.0 --metric f1", shape: "compare", has: { metrics: [{ best: 0 }] } },
  { line: "compare", shape: "compare", has: { versions: [{ model: "fraud" }, { model: "team/churn" }] } },
  { line: "best fraud --metric f1", shape: "best", has: { by: "f1" } },
  { line: "best fraud --stage production", shape: "best", has: { by: "score", version: "1.0.0" } },
  { line: "resolve fraud", shape: "resolve", has: { version: "2.0.0", stage: null } },
  { line: "resolve fraud@^1.0", shape: "resolve", has: { version: "1.0.0" } },
  { line: "resolve fraud@1.1.0", shape: "resolve", has: { version: "1.1.0", yanked: true } },
  { line: "resolve fraud@latest", shape: "resolve", has: { version: "2.0.0" } },
  { line: "resolve fraud@best:f1", shape: "resolve" },
  { line: "resolve fraud@production", shape: "resolve", has: { stage: "production", version: "1.0.0" } },
  {
    line: "promote fraud@2.0.0 --to staging --direct",
    shape: "promotion",
    has: { kind: "released", tag: "fraud#staging#4" },
  },
  { line: "resolve fraud#staging~1", shape: "resolve", has: { stage: "staging", version: "1.0.0" } },
  { line: "reconcile", shape: "reconcile", changesNothing: true, has: { created: [], findings: [] } },
  { line: "validate", shape: "check", has: { findings: [], checked: { files: 1 } } },
  { line: "validate models/registry.yaml", shape: "check", has: { findings: [] } },
  { line: "validate metrics.json", shape: "check", exit: 1, has: { fixed: [], checked: { files: 1 } } },
  { line: "doctor", shape: "check", changesNothing: true, has: { findings: [], fixed: [] } },
  { line: "doctor --fix", shape: "check", has: { findings: [] } },
  {
    line: "pull fraud@1.0.0 -o taken",
    shape: "pull",
    has: { models: [{ requested: "fraud@1.0.0", fallback: false, changed: true, files: [{ sha256: SHA }] }] },
  },
  { line: "pull fraud@1.0.0 -o taken --force --verify", shape: "pull", has: { models: [{ files: [{}] }] } },
  { line: "pull fraud team/churn -o several", shape: "pull", has: { models: [{}, {}] } },
  { line: "pull fraud#staging~1 --link current", shape: "pull", has: { models: [{ changed: true }] } },
  { line: "pull fraud#staging~1 --link current --offline", shape: "pull", has: { models: [{ changed: false }] } },
  { line: "pull fraud --role model --print-path", shape: "pull", has: { models: [{ files: [{ role: "model" }] }] } },
  {
    line: "pull fraud@9.0.0 --fallback fraud@production",
    shape: "pull",
    has: { models: [{ requested: "fraud@9.0.0", used: "fraud@production", fallback: true, version: "1.0.0" }] },
  },
  {
    line: "pull nothing --fallback ./baseline -o rules",
    shape: "pull",
    has: { models: [{ used: "./baseline", fallback: true, model: null, files: [{ path: "rules.txt" }] }] },
  },
  { line: "help", shape: "help" },
  { line: "help pr", shape: "help" },
  { line: "promote --help", shape: "help" },
  { line: "completion bash", shape: "completion" },
  { line: "--version", shape: "version" },
];
