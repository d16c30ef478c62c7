import { describe, expect, test } from "vitest";
import { newPolicy, readPolicy } from "../../src/documents/policy.ts";
import { parseStageName, type StageName } from "../../src/domain/policy/stage.ts";
import { POLICY_EXAMPLE } from "./examples.ts";

function problems(text: string): readonly string[] {
  const read = readPolicy(text);
  if (read.ok) return [];
  return read.findings.map(
    ({ line, column, code, message, hint }) =>
      `${line}:${column} ${code} ${message}${hint === null ? "" : ` (${hint})`}`,
  );
}

function stages(...names: readonly string[]): readonly StageName[] {
  return names.map((name) => {
    const parsed = parseStageName(name);
    if (!parsed.ok) throw new Error(parsed.message);
    return parsed.value;
  });
}

describe("reading registry.yaml", () => {
  test("takes the documented example, with the limits' own text", () => {
    const read = readPolicy(POLICY_EXAMPLE);
    if (!read.ok) throw new Error(JSON.stringify(read.findings));
    expect(Object.keys(read.policy.stages)).toEqual(["staging", "production", "edge"]);
    const [accuracy, , latency] = read.policy.stages.production?.gates ?? [];
    expect(accuracy?.min?.text).toBe("0.90");
    expect(latency?.maxRegression).toMatchObject({ text: "10%", percent: true });
  });

  test("answers everything that is wrong at once", () => {
    const text = `schemaVersion: 1
stage: {}
stages:
  Prod: {}
  staging: { kind: branches, gate: [] }
  production:
    soak: 1 day
    gates:
      - { metrics: f1, min: "0.9" }
      - { metric: f1, min: , max: 3 }
      - { metric: f1 }
      - { metric: f1, maxRegression: abc }
      - { metric: f1, maxRegresion: 1%, severity: warning }
`;
    expect(problems(text)).toEqual(
      [
        "2:1 unknown-key stage: there is no such key (did you mean stages?)",
        "4:3 invalid-value stages.Prod: a stage name is 1 to 32 lower-case letters, digits and -, beginning with a letter (the nearest allowed name is prod)",
        '5:20 invalid-value stages.staging.kind: expected branch or tag, found the text "branches" (did you mean branch?)',
        "5:30 unknown-key stages.staging.gate: there is no such key (did you mean gates?)",
        "7:11 invalid-value stages.production.soak: a duration is a number and m, h or d: 90m, 24h, 7d",
        "9:9 missing-key stages.production.gates[0].metric: this key is required and absent",
        "9:11 unknown-key stages.production.gates[0].metrics: there is no such key (did you mean metric?)",
        '9:29 invalid-value stages.production.gates[0].min: expected a number, found the text "0.9" (write 0.9 without quotes)',
        "10:23 invalid-value stages.production.gates[1].min: expected a number, found nothing (leave the key out, or give it a value)",
        "11:9 invalid-value stages.production.gates[2]: a gate needs min, max or maxRegression",
        "12:38 invalid-value stages.production.gates[3].maxRegression: expected a number, or a percentage like 1%",
        "13:23 unknown-key stages.production.gates[4].maxRegresion: there is no such key (did you mean maxRegression?)",
        '13:51 invalid-value stages.production.gates[4].severity: expected block or warn, found the text "warning"',
      ].map((one) =>
        one.replace(
          "maxRegression: expected a number, or a percentage like 1%",
          'maxRegression: expected a number, or a percentage like 1%, found the text "abc"',
        ),
      ),
    );
  });

  test("fails closed on contradictions: undeclared stages, cycles, unknown directions, a score of losses", () => {
    const text =
      "schemaVersion: 1\nstages:\n  a: { from: [b, c] }\n  b: { from: [a], gates: [{ metric: foo, maxRegression: 1% }] }\nscore: { weights: { loss: 1 } }\n";
    expect(problems(text).map((one) => one.split(": ")[0])).toEqual([
      "3:14 invalid-value stages.a.from",
      "3:18 invalid-value stages.a.from[1]",
      "4:14 invalid-value stages.b.from",
      "4:37 invalid-value stages.b.gates[0].metric",
      "5:27 invalid-value score.weights.loss",
    ]);
  });

  test("fails closed on a file that is empty, too large or no text", () => {
    expect(problems("")).toHaveLength(1);
    expect(problems(`# ${"x".repeat(256 * 1024)}`)[0]).toContain("too-large");
    expect(readPolicy(Uint8Array.from([0xff, 0xfe]))).toMatchObject({ ok: false, findings: [{ code: "syntax" }] });
  });
});

describe("a new registry.yaml", () => {
  test("is valid, has no gates, and lets each stage follow the one before it", () => {
    const read = readPolicy(
      newPolicy({ name: "acme models", stages: stages("staging", "canary", "production"), forge: "github" }),
    );
    if (!read.ok) throw new Error(JSON.stringify(read.findings));
    expect(read.policy).toMatchObject({ name: "acme models", forge: "github" });
    expect(Object.entries(read.policy.stages).map(([name, { from, gates }]) => [name, from, gates])).toEqual([
      ["staging", [], []],
      ["canary", ["staging"], []],
      ["production", ["canary"], []],
    ]);
  });

  test.each([[[]], [["on"]], [["null", "true"]]])("is valid with the stages %j", (names) => {
    const read = readPolicy(newPolicy({ name: "x: y", stages: stages(...names) }));
    expect(read.ok && Object.keys(read.policy.stages)).toEqual(names);
  });

  test("becomes a registry with gates when its comments are uncommented", () => {
    const text = newPolicy({ name: "acme", stages: stages("staging", "production") });
    const uncommented = text.replaceAll(/^( *)# (soak:| {2}- \{|gates:|metrics:| {2}[a-z_0-9]+: \{)/gm, "$1$2");
    const read = readPolicy(uncommented);
    if (!read.ok) throw new Error(JSON.stringify(read.findings));
    expect(read.policy.stages.production?.gates).toHaveLength(2);
    expect(read.policy.stages.production?.soak?.text).toBe("24h");
    expect(Object.keys(read.policy.metrics)).toHaveLength(2);
  });

  test("names its schema in the first line, for editors", () => {
    expect(newPolicy({ name: "acme", stages: [] })).toMatch(
      /^# yaml-language-server: \$schema=https:\S+registry\.schema\.json\n/,
    );
  });
});
