import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatBytes, formatPercent } from "../../src/documents/format-number.ts";
import { codeSpan } from "../../src/documents/markdown.ts";
import { formatDiffReport, formatReviewReport, formatStatusText, REPORT_LIMIT } from "../../src/documents/report.ts";
import type { ReviewReportInput } from "../../src/documents/report-input.ts";
import { visibleText } from "../../src/documents/visible-text.ts";
import { finding } from "../../src/domain/finding.ts";
import type { Direction } from "../../src/domain/metric/direction.ts";
import type { ChangeVerdict, MetricChange } from "../../src/domain/metric/metric-diff.ts";
import type { VersionDiff } from "../../src/domain/model/version-diff.ts";
import type { GateRow } from "../../src/domain/policy/gate.ts";
import { parseStageName, type StageName } from "../../src/domain/policy/stage.ts";
import type { Need } from "../../src/domain/promotion/need.ts";
import { dec } from "./examples.ts";

function change(name: string, from: string, to: string, rest: Partial<MetricChange> = {}): MetricChange {
  const difference = dec(to).minus(dec(from));
  const verdict: ChangeVerdict = difference.isZero ? "same" : "better";
  const better: Direction = "higher";
  const relative = difference.value / Math.abs(dec(from).value);
  return {
    name,
    slice: null,
    from: dec(from),
    to: dec(to),
    change: difference,
    relative,
    verdict,
    better,
    unit: null,
    ...rest,
  };
}

function gate(rest: Partial<GateRow>): GateRow {
  return {
    rule: "min",
    metric: "accuracy",
    slice: null,
    verdict: "pass",
    severity: "block",
    observed: null,
    champion: null,
    limit: "0.90",
    measured: null,
    source: `registry.yaml#/stages/production/gates/${rest.metric}`,
    reason: null,
    hint: null,
    ...rest,
  };
}

const staging = ((): StageName => {
  const parsed = parseStageName("staging");
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
})();

const LATENCY = change("latency_p95_ms", "40.1", "52.4", { verdict: "worse", better: "lower", unit: "ms" });
const DIFF: VersionDiff = {
  comparable: true,
  reason: null,
  metrics: [
    change("accuracy", "0.9271", "0.9312"),
    change("auc", "0.9510", "0.9510"),
    change("f1", "0.8699", "0.8801"),
    LATENCY,
    change("f1", "0.87", "0.86", { slice: "region=EU", verdict: "worse" }),
  ],
  params: [{ name: "max_depth", from: dec("6"), to: dec("8") }],
  artifacts: [
    { path: "model.onnx", from: { sha256: "a", size: 1_100_000_000 }, to: { sha256: "b", size: 1_200_000_000 } },
    { path: "scaler.pkl", from: { sha256: "c", size: 3200 }, to: { sha256: "c", size: 3200 } },
  ],
  data: [],
  signature: { changed: false },
};

const GATES: readonly GateRow[] = [
  gate({ metric: "accuracy", observed: dec("0.9312") }),
  gate({ metric: "f1", rule: "maxRegression", limit: "0.005", observed: dec("0.8801"), champion: dec("0.8699") }),
  gate({ metric: "latency_p95_ms", rule: "max", limit: "50", verdict: "fail", observed: dec("52.4") }),
  gate({
    metric: "latency_p95_ms",
    rule: "maxRegression",
    limit: "10%",
    verdict: "fail",
    observed: dec("52.4"),
    champion: dec("40.1"),
  }),
];

const INPUT: ReviewReportInput = {
  model: "fraud",
  stage: "production",
  from: "1.2.9",
  to: "1.3.0",
  change: "release",
  verdict: "refuse",
  gates: GATES,
  needs: [],
  findings: [],
  diff: DIFF,
  changelog: ["Adds device features"],
  runUrl: null,
  artifactsPresent: true,
  headId: "3f2a9c1".padEnd(40, "0"),
  baseId: "8e01d44".padEnd(40, "0"),
  policyId: "77ab310".padEnd(40, "0"),
  policyBranch: "main",
};

describe("the report of a change", () => {
  test("says the verdict, why, and each metric with its gates, failing ones first", () => {
    expect(formatReviewReport(INPUT).split("\n").slice(0, 10)).toEqual([
      "### ❌ fraud 1.2.9 → 1.3.0 · production — 1 of 3 gates fails",
      "`latency_p95_ms` is **52.4 ms**: at most 50 ms allowed, and it rose 31 % (limit 10 %).",
      "",
      "|  | metric | 1.2.9 (production) | 1.3.0 | change | gate |",
      "|---|---|---:|---:|---|---|",
      "| ❌ | `latency_p95_ms` ↓ | 40.1 ms | **52.4 ms** | +12.3 ms (+31 %) worse | at most 50 · may rise 10 % |",
      "| ✅ | `accuracy` ↑ | 0.9271 | **0.9312** | +0.0041 better | at least 0.90 |",
      "| ✅ | `f1` ↑ | 0.8699 | **0.8801** | +0.0102 better | may drop 0.005 |",
      "| ▫️ | `auc` ↑ | 0.9510 | 0.9510 | same |  |",
      "",
    ]);
  });

  test("folds slices, parameters, artifacts and how to undo it away, and ends with what was judged", () => {
    const report = formatReviewReport(INPUT);
    for (const summary of [
      "Slices: 1 measured, 1 worse",
      "Parameters: 1 changed",
      "Artifacts: <code>model.onnx</code> changed, 1.2 GB, present in LFS",
      "What merging does, and how to undo it",
    ]) {
      expect(report).toContain(`<details><summary>${summary}</summary>\n\n`);
    }
    expect(report).toContain("`git model rollback fraud --stage production`");
    expect(report.endsWith("judged at 3f2a9c1 against stage/production 8e01d44 · policy at main 77ab310\n")).toBe(true);
  });

  test("of a rollback shows the gates as warnings and promotes again to undo it", () => {
    const report = formatReviewReport({ ...INPUT, change: "rollback", verdict: "accept", from: "1.3.0", to: "1.2.9" });
    expect(report).toContain("### ✅ fraud 1.3.0 → 1.2.9 · production — rollback, gates not applied\n");
    expect(report).not.toContain("❌");
    expect(report).toContain("`git model promote fraud@1.3.0 --to production`");
  });

  test("says why numbers cannot be compared, and what is missing with the command that brings it", () => {
    const gates = [
      gate({
        metric: "f1",
        verdict: "missing",
        reason: "fraud@1.3.0 has no f1",
        hint: "git model evaluate fraud@1.3.0 --metrics metrics.json",
      }),
      gate({
        metric: "auc",
        rule: "maxRegression",
        limit: "0",
        verdict: "incomparable",
        reason: "evaluated on another data set",
      }),
    ];
    const report = formatReviewReport({
      ...INPUT,
      gates,
      diff: { ...DIFF, comparable: false, reason: "evaluated on another data set", metrics: [] },
    });
    expect(report).toContain(
      "`f1` is missing: `fraud@1.3.0` has no f1 — `git model evaluate fraud@1.3.0 --metrics metrics.json`\n",
    );
    expect(report).toContain("`auc` cannot be compared: evaluated on another data set.\n");
    expect(report).toContain("- ⚠️ the numbers cannot be compared: evaluated on another data set\n");
    expect(report).toContain("may not worsen (not comparable; evaluated on another data set)");
  });

  test("shows how the score moved, which no manifest has", () => {
    const score = gate({
      metric: "score",
      rule: "maxRegression",
      limit: "0",
      verdict: "fail",
      observed: dec("0.89"),
      champion: dec("0.97"),
    });
    const report = formatReviewReport({ ...INPUT, gates: [score] });
    expect(report).toContain("| ❌ | `score` ↑ | 0.97 | **0.89** | -0.08 (-8.2 %) worse | may not drop |");
  });

  test("lists needs and findings", () => {
    const needs: readonly Need[] = [
      { rule: "from", stage: staging, verdict: "pass", since: "2026-11-01T08:00:00Z", until: null, limit: null },
      {
        rule: "soak",
        stage: staging,
        verdict: "pending",
        since: "2026-11-01T08:00:00Z",
        until: "2026-11-02T08:00:00Z",
        limit: "24h",
      },
    ];
    const findings = [
      finding("stage-moved", "stage/production moved since", { hint: "git model promote fraud@1.3.0 --to production" }),
    ];
    const report = formatReviewReport({ ...INPUT, needs, findings });
    expect(report).toContain("- ✅ staging holds this version\n");
    expect(report).toContain(
      "- ⏳ held in staging since 2026-11-01 08:00 UTC, needs 24h, so until 2026-11-02 08:00 UTC\n",
    );
    expect(report).toContain(
      "- ❌ `stage-moved` stage/production moved since — `git model promote fraud@1.3.0 --to production`\n",
    );
    expect(report).toContain(
      "— `stage-moved`, waits in staging, 1 of 3 gates fails\n".replace("`stage-moved`", "stage-moved"),
    );
  });

  test("of a demote, of a first release and of a change of no model can be read, too", () => {
    expect(formatReviewReport({ ...INPUT, change: "demote", to: null, verdict: "accept" })).toContain(
      "### ✅ fraud 1.2.9 → nothing · production — the stage holds it no longer",
    );
    expect(formatReviewReport({ ...INPUT, from: null })).toContain("### ❌ fraud 1.3.0 · production —");
    expect(formatReviewReport({ ...INPUT, model: null, to: null, from: null, diff: null, gates: [] })).toContain(
      "### ❌ this change · production —",
    );
  });

  test("is cut well below the limit of a comment and stays whole Markdown", () => {
    const many = Array.from({ length: 5000 }, (_, index) => change(`metric_${index}`, "0.1", "0.2"));
    const slices = many.map((one) => ({ ...one, slice: "region=EU" }));
    const params = many.map(({ name }) => ({ name, from: null, to: "x".repeat(300) }));
    const report = formatReviewReport({ ...INPUT, diff: { ...DIFF, metrics: [...many, ...slices], params } });
    expect(report.length).toBeLessThanOrEqual(REPORT_LIMIT);
    expect(report).toMatch(/… and \d+ more\n/);
    expect(report.match(/<details>/g)).toHaveLength(report.match(/<\/details>/g)?.length ?? 0);
    expect(report).toContain("judged at 3f2a9c1");
  });

  test("gives a status text of at most 140 characters", () => {
    expect(formatStatusText(INPUT)).toBe("1 of 3 gates fails: latency_p95_ms");
    const gates = Array.from({ length: 50 }, (_, index) => gate({ metric: `metric_number_${index}`, verdict: "fail" }));
    const findings = [finding("yanked", "x"), finding("stage-moved", "y")];
    expect(formatStatusText({ ...INPUT, gates, findings }).length).toBeLessThanOrEqual(140);
  });
});

test("the report of a diff names both sides and has no gates", () => {
  const from = { model: "fraud", version: "1.2.9", stage: "production" };
  const report = formatDiffReport({ from, to: { model: "fraud", version: "1.3.0", stage: null }, diff: DIFF });
  expect(report.split("\n").slice(0, 5)).toEqual([
    "### fraud 1.2.9 (production) → 1.3.0",
    "",
    "|  | metric | 1.2.9 (production) | 1.3.0 | change |",
    "|---|---|---:|---:|---|",
    "| ▫️ | `latency_p95_ms` ↓ | 40.1 ms | 52.4 ms | +12.3 ms (+31 %) worse |",
  ]);
});

const HOSTILE = [
  "@everyone",
  "![x](http://evil/x.png)",
  "[click](http://evil)",
  "<img src=x onerror=alert(1)>",
  "</details>",
  "<!-- git-model:x -->",
  "`",
  "``` ` ``",
  "a|b",
  "\\|",
  "\n/approve",
  "\r\n# heading",
  "::set-output name=x::y",
  "\u202egnp.exe",
  "\u200b@a\u200bdmin",
  "\u001b[31mred",
  "www.evil.com",
  "http://evil",
  "GH-12",
  "#1",
  "octo/repo#2",
  "deadbeefcafe",
  "a@b.co",
  "_x_ *y* ~~z~~",
  ":tada:",
  "&lt;b&gt;",
  "- item",
  "1. item",
];

describe("hostile text in a report", () => {
  const text = fc.oneof(
    fc.constantFrom(...HOSTILE),
    fc.array(fc.constantFrom(...HOSTILE, " ", "word"), { maxLength: 6 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary", maxLength: 40 }),
  );
  const inputs = fc.record({
    model: text,
    stage: text,
    from: text,
    to: text,
    changelog: fc.array(text, { maxLength: 3 }),
    runUrl: text,
    branch: text,
    metric: text,
    slice: text,
    reason: text,
    hint: text,
    param: text,
    path: text,
    data: text,
    message: text,
    unit: text,
  });

  test("is inert: nothing of it stands outside a code span", () => {
    fc.assert(
      fc.property(inputs, (hostile) => {
        for (const report of hostileReports(hostile)) {
          const outside = outsideSpans(report);
          expect(outside).not.toMatch(
            /[@`\\]|!\[|\]\(|<(?!\/?(?:details|summary)>)|https?:|www\.|GH-\d|::|#\d|\p{Cf}/iu,
          );
          expect(outside).not.toMatch(/^\s*(?:\/|# )/m);
          expect(report).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
          expect(outside.match(/<details>/g)?.length).toBe(outside.match(/<\/details>/g)?.length);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("cannot add a column or a row to a table", () => {
    fc.assert(
      fc.property(inputs, (hostile) => {
        for (const report of hostileReports(hostile)) {
          const counts = report
            .split("\n")
            .map((line) => (line.startsWith("|") ? line.match(/(?<!\\)\|/g)?.length : null));
          for (const [index, count] of counts.entries()) {
            if (count !== null && counts[index - 1] != null) expect(count).toBe(counts[index - 1]);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

interface Hostile {
  readonly model: string;
  readonly stage: string;
  readonly from: string;
  readonly to: string;
  readonly changelog: readonly string[];
  readonly runUrl: string;
  readonly branch: string;
  readonly metric: string;
  readonly slice: string;
  readonly reason: string;
  readonly hint: string;
  readonly param: string;
  readonly path: string;
  readonly data: string;
  readonly message: string;
  readonly unit: string;
}

function hostileReports(hostile: Hostile): readonly string[] {
  const { metric, slice, unit, reason, hint } = hostile;
  const diff: VersionDiff = {
    comparable: false,
    reason,
    metrics: [change(metric, "1", "2", { unit }), change(metric, "1", "2", { slice, unit, verdict: "worse" })],
    params: [{ name: hostile.param, from: null, to: [hostile.param, dec("1"), true] }],
    artifacts: [{ path: hostile.path, from: null, to: { sha256: "x", size: 12 } }],
    data: [{ name: hostile.data, change: "added" }],
    signature: { changed: true },
  };
  const gates = [
    gate({ metric, verdict: "missing", reason, hint }),
    gate({ metric, slice, verdict: "fail", observed: dec("2"), reason }),
  ];
  const findings = [finding("tag-invalid", hostile.message, { hint, file: hostile.path, line: 3 })];
  const { model, stage, from, to, changelog, runUrl, branch } = hostile;
  const input = { ...INPUT, model, stage, from, to, changelog, runUrl, policyBranch: branch, diff, gates, findings };
  const side = { model, version: from, stage };
  return [formatReviewReport(input), formatDiffReport({ from: side, to: { model, version: to, stage: null }, diff })];
}

/** The report without code spans, and without the escaped text of summaries. */
function outsideSpans(report: string): string {
  return report
    .replace(
      /^<details><summary>(.*)<\/summary>$/gm,
      (_, summary: string) => `<details><summary>${summary.replace(/<code>[^<]*<\/code>/g, "")}</summary>`,
    )
    .replace(/(?<!`)(`+)(?!`)(?:(?!\n).)*?(?<!`)\1(?!`)/g, "");
}

describe("text and numbers for people", () => {
  test("code spans are longer than any run of backticks, on one line, and never empty", () => {
    expect(codeSpan("a`b``c")).toBe("``` a`b``c ```");
    expect(codeSpan("a\nb")).toBe("`a⏎b`");
    expect(codeSpan(" ")).toBe("`(empty)`");
    expect(codeSpan("x".repeat(1000))).toHaveLength(302);
  });

  test("what cannot be seen is shown", () => {
    expect(visibleText("a\u202eb\u200bc\u001bd")).toBe("a⟨U+202E⟩b⟨U+200B⟩c⟨U+001B⟩d");
    expect(visibleText("é 日本 😀")).toBe("é 日本 😀");
  });

  test("percentages and sizes are rounded as people read them", () => {
    expect([0.31, 0.0044, -0.1, 0, 1.5, 0.0001].map(formatPercent)).toEqual([
      "+31 %",
      "+0.4 %",
      "-10 %",
      "+0 %",
      "+150 %",
      "+<0.1 %",
    ]);
    expect([812, 3200, 1_200_000_000, 999_950, 0].map(formatBytes)).toEqual([
      "812 B",
      "3.2 kB",
      "1.2 GB",
      "1.0 MB",
      "0 B",
    ]);
  });
});
