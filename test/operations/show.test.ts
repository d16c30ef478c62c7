import { beforeAll, describe, expect, test } from "vitest";
import { compareVersions, FIRST_VERSION } from "../../src/domain/model/version.ts";
import { HOLDOUT_A, readingStory, throughEachAdapter } from "../support/reading-story.ts";
import { ADAPTERS, type Adapter, type TestRegistry } from "../support/registry.ts";

let story: TestRegistry;
let opened: Readonly<Record<Adapter, TestRegistry>>;

beforeAll(async () => {
  story = await readingStory();
  const { registry } = story;
  const evaluation = { dataset: { sha256: HOLDOUT_A } };
  await registry.evaluate({ reference: "fraud@1.1.0", metrics: { f1: 0.81 }, evaluation });
  await registry.evaluate({ reference: "fraud@1.1.0", metrics: { f1: 0.82 }, live: true, at: "2020-01-01T00:00:00Z" });
  await registry.evaluate({ reference: "fraud@1.1.0", metrics: { f1: { value: 0.83, n: 100 } } });
  await addEvaluations(story, {
    "v1.1.0/aaaaaaaaaaaa.yaml": evaluationText({ tree: "f".repeat(40) }),
    "v1.1.0/bbbbbbbbbbbb.yaml": "schemaVersion: 1\nmodel: fraud\n",
    "v1.1.0/notes.txt": "not an evaluation",
  });
  opened = await throughEachAdapter(story);
});

describe.each(ADAPTERS)("show, through %s git", (adapter) => {
  const show = (reference: string) => opened[adapter].registry.show({ reference });

  test("has every key of the contract", async () => {
    const answer = await show("fraud@1.0.0");
    expect(Object.keys(answer)).toEqual(
      expect.arrayContaining(
        "model version tag commit tree createdAt author published yanked manifest stages releases evaluations".split(
          " ",
        ),
      ),
    );
    expect(answer).toMatchObject({ yanked: null, published: true, author: "Ada Tester", card: null, evaluations: [] });
    expect(answer.commit).toBe(await story.repo.id("refs/tags/fraud@v1.0.0^{commit}"));
    expect(answer.tree).toBe(await story.repo.id("refs/tags/fraud@v1.0.0^{tree}"));
  });

  test("a yank comes with its reason and time", async () => {
    expect((await show("fraud@1.3.0")).yanked).toEqual({
      reason: "trained on leaked labels",
      at: expect.stringMatching(/Z$/),
    });
  });

  test("releases are newest first on each stage, each until the next change of the model there", async () => {
    const { releases, stages } = await show("fraud@1.1.0");
    expect(stages).toEqual(["staging"]);
    const told = releases.map(({ stage, number, tag, until }) => [stage, number, tag, until === null]);
    expect(told).toEqual([
      ["staging", 4, "fraud#staging#4", true],
      ["staging", 2, "fraud#staging#2", false],
      ["production", 2, "fraud#production#2", false],
    ]);
    for (const { at, until } of releases) expect(until === null || at < until).toBe(true);
    expect((await show("fraud@1.2.0")).releases).toMatchObject([
      { stage: "staging", number: 3 },
      { stage: "edge", number: 2, until: null },
    ]);
  });

  test("evaluations are newest first; foreign and invalid ones are named and do not count", async () => {
    const { registry, warnings } = opened[adapter];
    warnings.splice(0);
    const { evaluations } = await registry.show({ reference: "fraud@1.1.0" });
    expect(evaluations.map(({ kind, metrics }) => [kind, metrics.f1?.text])).toEqual([
      ["offline", "0.83"],
      ["live", "0.82"],
      ["offline", "0.81"],
    ]);
    expect(evaluations[1]?.at).toBe("2020-01-01T00:00:00Z");
    expect(evaluations[2]?.evaluation).toMatchObject({ dataset: { sha256: HOLDOUT_A } });
    expect(warnings.map(({ code, severity }) => [code, severity]).toSorted()).toEqual([
      ["evaluation-foreign", "warning"],
      ["evaluation-invalid", "warning"],
    ]);
  });
});

describe.each(ADAPTERS)("history, through %s git", (adapter) => {
  const history = async (question: Parameters<TestRegistry["registry"]["history"]>[0] = {}) =>
    (await opened[adapter].registry.history(question)).events;

  test("of a stage: its events alone, newest first, with tags and what was there before", async () => {
    const events = await history({ model: "fraud", stage: "production" });
    expect(events.map(({ kind, version, previous, tag, number }) => [number, kind, version, previous, tag])).toEqual([
      [3, "demote", "1.1.0", "1.1.0", "fraud#production!#3"],
      [2, "release", "1.1.0", "1.0.0", "fraud#production#2"],
      [1, "release", "1.0.0", null, "fraud#production#1"],
    ]);
    const onTags = await history({ stage: "edge" });
    expect(onTags.map(({ kind, version, previous, tag }) => [kind, version, previous, tag])).toEqual([
      ["release", "1.2.0", "1.0.0", "fraud#edge#2"],
      ["release", "1.0.0", null, "fraud#edge#1"],
    ]);
  });

  test("of a model: registrations, releases, yanks and evaluations, in an order that is always the same", async () => {
    const events = await history({ model: "fraud" });
    const count = (kind: string) => events.filter((one) => one.kind === kind).length;
    expect(["register", "release", "rollback", "demote", "yank", "evaluate"].map(count)).toEqual([6, 7, 1, 1, 1, 5]);
    expect(events.every((one, index) => index === 0 || (events[index - 1]?.at ?? "") >= one.at)).toBe(true);
    expect(await history({ model: "fraud" })).toEqual(events);
    expect(await history({ model: "fraud", limit: 3 })).toEqual(events.slice(0, 3));
    for (const event of events) {
      expect(Object.keys(event)).toEqual(
        expect.arrayContaining("at actor kind model version previous stage number tag commit".split(" ")),
      );
    }
  });

  test("of everything: as each model by itself tells it", async () => {
    const everything = await history();
    const each = [...(await history({ model: "fraud" })), ...(await history({ model: "team/churn" }))];
    expect(everything).toHaveLength(each.length);
    expect(new Set(everything.map((one) => JSON.stringify(one)))).toEqual(
      new Set(each.map((one) => JSON.stringify(one))),
    );
    expect(await history({ stage: "staging" })).toEqual(await history({ model: "fraud", stage: "staging" }));
  });

  test("events of one second: the stage's before the registration, then the higher number, then the higher version", async () => {
    const events = await history({ model: "fraud" });
    for (const [index, event] of events.entries()) {
      const next = events[index + 1];
      if (next === undefined || next.at !== event.at) continue;
      if (next.stage !== null) expect(event.stage).not.toBeNull();
      if (event.number !== null && next.number !== null) expect(event.number).toBeGreaterThanOrEqual(next.number);
      if (event.kind === "register" && next.kind === "register") {
        expect(compareVersions(event.version ?? FIRST_VERSION, next.version ?? FIRST_VERSION)).toBe(1);
      }
    }
  });

  test("an unknown model is not-found, also where it is a folder of models; an unknown stage is stage-unknown", async () => {
    await expect(history({ model: "nosuch" })).rejects.toMatchObject({ code: "not-found" });
    await expect(history({ model: "team" })).rejects.toMatchObject({ code: "not-found" });
    await expect(history({ stage: "nowhere" })).rejects.toMatchObject({ code: "stage-unknown" });
    await expect(history({ limit: 1.5 })).rejects.toMatchObject({ code: "usage" });
  });
});

describe("a stage that holds what nobody registered", () => {
  test.each(ADAPTERS)("hands it out to no command, but says that it is there, through %s git", async (adapter) => {
    const { registry } = await strayStory(adapter);
    const refusals: Readonly<Record<string, () => Promise<unknown>>> = {
      resolve: () => registry.resolve({ reference: "fraud@canary" }),
      "resolve of a model without a version": () => registry.resolve({ reference: "ghost@canary" }),
      show: () => registry.show({ reference: "fraud#canary" }),
      diff: () => registry.diff({ from: "fraud@1.0.0", to: "fraud@canary" }),
      compare: () => registry.compare({ references: ["fraud@canary", "fraud@1.0.0"] }),
      pull: () => registry.pull({ references: ["fraud@canary"], fallbacks: ["fraud@1.0.0"] }),
      promote: () => registry.promote({ references: ["fraud@canary"], to: "staging", direct: true }),
      "register --from": () => registry.register({ model: "copy", files: [], from: "fraud@canary" }),
      evaluate: () => registry.evaluate({ reference: "fraud@canary", metrics: { f1: 1 } }),
      yank: () => registry.yank({ reference: "fraud@canary", reason: "odd" }),
    };
    for (const [name, ask] of Object.entries(refusals)) {
      await expect(ask(), name).rejects.toMatchObject({ code: "stage-unregistered" });
    }
    await expect(registry.resolve({ reference: "folder@canary" })).rejects.toMatchObject({ code: "not-found" });
    await expect(registry.history({ model: "folder" })).rejects.toMatchObject({ code: "not-found" });
    const { models } = await registry.list();
    expect(models.find(({ model }) => model === "fraud")?.stages).toMatchObject({ canary: "unregistered" });
    const { events } = await registry.history({ stage: "canary", model: "fraud" });
    expect(events).toMatchObject([{ kind: "unregistered", version: null, number: 1, tag: null, previous: null }]);
    expect((await registry.history({ model: "ghost" })).events).toMatchObject([{ kind: "unregistered" }]);
  });
});

/** canary is written by hand, once: a tree of fraud, of a model without a version, and of a folder of models. */
async function strayStory(adapter: Adapter): Promise<TestRegistry> {
  const { repo } = story;
  if ((await repo.git("ls-tree", "stage/canary")) === "") {
    const write = async (input: string, ...args: readonly string[]) =>
      (await repo.gitBytes({ input }, ...args)).toString().trim();
    const manifest = await write("model: odd\n", "hash-object", "-w", "--stdin");
    const model = await write(`100644 blob ${manifest}\tmanifest.yaml\n`, "mktree");
    const folder = await write(`040000 tree ${model}\tinner\n`, "mktree");
    const rows = `040000 tree ${folder}\tfolder\n040000 tree ${model}\tfraud\n040000 tree ${model}\tghost\n`;
    const root = await write(`040000 tree ${await write(rows, "mktree")}\tmodels\n`, "mktree");
    const commit = await write("By hand\n", "commit-tree", root, "-p", "stage/canary");
    await repo.git("update-ref", "refs/heads/stage/canary", commit);
  }
  return story.reopen({ GIT_MODEL_GIT: adapter });
}

function evaluationText({ tree }: { readonly tree: string }): string {
  return `schemaVersion: 1\nmodel: fraud\nversion: 1.1.0\ntree: "${tree}"\nkind: offline\nmetrics:\n  f1: 0.99\n`;
}

/** Adds files to the evaluations of fraud, as another program might. */
async function addEvaluations({ repo }: TestRegistry, files: Readonly<Record<string, string>>): Promise<void> {
  const branch = "refs/heads/evaluations/fraud";
  const stream = [
    `commit ${branch}\ncommitter Eve <eve@example.org> now\ndata 4\nOdd\n\nfrom ${await repo.id(branch)}\n`,
    ...Object.entries(files).map(
      ([path, text]) => `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
    ),
  ];
  await repo.gitBytes({ input: stream.join("") }, "fast-import", "--quiet", "--date-format=now");
}
