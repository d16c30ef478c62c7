import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { ADAPTERS, type TestRegistry, testRegistry } from "../support/registry.ts";

const POLICY = `schemaVersion: 1
name: acme-models
stages:
  staging: {}
  production:
    gates:
      - { metric: f1, min: 0.85 }
      - { metric: f1, maxRegression: 0.01 }
      - { metric: latency_ms, max: 50, kind: live }
`;

const BRANCH = "refs/heads/evaluations/fraud";
const holdout = { dataset: { name: "holdout", sha256: "a".repeat(64) } };

async function register(one: TestRegistry, version: string, f1: number): Promise<void> {
  const file = await one.file("m.onnx", version);
  await one.registry.register({
    model: "fraud",
    version,
    files: [file],
    details: { metrics: { f1 }, evaluation: holdout },
  });
}

describe.each(ADAPTERS)("an evaluation on %s", (adapter) => {
  let one: TestRegistry;

  beforeAll(async () => {
    one = await testRegistry({ adapter, remote: true, policy: POLICY });
    await register(one, "1.0.0", 0.9);
  });

  test("is a canonical file under the digest of its content, in one commit on an orphan branch", async () => {
    const answer = await one.registry.evaluate({
      reference: "fraud@1.0.0",
      metrics: { f1: 0.87, accuracy: 0.95 },
      slices: { "region=EU": { f1: 0.8 } },
      evaluation: { dataset: { name: "q4", uri: "s3://ada:secret@bucket/q4", sha256: "b".repeat(64) } },
      note: "next quarter",
      at: "2026-10-01T00:00:00Z",
    });
    expect(answer).toMatchObject({ version: "1.0.0", created: true, passed: true, gates: [] });
    const text = (await one.server?.gitBytes({}, "cat-file", "-p", `${BRANCH}:${answer.path}`))?.toString() ?? "";
    expect(answer.path).toBe(`v1.0.0/${createHash("sha256").update(text).digest("hex").slice(0, 12)}.yaml`);
    expect(text).toBe(
      [
        "schemaVersion: 1",
        "model: fraud",
        "version: 1.0.0",
        `tree: "${answer.tree}"`,
        "kind: offline",
        'measuredAt: "2026-10-01T00:00:00Z"',
        "evaluation:",
        "  dataset:",
        "    name: q4",
        '    uri: "s3://bucket/q4"',
        `    sha256: "${"b".repeat(64)}"`,
        "metrics:",
        "  accuracy: 0.95",
        "  f1: 0.87",
        "slices:",
        '  "region=EU": { f1: 0.8 }',
        'note: "next quarter"',
        "",
      ].join("\n"),
    );
    expect(await one.server?.git("log", "--format=%P|%s|%cn", BRANCH)).toBe("|Evaluate fraud 1.0.0|Ada Tester");
    await one.server?.fsck();
  });

  test("again is no new one", async () => {
    const question = { reference: "fraud", metrics: { f1: 0.88 } };
    expect(await one.registry.evaluate(question)).toMatchObject({ created: true });
    const tip = await one.server?.id(BRANCH);
    expect(await one.registry.evaluate(question)).toMatchObject({ created: false });
    expect(await one.server?.id(BRANCH)).toBe(tip);
  });

  test("of live traffic has a time of its own, an offline one has none", async () => {
    const live = await one.registry.evaluate({ reference: "fraud", metrics: { latency_ms: 31 }, live: true });
    const text = await one.repo.git("cat-file", "-p", `refs/remotes/origin/evaluations/fraud:${live.path}`);
    expect(text).toMatch(/^kind: live\nmeasuredAt: "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"$/m);
    const offline = await one.registry.evaluate({ reference: "fraud", metrics: { f1: 0.7 } });
    expect(await one.repo.git("cat-file", "-p", `refs/remotes/origin/evaluations/fraud:${offline.path}`)).not.toContain(
      "measuredAt",
    );
  });

  test("is what show lists, newest first", async () => {
    const { evaluations } = await one.registry.show({ reference: "fraud@1.0.0" });
    expect(evaluations.map(({ kind }) => kind)).toEqual(["offline", "live", "offline", "offline"]);
  });

  test("of several people at once is lost by nobody", async () => {
    const people = [one, await one.clone(), await one.clone()];
    const before = Number(await one.server?.git("rev-list", "--count", BRANCH));
    const answers = await Promise.all(
      people.map(({ registry }, index) =>
        registry.evaluate({ reference: "fraud", metrics: { f1: 0.5 + index / 100 } }),
      ),
    );
    expect(answers.every(({ created }) => created)).toBe(true);
    const files = (await one.server?.git("ls-tree", "-r", "--name-only", BRANCH))?.split("\n") ?? [];
    expect(files).toEqual(expect.arrayContaining(answers.map(({ path }) => path)));
    expect(Number(await one.server?.git("rev-list", "--count", BRANCH))).toBe(before + 3);
    expect(await one.server?.git("rev-list", "--merges", BRANCH)).toBe("");
    await one.server?.fsck();
  });

  test("kept by --no-push waits for push, also when the branch moved on, and goes once", async () => {
    const two = await one.clone();
    const mine = await one.registry.evaluate({ reference: "fraud", metrics: { f1: 0.61 }, push: false });
    const also = await one.registry.evaluate({ reference: "fraud", metrics: { f1: 0.62 }, push: false });
    const theirs = await two.registry.evaluate({ reference: "fraud", metrics: { f1: 0.63 } });
    const there = async () => (await one.server?.git("ls-tree", "-r", "--name-only", BRANCH))?.split("\n") ?? [];
    expect(await there()).not.toContain(mine.path);
    expect(await one.registry.push()).toMatchObject({ pushed: ["evaluations/fraud"], rejected: [] });
    expect(await there()).toEqual(expect.arrayContaining([mine.path, also.path, theirs.path]));
    expect(await one.registry.push()).toMatchObject({ pushed: [], adopted: [], rejected: [] });
    const later = await two.registry.evaluate({ reference: "fraud", metrics: { f1: 0.64 } });
    const kept = await one.registry.evaluate({ reference: "fraud", metrics: { f1: 0.65 }, push: false });
    expect(await one.registry.push()).toMatchObject({ pushed: ["evaluations/fraud"] });
    expect(await there()).toEqual(expect.arrayContaining([mine.path, later.path, kept.path]));
  });

  test("pushed by two at once is lost by neither", async () => {
    const people = [one, await one.clone()];
    const kept = await Promise.all(
      people.map(({ registry }, index) =>
        registry.evaluate({ reference: "fraud", metrics: { f1: 0.41 + index / 100 }, push: false }),
      ),
    );
    const answers = await Promise.all(people.map(({ registry }) => registry.push()));
    expect(answers.flatMap(({ rejected }) => rejected)).toEqual([]);
    const files = (await one.server?.git("ls-tree", "-r", "--name-only", BRANCH))?.split("\n") ?? [];
    expect(files).toEqual(expect.arrayContaining(kept.map(({ path }) => path)));
  });
});

describe("--check", () => {
  let one: TestRegistry;
  const check = (metrics: object, more: object = {}) =>
    one.registry.evaluate({ reference: "fraud@1.1.0", metrics, evaluation: holdout, check: "production", ...more });

  beforeAll(async () => {
    one = await testRegistry({ policy: POLICY });
    await register(one, "1.0.0", 0.9);
    await register(one, "1.1.0", 0.91);
    await one.registry.promote({ references: ["fraud@1.0.0"], to: "production", direct: true });
  });

  test("judges this measurement by the gates of its kind, against what the stage holds", async () => {
    const good = await check({ f1: 0.895 });
    expect(good).toMatchObject({ created: true, passed: true });
    expect(good.gates.map(({ rule, verdict, measured }) => [rule, verdict, measured?.from])).toEqual([
      ["min", "pass", good.path],
      ["maxRegression", "pass", good.path],
    ]);
    const bad = await check({ f1: 0.88 });
    expect(bad).toMatchObject({ created: true, passed: false });
    expect(bad.gates.map(({ verdict }) => verdict)).toEqual(["pass", "fail"]);
  });

  test("judges live gates by live measurements only", async () => {
    const live = await check({ latency_ms: 80 }, { live: true });
    expect(live.gates.map(({ metric, rule, verdict }) => [metric, rule, verdict])).toEqual([
      ["latency_ms", "max", "fail"],
    ]);
    expect(live.passed).toBe(false);
  });

  test("of the version that the stage holds compares it with its own earlier measurement", async () => {
    const answer = await one.registry.evaluate({
      reference: "fraud@production",
      metrics: { f1: 0.86 },
      evaluation: holdout,
      check: "production",
    });
    expect(answer.gates.map(({ rule, verdict }) => [rule, verdict])).toEqual([
      ["min", "pass"],
      ["maxRegression", "fail"],
    ]);
  });

  test("of an unknown stage writes nothing", async () => {
    const tip = await one.repo.id(BRANCH);
    await expect(check({ f1: 0.5 }, { check: "prod" })).rejects.toMatchObject({ code: "stage-unknown" });
    expect(await one.repo.id(BRANCH)).toBe(tip);
  });

  test.each([
    ["no number", { metrics: { f1: "0.9" } }, "metrics-invalid"],
    ["not finite", { metrics: { f1: Number.POSITIVE_INFINITY } }, "metrics-invalid"],
    ["a time that is none", { metrics: { f1: 0.9 }, at: "yesterday" }, "evaluation-invalid"],
    ["an unknown key", { metrics: { f1: 0.9 }, evaluation: { datasets: {} } }, "evaluation-invalid"],
    ["no metric at all", { metrics: {} }, "metrics-invalid"],
  ])("is not reached by %s", async (_, question, code) => {
    await expect(one.registry.evaluate({ reference: "fraud", ...question })).rejects.toMatchObject({ code });
  });

  test("does not count an evaluation that names another tree", async () => {
    const tree = await one.repo.id("fraud@v1.0.0^{tree}");
    const { path } = await one.registry.evaluate({ reference: "fraud@1.1.0", metrics: { f1: 0.99 } });
    const text = await one.repo.git("cat-file", "-p", `${BRANCH}:${path}`);
    const foreign = `${text.replace(/^tree: .*$/m, `tree: "${tree}"`)}\n`;
    const digest = createHash("sha256").update(foreign).digest("hex").slice(0, 12);
    const other = await testRegistry({ policy: POLICY });
    await register(other, "1.1.0", 0.91);
    await other.repo.git("checkout", "-q", "--orphan", "evaluations/fraud");
    await other.repo.git("rm", "-rfq", ".");
    await other.repo.commit("Evaluate", { [`v1.1.0/${digest}.yaml`]: foreign });
    await other.repo.git("checkout", "-q", "main");
    expect((await other.registry.show({ reference: "fraud" })).evaluations).toEqual([]);
    expect((await other.registry.doctor()).findings.map(({ code }) => code)).toContain("evaluation-foreign");
  });
});
