import { z } from "zod";

/**
 * The JSON of CLI.md, written from its text and not from the program: every key there is required and `null` where
 * something can be unknown. Strict: what else an answer carries is named here under `forPeople` or not allowed.
 */

const text = z.string();
const count = z.number().int().nonnegative();
const id = z.string().regex(/^[0-9a-f]{40}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.iso.datetime();
const semver = z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/);
const model = z.string().min(1);
const stage = z.string().regex(/^[a-z][a-z0-9-]*$/);
/** DETAILS 54: a tree that no version has. */
const held = z.union([semver, z.literal("unregistered")]);

const VERSION = { model, version: semver, tag: text, commit: id, tree: id };
/** Reads say how old their knowledge is; null without a remote or before the first fetch. */
const READ = { fetchedAt: time.nullable() };

const V = z.strictObject(VERSION);
const Gate = z.strictObject({
  rule: z.enum(["min", "max", "maxRegression"]),
  metric: text,
  slice: text.nullable(),
  verdict: z.enum(["pass", "fail", "missing", "incomparable", "pending"]),
  severity: z.enum(["block", "warn"]),
  observed: z.number().nullable(),
  champion: z.number().nullable(),
  limit: text,
  measured: z.strictObject({ from: text, at: time.nullable(), by: text.nullable() }).nullable(),
  source: z.string().regex(/^registry\.yaml#\/(stages|models)\//),
  // for people
  reason: text.nullable(),
  hint: text.nullable(),
});
const Need = z.strictObject({
  rule: z.enum(["from", "soak"]),
  stage,
  verdict: z.enum(["pass", "fail", "pending"]),
  since: time.nullable(),
  until: time.nullable(),
  // for people
  limit: text.nullable(),
});
export const Finding = z.strictObject({
  code: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
  severity: z.enum(["error", "warning"]),
  message: z.string().min(1),
  hint: text.nullable(),
  file: text.nullable(),
  line: count.nullable(),
  column: count.nullable(),
  ref: text.nullable(),
});
const Event = z.strictObject({
  at: time,
  actor: z.strictObject({ name: text, email: text }),
  kind: z.enum(["register", "release", "rollback", "demote", "yank", "evaluate", "unregistered"]),
  model,
  version: semver.nullable(),
  previous: held.nullable(),
  stage: stage.nullable(),
  number: count.nullable(),
  tag: text.nullable(),
  commit: id.nullable(),
});
const PROMOTION = {
  kind: z.enum(["unchanged", "pull-request", "branch", "released", "dispatched", "closed", "refused"]),
  change: z.enum(["release", "rollback", "demote"]).nullable(),
  model,
  from: held.nullable(),
  to: semver.nullable(),
  stage,
  branch: text.nullable(),
  number: count.nullable(),
  url: text.nullable(),
  created: z.boolean(),
  passed: z.boolean(),
  head: id.nullable(),
  base: id.nullable(),
  tag: text.nullable(),
  policy: id.nullable(),
  gates: z.array(Gate),
  needs: z.array(Need),
  findings: z.array(Finding),
};
const PLANNED = { planned: z.literal(true) };
/** Of several promotions one may fail while the others are done: its error stands in its place. */
const FAILED = {
  error: z.strictObject({ code: text, message: text, hint: text.nullable(), retryable: z.boolean() }).optional(),
};
const STATUS = z.enum(["accept", "wait", "refuse", "error"]);

const Change = z.strictObject({
  name: text,
  slice: text.nullable(),
  from: z.number().nullable(),
  to: z.number().nullable(),
  change: z.number().nullable(),
  relative: z.number().nullable(),
  verdict: z.enum(["better", "worse", "same", "changed", "added", "removed", "incomparable"]),
  // for people
  better: z.enum(["higher", "lower"]).nullable(),
  unit: text.nullable(),
});
const DIFF = {
  from: V.nullable(),
  to: V,
  comparable: z.boolean(),
  metrics: z.array(Change),
  params: z.array(z.strictObject({ name: text, from: z.unknown(), to: z.unknown() })),
  artifacts: z.array(
    z.strictObject({
      path: text,
      from: z.strictObject({ sha256, size: count }).nullable(),
      to: z.strictObject({ sha256, size: count }).nullable(),
    }),
  ),
  data: z.array(z.strictObject({ name: text, change: z.enum(["added", "removed", "changed", "same"]) })),
  signature: z.strictObject({ changed: z.boolean() }),
  // for people
  reason: text.nullable(),
};
const Artifact = z.strictObject({
  path: text,
  role: text,
  format: text,
  sha256,
  size: count,
  uploaded: z.boolean(),
});
const REGISTER = {
  ...VERSION,
  created: z.boolean(),
  published: z.boolean(),
  pushed: z.boolean(),
  artifacts: z.array(Artifact),
  promotion: z.strictObject(PROMOTION).nullable(),
  // for people
  comparedTo: semver.nullable(),
  metrics: z.array(Change),
};
const numbers = z.record(text, z.number());
const Check = z.strictObject({
  checked: z.strictObject({ versions: count, stages: count, releases: count, files: count }),
  findings: z.array(Finding),
  fixed: z.array(text),
});
const Pulled = {
  requested: text,
  used: text,
  fallback: z.boolean(),
  /** As it was asked for; of --print-path and without an option absolute. */
  path: text,
  changed: z.boolean(),
};

export const SHAPES = {
  init: z.strictObject({
    name: text,
    registry: z.string().startsWith("/"),
    created: z.array(text),
    existing: z.array(text),
    stages: z.array(stage),
    next: z.array(text),
  }),
  register: z.strictObject(REGISTER),
  registerPlanned: z.strictObject({ ...REGISTER, ...PLANNED, commit: z.null(), tree: id.nullable() }),
  list: z.strictObject({
    ...READ,
    models: z.array(
      z.strictObject({
        model,
        latest: semver.nullable(),
        versions: count,
        stages: z.record(stage, held.nullable()),
        updatedAt: time,
      }),
    ),
  }),
  listVersions: z.strictObject({
    ...READ,
    model,
    versions: z.array(
      z.strictObject({
        ...VERSION,
        createdAt: time,
        author: text,
        published: z.boolean(),
        yanked: z.boolean(),
        prerelease: z.boolean(),
        score: z.number().nullable(),
        metrics: numbers,
        labels: z.record(text, text),
        stages: z.array(stage),
        // for people
        yankReason: text.nullable(),
      }),
    ),
    // for people: how many there are before the limit
    total: count,
  }),
  show: z.strictObject({
    ...READ,
    ...VERSION,
    createdAt: time,
    author: text,
    published: z.boolean(),
    yanked: z.strictObject({ reason: text, at: time }).nullable(),
    manifest: z.looseObject({ schemaVersion: z.literal(1), model, version: semver, artifacts: z.array(z.unknown()) }),
    stages: z.array(stage),
    releases: z.array(z.strictObject({ stage, number: count, tag: text, at: time, until: time.nullable() })),
    evaluations: z.array(
      z.strictObject({
        at: time.nullable(),
        kind: z.enum(["offline", "live"]),
        evaluation: z.looseObject({}).nullable(),
        metrics: numbers,
      }),
    ),
    // for people
    card: text.nullable(),
  }),
  resolve: z.strictObject({
    ...READ,
    ...VERSION,
    stage: stage.nullable(),
    yanked: z.boolean(),
    artifacts: z.array(z.strictObject({ path: text, sha256, size: count, role: text })),
  }),
  diff: z.strictObject({ ...READ, ...DIFF, from: V }),
  compare: z.strictObject({
    ...READ,
    versions: z.array(
      z.strictObject({
        ...VERSION,
        score: z.number().nullable(),
        metrics: numbers,
        // for people
        comparable: z.boolean(),
      }),
    ),
    metrics: z.array(
      z.strictObject({
        name: text,
        better: z.enum(["higher", "lower"]).nullable(),
        values: z.array(z.number().nullable()),
        best: count.nullable(),
      }),
    ),
  }),
  best: z.strictObject({
    ...READ,
    ...VERSION,
    by: text,
    value: z.number(),
    considered: count,
    skipped: z.array(z.strictObject({ model, version: semver, reason: text })),
  }),
  promotion: z.strictObject(PROMOTION),
  promotionPlanned: z.strictObject({ ...PROMOTION, ...PLANNED, head: z.null(), tag: z.null() }),
  promotions: z.strictObject({ promotions: z.array(z.strictObject({ ...PROMOTION, ...FAILED })) }),
  history: z.strictObject({ ...READ, events: z.array(Event) }),
  yank: z.strictObject({ ...VERSION, reason: text, created: z.boolean() }),
  discard: z.strictObject({ ...VERSION, discarded: z.boolean() }),
  evaluate: z.strictObject({
    ...VERSION,
    created: z.boolean(),
    gates: z.array(Gate),
    passed: z.boolean(),
    // for people: where the measurement is kept
    path: text,
  }),
  requests: z.strictObject({
    promotions: z.array(
      z.strictObject({
        model,
        stage,
        from: held.nullable(),
        to: held.nullable(),
        change: z.enum(["release", "rollback", "demote"]),
        branch: text,
        number: count.nullable(),
        url: text.nullable(),
        status: STATUS,
        draft: z.boolean(),
      }),
    ),
  }),
  request: z.strictObject({ ...PROMOTION, status: STATUS, report: text }),
  review: z.strictObject({
    verdict: z.enum(["accept", "refuse", "wait"]),
    change: z.enum(["release", "rollback", "demote"]).nullable(),
    model: model.nullable(),
    from: held.nullable(),
    to: semver.nullable(),
    stage,
    head: id,
    base: id,
    mergeBase: id.nullable(),
    policy: id.nullable(),
    gates: z.array(Gate),
    needs: z.array(Need),
    findings: z.array(Finding),
    diff: z.strictObject(DIFF).nullable(),
    report: text,
  }),
  reconcile: z.strictObject({
    created: z.array(Event),
    reviewed: z.array(z.strictObject({ number: count.nullable(), verdict: text })),
    findings: z.array(Finding),
  }),
  check: Check,
  pull: z.strictObject({
    models: z.array(
      z.union([
        z.strictObject({
          ...VERSION,
          ...Pulled,
          files: z.array(
            z.strictObject({ path: text, role: text, sha256, size: count, source: z.enum(["cache", "lfs"]) }),
          ),
        }),
        z.strictObject({
          model: z.null(),
          version: z.null(),
          tag: z.null(),
          commit: z.null(),
          tree: z.null(),
          ...Pulled,
          fallback: z.literal(true),
          files: z.array(
            z.strictObject({
              path: text,
              role: z.null(),
              sha256: z.null(),
              size: count,
              source: z.literal("local"),
            }),
          ),
        }),
      ]),
    ),
  }),
  fetch: z.strictObject({
    remote: text,
    updated: z.array(z.strictObject({ ref: text, from: id.nullable(), to: id.nullable() })),
    findings: z.array(Finding),
  }),
  push: z.strictObject({
    remote: text,
    pushed: z.array(text),
    adopted: z.array(text),
    rejected: z.array(z.strictObject({ tag: text, code: text })),
  }),
  error: z.strictObject({
    error: z.strictObject({
      code: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
      message: z.string().min(10),
      hint: text.nullable(),
      retryable: z.boolean(),
      // only where documents were read: what is wrong in them
      findings: z.array(Finding).min(1).optional(),
    }),
  }),
  help: z.strictObject({ help: text }),
  completion: z.strictObject({ script: text }),
  version: z.strictObject({ version: semver }),
} as const;

export type ShapeName = keyof typeof SHAPES;
