import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatJson } from "../../src/cli/json.ts";
import { finding } from "../../src/domain/finding.ts";
import { RegistryError } from "../../src/errors.ts";
import { runCli } from "./run-cli.ts";
import { CHECKED, DIFF, decimal, gate, LIST, LIST_VERSIONS, PROMOTION, REGISTERED, V } from "./sample-answers.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "git-model-cli-"));
  await writeFile(join(folder, "metrics.json"), '{"f1": 0.8800, "nested": {"auc": 0.95}}');
  await writeFile(join(folder, "twice.json"), '{"f1": 0.88, "f1": 0.89}');
  await writeFile(join(folder, "slices.yaml"), '"region=EU": { f1: 0.871 }\n');
  await writeFile(
    join(folder, "manifest.yaml"),
    "title: From the file\nlabels: { team: risk, tier: one }\nmetrics: { f1: 0.1, old: 1 }\nparams: { depth: 3 }\n",
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("JSON", () => {
  test("numbers keep their decimal text", () => {
    const value = { a: decimal("0.9300"), b: decimal("1e-07"), c: [decimal("5")], d: undefined, e: null, f: 0.25 };
    expect(formatJson(value, { keys: [] })).toBe(
      '{\n  "a": 0.9300,\n  "b": 1.0e-07,\n  "c": [\n    5\n  ],\n  "e": null,\n  "f": 0.25\n}\n',
    );
  });

  test("keys come in the order of CLI.md, absent ones as null", async () => {
    const ran = await runCli(["list", "--json"], { answers: { list: LIST } });
    expect(Object.keys(JSON.parse(ran.stdout))).toEqual(["fetchedAt", "models"]);
    const diff = JSON.parse((await runCli(["diff", "a", "b", "--json"], { answers: { diff: DIFF } })).stdout);
    expect(Object.keys(diff.metrics[0]).slice(0, 7)).toEqual("name slice from to change relative verdict".split(" "));
    expect(diff).not.toHaveProperty("report");
  });

  test("one promotion is the document, several are a list", async () => {
    const one = await runCli(["promote", "fraud", "--to", "s", "--json"], { answers: { promote: [PROMOTION] } });
    expect(JSON.parse(one.stdout)).toMatchObject({ kind: "pull-request", model: "fraud" });
    expect(one.stdout).toMatch(/"observed": 0\.9312,[\s\S]*"limit": "0\.90"/);
    const two = await runCli(["promote", "a", "b", "--to", "s", "--json"], {
      answers: { promote: [PROMOTION, PROMOTION] },
    });
    expect(JSON.parse(two.stdout).promotions).toHaveLength(2);
  });

  test("an error is a document on stdout, with its findings", async () => {
    const error = new RegistryError("policy-invalid", "registry.yaml is not valid", {
      hint: "git model validate",
      findings: [finding("unknown-key", "stags: there is no such key", { file: "registry.yaml", line: 3, column: 1 })],
    });
    const ran = await runCli(["list", "--json"], { answers: { list: error } });
    expect(ran).toMatchObject({ code: 2, stderr: "" });
    expect(JSON.parse(ran.stdout)).toEqual({
      error: {
        code: "policy-invalid",
        message: "registry.yaml is not valid",
        hint: "git model validate",
        retryable: false,
        findings: [expect.objectContaining({ code: "unknown-key", line: 3, ref: null })],
      },
    });
  });
});

describe("exit codes", () => {
  const promotion = (rest: object) => ({ ...PROMOTION, ...rest });
  test.each([
    ["unchanged", promotion({ kind: "unchanged", passed: true }), 0],
    ["an open request that passes", promotion({ passed: true }), 0],
    ["an open request that fails", promotion({ passed: false }), 1],
    ["a pushed branch that fails", promotion({ kind: "branch", passed: false }), 1],
    ["released", promotion({ kind: "released", passed: true }), 0],
    ["dispatched", promotion({ kind: "dispatched", passed: true }), 0],
    ["refused", promotion({ kind: "refused", passed: true }), 1],
  ])("promote: %s", async (_, answer, code) => {
    expect((await runCli(["promote", "fraud", "--to", "s"], { answers: { promote: [answer] } })).code).toBe(code);
    const several = { promote: [promotion({ passed: true }), answer] };
    expect((await runCli(["promote", "a", "b", "--to", "s"], { answers: several })).code).toBe(code);
    const registered = { ...REGISTERED, promotion: answer };
    expect((await runCli(["register", "fraud", "m"], { answers: { register: registered } })).code).toBe(code);
  });

  test("pr close is 0 whatever the gates say", async () => {
    const answers = { closeRequest: promotion({ kind: "closed", passed: false }) };
    expect((await runCli(["pr", "close", "fraud", "--stage", "s"], { answers })).code).toBe(0);
  });

  test.each([
    ["accept", 0],
    ["wait", 1],
    ["refuse", 1],
  ])("review: %s is %i", async (verdict, code) => {
    const answers = { review: { ...PROMOTION, verdict, mergeBase: null, diff: null, report: "# R\n" } };
    expect((await runCli(["review"], { answers })).code).toBe(code);
    expect((await runCli(["review", "--markdown"], { answers })).stdout).toBe("# R\n");
  });

  test("doctor, validate and reconcile: 1 iff an error is left", async () => {
    const warning = finding("release-missing", "a tag is missing", { severity: "warning" });
    const error = finding("tag-moved", "a tag was moved");
    for (const [findings, code] of [
      [[], 0],
      [[warning], 0],
      [[warning, error], 1],
    ] as const) {
      const answers = { doctor: { ...CHECKED, findings }, reconcile: { created: [], reviewed: [], findings } };
      expect((await runCli(["doctor"], { answers })).code).toBe(code);
      expect((await runCli(["reconcile"], { answers })).code).toBe(code);
    }
  });

  test("evaluate: 1 when a gate blocks", async () => {
    const answers = {
      evaluate: { ...V, created: true, path: "p", gates: [gate("f1", { verdict: "fail" })], passed: false },
    };
    const argv = ["evaluate", "fraud", "--metrics", "metrics.json", "--check", "production"];
    expect((await runCli(argv, { answers, directory: folder })).code).toBe(1);
  });

  test.each([
    ["not-found", 1],
    ["usage", 2],
    ["network", 3],
  ] as const)("an error %s is %i", async (code, exit) => {
    const ran = await runCli(["list"], { answers: { list: new RegistryError(code, "it is so", { hint: "do this" }) } });
    expect(ran).toMatchObject({ code: exit, stdout: "", stderr: `error[${code}]: it is so\nhint: do this\n` });
  });

  test("what nobody foresaw is our bug: 70, and a stack only for debugging", async () => {
    const answers = { list: new TypeError("x is undefined") };
    const ran = await runCli(["list"], { answers });
    expect(ran.code).toBe(70);
    expect(ran.stderr).toMatch(/^error\[internal\]: git-model has a bug: x is undefined\nhint: .*report/);
    expect(ran.stderr).not.toContain("    at ");
    const debug = await runCli(["list"], { answers, environment: { GIT_MODEL_DEBUG: "1" } });
    expect(debug.stderr).toContain("    at ");
  });
});

describe("questions", () => {
  test("options become the operation's question, and nothing that was not said", async () => {
    const { asked } = await runCli(["list", "fraud", "--where", "f1>=0.9", "--fetch"], {
      answers: { listVersions: LIST_VERSIONS },
    });
    expect(asked.at(-1)).toEqual({
      operation: "listVersions",
      question: { model: "fraud", where: "f1>=0.9", fetch: true, limit: 20 },
    });
    const all = await runCli(["list", "fraud", "--all"], { answers: { listVersions: LIST_VERSIONS } });
    expect(all.asked.at(-1)?.question).toEqual({ model: "fraud" });
  });

  test("files are read here, single keys win over them, they over --manifest", async () => {
    const argv =
      "register fraud m.onnx --manifest manifest.yaml --metrics metrics.json --metric f1=0.9 --label team=fraud";
    const more = "--param depth=8 --param mode=fast --slices slices.yaml --role m.onnx=model --no-push";
    const ran = await runCli(`${argv} ${more}`.split(" "), { answers: { register: REGISTERED }, directory: folder });
    expect(ran.stderr).toBe("");
    expect(ran.asked.find(({ operation }) => operation === "register")?.question).toEqual({
      model: "fraud",
      files: ["m.onnx"],
      push: false,
      roles: { "m.onnx": "model" },
      details: {
        title: "From the file",
        labels: { team: "fraud", tier: "one" },
        metrics: { f1: decimal("0.9"), "nested.auc": decimal("0.95") },
        params: { depth: decimal("8"), mode: "fast" },
        slices: { "region=EU": { f1: decimal("0.871") } },
      },
    });
  });

  test("- is standard input, once", async () => {
    const evaluation = { ...V, created: true, path: "p", gates: [], passed: true };
    const options = { answers: { evaluate: evaluation }, stdin: "f1: 0.5\n", directory: folder };
    const ran = await runCli(["evaluate", "fraud", "--metrics", "-"], options);
    expect(ran.asked.at(-1)?.question).toEqual({ reference: "fraud", metrics: { f1: decimal("0.5") } });
    const twice = await runCli(["evaluate", "fraud", "--metrics", "-", "--slices", "-"], options);
    expect(twice.stderr).toMatch(/--metrics and --slices cannot both read standard input/);
  });

  test("what is wrong in a file is told with its place", async () => {
    const ran = await runCli(["register", "fraud", "m", "--metrics", "twice.json"], { directory: folder });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/error\[metrics-invalid\].*twice\.json is not valid\n {2}✗ twice\.json:1:\d+: .*f1/);
    const missing = await runCli(["register", "fraud", "m", "--metrics", "none.json"], { directory: folder });
    expect(missing.stderr).toContain("there is no file none.json");
    const flag = await runCli(["register", "fraud", "m", "--metric", "f1=high"], { directory: folder });
    expect(flag.stderr).toContain("high is not a number");
    const polluting = await runCli(["register", "fraud", "m", "--label", "__proto__=x"], { directory: folder });
    expect(polluting.code).toBe(2);
  });

  test("-C and --registry say which registry is opened", async () => {
    const { asked } = await runCli("-C a -C b --registry ../models list".split(" "), { answers: { list: LIST } });
    expect(asked[0]).toMatchObject({ operation: "open", question: { directory: "/work/a/b", registry: "../models" } });
  });

  test("yank and discard ask on a terminal only, and --yes answers", async () => {
    const answers = { yank: { ...V, reason: "leak", created: true }, discard: { ...V, discarded: true } };
    const argv = ["yank", "fraud@1.3.0", "--reason", "leak"];
    const no = await runCli(argv, { answers, terminal: 80, stdin: "n\n" });
    expect(no).toMatchObject({ code: 1, stderr: "Yank fraud@1.3.0? This is final. [y/N] ", asked: [] });
    expect((await runCli(argv, { answers, terminal: 80, stdin: "y\n" })).code).toBe(0);
    expect((await runCli([...argv, "--yes"], { answers, terminal: 80, stdin: "" })).stderr).toBe("");
    expect((await runCli(argv, { answers })).stderr).toBe("");
    expect((await runCli(["discard", "fraud@1.3.0"], { answers, terminal: 80, stdin: "" })).code).toBe(1);
  });
});
