import { beforeAll, describe, expect, test } from "vitest";
import { HOLDOUT_B, readingStory, throughEachAdapter } from "../support/reading-story.ts";
import { ADAPTERS, type Adapter, type TestRegistry } from "../support/registry.ts";

let story: TestRegistry;
let opened: Readonly<Record<Adapter, TestRegistry>>;

beforeAll(async () => {
  story = await readingStory();
  const path = await story.file("other/model.onnx", "other\n");
  const evaluation = { dataset: { sha256: HOLDOUT_B } };
  await story.registry.register({
    model: "fraud",
    version: "1.20.0",
    files: [path],
    details: { metrics: { f1: 0.1, data_quality: 1, oddity: 3, log_loss: 0.5 }, evaluation, params: { depth: 8 } },
  });
  await registerWithoutManifest(story);
  opened = await throughEachAdapter(story);
});

describe.each(ADAPTERS)("diff, through %s git", (adapter) => {
  const diff = (from: string, to: string) => opened[adapter].registry.diff({ from, to });

  test("tells each number's change in the direction that is better", async () => {
    const answer = await diff("fraud@1.1.0", "fraud@1.2.0");
    expect(answer).toMatchObject({
      from: { version: "1.1.0", tag: "fraud@v1.1.0" },
      to: { version: "1.2.0" },
      comparable: true,
      reason: null,
      params: [],
      data: [],
      signature: { changed: false },
    });
    expect(answer.metrics).toMatchObject([
      { name: "accuracy", slice: null, change: { text: "0.06" }, relative: 0.0659341, verdict: "better" },
      { name: "f1", slice: null, change: { text: "-0.02" }, relative: -0.0235294, verdict: "worse" },
    ]);
    expect(answer.artifacts).toMatchObject([{ path: "model.onnx", from: { size: 23 }, to: { size: 23 } }]);
    expect(answer.report).toContain("f1");
  });

  test("does not judge numbers of another data set, and says why", async () => {
    const answer = await diff("fraud@1.2.0", "fraud@1.20.0");
    expect(answer).toMatchObject({ comparable: false, reason: expect.stringContaining("data set") });
    const verdicts = Object.fromEntries(answer.metrics.map(({ name, verdict }) => [name, verdict]));
    expect(verdicts).toEqual({
      accuracy: "removed",
      data_quality: "added",
      f1: "incomparable",
      log_loss: "added",
      oddity: "added",
    });
    expect(answer.params).toMatchObject([{ name: "depth", from: null }]);
  });

  test("of a version with itself is all the same; of two models is allowed; of a yanked one warns once", async () => {
    expect((await diff("fraud@1.20", "fraud@1.20.0")).metrics.every(({ verdict }) => verdict === "same")).toBe(true);
    expect(await diff("fraud@1.0.0", "team/churn")).toMatchObject({ comparable: false });
    const { warnings } = opened[adapter];
    warnings.splice(0);
    await diff("fraud@1.3.0", "fraud@1.3.0");
    expect(warnings.map(({ code }) => code)).toEqual(["yanked"]);
  });

  test("a side that is not there is an error", async () => {
    await expect(diff("fraud@1.0.0", "fraud@9.9.9")).rejects.toMatchObject({ code: "not-found" });
    await expect(diff("fraud@1.0.0", "nosuch")).rejects.toMatchObject({ code: "not-found" });
    await expect(diff("fraud@", "fraud")).rejects.toMatchObject({ code: "reference-invalid" });
    await expect(diff("fraud@1.0.0", "fraud@1.30.0")).rejects.toMatchObject({ code: "manifest-invalid" });
  });
});

describe.each(ADAPTERS)("compare, through %s git", (adapter) => {
  const compare = (references: readonly string[], more: { metrics?: readonly string[]; limit?: number } = {}) =>
    opened[adapter].registry.compare({ references, ...more });
  const numbers = (answer: Awaited<ReturnType<typeof compare>>) => answer.versions.map(({ version }) => version);

  test("of a model: what is not yanked, best score first, unscored last and newest first", async () => {
    const { warnings } = opened[adapter];
    warnings.splice(0);
    const answer = await compare(["fraud"]);
    expect(numbers(answer)).toEqual(["2.0.0-rc.1", "1.2.0", "1.1.0", "1.0.0", "1.20.0", "1.10.0"]);
    expect(answer.versions[0]).toMatchObject({ score: { text: "0.98" }, tag: "fraud@v2.0.0-rc.1" });
    expect(
      warnings.map(({ code }) => code),
      "one version has no readable manifest",
    ).toEqual(["manifest-invalid"]);
  });

  test("of references: in the order given, a row a metric with the index of the best", async () => {
    const answer = await compare(["fraud@1.0.0", "fraud@1.20.0", "fraud@1.2.0"]);
    expect(numbers(answer)).toEqual(["1.0.0", "1.20.0", "1.2.0"]);
    expect(answer.metrics.map(({ name, better }) => [name, better])).toEqual([
      ["accuracy", "higher"],
      ["data_quality", "higher"],
      ["f1", "higher"],
      ["log_loss", "lower"],
      ["oddity", null],
    ]);
    const alike = await compare(["fraud@1.0.0", "fraud@1.2.0"]);
    expect(alike.metrics.map(({ name, best }) => [name, best])).toEqual([
      ["accuracy", 1],
      ["f1", 1],
    ]);
    expect(answer.metrics[0]?.values.map((value) => value?.text ?? null)).toEqual(["0.9", null, "0.97"]);
  });

  test("ranks nothing that was measured on something else than the newest", async () => {
    const answer = await compare(["fraud@1.0.0", "fraud@1.20.0", "fraud@1.2.0"]);
    expect(answer.versions.map(({ comparable }) => comparable)).toEqual([false, true, false]);
    expect(answer.metrics.map(({ name, best }) => [name, best])).toEqual([
      ["accuracy", null],
      ["data_quality", 1],
      ["f1", 1],
      ["log_loss", 1],
      ["oddity", null],
    ]);
  });

  test("of nothing: each model's latest", async () => {
    const answer = await compare([]);
    expect(answer.versions.map(({ model, version }) => `${model}@${version}`)).toEqual(["team/churn@0.1.0-rc.2"]);
    expect(await compare(["team/churn"])).toMatchObject({ versions: [{ version: "0.1.0-rc.2" }, {}] });
  });

  test("only the metrics asked for, only so many versions", async () => {
    const answer = await compare(["fraud"], { metrics: ["f1"], limit: 2 });
    expect(answer.metrics.map(({ name }) => name)).toEqual(["f1"]);
    expect(numbers(answer)).toHaveLength(2);
    await expect(compare(["fraud"], { metrics: ["f2"] })).rejects.toMatchObject({ code: "not-found" });
    await expect(compare(["nosuch"])).rejects.toMatchObject({ code: "not-found" });
    await expect(compare(["fraud", "nosuch@1.0.0"])).rejects.toMatchObject({ code: "not-found" });
  });
});

describe.each(ADAPTERS)("best, through %s git", (adapter) => {
  const best = (question: Parameters<TestRegistry["registry"]["best"]>[0]) => opened[adapter].registry.best(question);

  test("says by what, of how many, and why the others were left out", async () => {
    const answer = await best({ model: "fraud" });
    expect(answer).toMatchObject({
      model: "fraud",
      version: "1.2.0",
      by: "score",
      value: { text: "0.886" },
      considered: 3,
    });
    const reasons = Object.fromEntries(answer.skipped.map(({ version, reason }) => [version, reason]));
    expect(reasons).toEqual({
      "1.3.0": "yanked",
      "1.10.0": "has no score: it lacks accuracy",
      "1.20.0": "has no score: it lacks accuracy",
      "2.0.0-rc.1": "a pre-release, and there are releases",
    });
    expect(answer.skipped.every(({ model }) => model === "fraud")).toBe(true);
  });

  test("compares only with the newest measured version", async () => {
    const answer = await best({ model: "fraud", metric: "f1" });
    expect(answer).toMatchObject({ version: "1.20.0", considered: 1 });
    expect(answer.skipped.find(({ version }) => version === "1.1.0")?.reason).toContain("fraud@1.20.0");
  });

  test("among versions that a stage ever took, on a branch and on tags", async () => {
    expect(await best({ model: "fraud", stage: "staging" })).toMatchObject({ version: "1.2.0", considered: 3 });
    expect(await best({ model: "fraud", stage: "production" })).toMatchObject({ version: "1.1.0", considered: 2 });
    expect(await best({ model: "fraud", stage: "edge" })).toMatchObject({ version: "1.2.0", considered: 2 });
    expect(await best({ stage: "staging", metric: "f1" })).toMatchObject({ version: "1.1.0", considered: 3 });
    expect(await best({ stage: "edge", metric: "f1" })).toMatchObject({ version: "1.2.0", considered: 2 });
    await expect(best({ model: "team/churn", stage: "staging" })).rejects.toMatchObject({ code: "not-found" });
    await expect(best({ stage: "canary" })).rejects.toMatchObject({ code: "not-found" });
    await expect(best({ stage: "nowhere" })).rejects.toMatchObject({ code: "stage-unknown" });
  });

  test("without a model is one pool of all", async () => {
    const answer = await best({ metric: "accuracy" });
    expect(answer).toMatchObject({ model: "fraud", version: "1.2.0" });
    expect(answer.skipped.filter(({ model }) => model === "team/churn")).toHaveLength(2);
  });

  test("needs to know which direction is better", async () => {
    await expect(best({ model: "fraud", metric: "oddity" })).rejects.toMatchObject({ code: "policy-invalid" });
    expect(await best({ model: "fraud", metric: "data_quality" })).toMatchObject({ version: "1.20.0" });
    expect(await best({ model: "fraud", metric: "log_loss" })).toMatchObject({ value: { text: "0.5" } });
    await expect(best({ model: "nosuch" })).rejects.toMatchObject({ code: "not-found" });
  });
});

/** fraud@1.30.0: a proper tag of a tree whose manifest is none. */
async function registerWithoutManifest({ repo }: TestRegistry): Promise<void> {
  const text = "model: fraud\nversion: 1.30.0\nnonsense: [\n";
  const stream = [
    `commit refs/heads/odd\ncommitter Eve <eve@example.org> now\ndata 3\nOdd\n`,
    `M 100644 inline manifest.yaml\ndata ${text.length}\n${text}\n`,
    "tag fraud@v1.30.0\nfrom refs/heads/odd\ntagger Eve <eve@example.org> now\ndata 3\nOdd\n",
  ];
  await repo.gitBytes({ input: stream.join("") }, "fast-import", "--quiet", "--date-format=now");
  await repo.git("update-ref", "-d", "refs/heads/odd");
}
