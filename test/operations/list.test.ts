import { beforeAll, describe, expect, test } from "vitest";
import { readingStory, STORY_POLICY, throughEachAdapter } from "../support/reading-story.ts";
import { ADAPTERS, type Adapter, type TestRegistry } from "../support/registry.ts";

let story: TestRegistry;
let opened: Readonly<Record<Adapter, TestRegistry>>;

beforeAll(async () => {
  story = await readingStory();
  opened = await throughEachAdapter(story);
});

describe.each(ADAPTERS)("list, through %s git", (adapter) => {
  const models = async (question: Parameters<TestRegistry["registry"]["list"]>[0] = {}) =>
    (await opened[adapter].registry.list(question)).models.map(({ model }) => model);
  const versions = async (
    question: Omit<Parameters<TestRegistry["registry"]["listVersions"]>[0], "model"> = {},
    model = "fraud",
  ) => (await opened[adapter].registry.listVersions({ model, ...question })).versions.map(({ version }) => version);

  test("a row a model, by name, with what every stage holds", async () => {
    const { fetchedAt, models: rows } = await opened[adapter].registry.list();
    expect(fetchedAt).toBeNull();
    expect(rows).toEqual([
      {
        model: "fraud",
        latest: "1.10.0",
        versions: 6,
        stages: { staging: "1.1.0", production: null, canary: null, edge: "1.2.0" },
        updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      },
      {
        model: "team/churn",
        latest: "0.1.0-rc.2",
        versions: 2,
        stages: { staging: null, production: null, canary: null, edge: null },
        updatedAt: expect.any(String),
      },
    ]);
  });

  test("models are filtered by what a stage holds and by their latest version, and sorted by its numbers", async () => {
    expect(await models({ stage: "staging" })).toEqual(["fraud"]);
    expect(await models({ stage: "edge" })).toEqual(["fraud"]);
    expect(await models({ stage: "production" })).toEqual([]);
    expect(await models({ where: "f1 < 0.65" })).toEqual(["team/churn"]);
    expect(await models({ labels: ["team=risk"] })).toEqual([]);
    expect(await models({ sort: "f1" })).toEqual(["fraud", "team/churn"]);
    expect(await models({ sort: "accuracy" })).toEqual(["team/churn", "fraud"]);
    expect(await models({ limit: 1 })).toEqual(["fraud"]);
    expect(await models({ limit: 0 })).toEqual([]);
  });

  test("a version has every key, whatever is known of it", async () => {
    const answer = await opened[adapter].registry.listVersions({ model: "fraud" });
    expect(answer).toMatchObject({ model: "fraud", total: 6, fetchedAt: null });
    const [newest, , yanked] = answer.versions;
    expect(Object.keys(newest ?? {})).toEqual(Object.keys(yanked ?? {}));
    expect(yanked).toMatchObject({
      version: "1.3.0",
      tag: "fraud@v1.3.0",
      author: "Ada Tester",
      published: true,
      yanked: true,
      yankReason: "trained on leaked labels",
      prerelease: false,
      score: { text: "0.99" },
      metrics: { accuracy: { text: "0.99" }, f1: { text: "0.99" } },
      labels: { team: "risk" },
      stages: [],
    });
    expect(answer.versions[1]).toMatchObject({ version: "1.10.0", score: null, labels: {}, yankReason: null });
  });

  test("versions come newest first by number, or best first by a metric, those without it last", async () => {
    expect(await versions()).toEqual(["2.0.0-rc.1", "1.10.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0"]);
    expect(await versions({ sort: "f1" })).toEqual(["1.3.0", "2.0.0-rc.1", "1.1.0", "1.2.0", "1.0.0", "1.10.0"]);
    expect(await versions({ sort: "score" })).toEqual(["1.3.0", "2.0.0-rc.1", "1.2.0", "1.1.0", "1.0.0", "1.10.0"]);
    expect(await versions({ limit: 2 })).toEqual(["2.0.0-rc.1", "1.10.0"]);
  });

  test("versions are filtered by stage, labels and conditions, and the total counts them all", async () => {
    expect(await versions({ stage: "staging" })).toEqual(["1.1.0"]);
    expect(await versions({ stage: "edge" })).toEqual(["1.2.0"]);
    expect(await versions({ labels: ["team=risk"] })).toEqual(["1.3.0", "1.1.0", "1.0.0"]);
    expect(await versions({ labels: ["team=risk", "owner=nobody"] })).toEqual([]);
    expect(await versions({ where: "f1 >= 0.83 and not labels.team = growth" })).toEqual([
      "2.0.0-rc.1",
      "1.3.0",
      "1.1.0",
    ]);
    const page = await opened[adapter].registry.listVersions({ model: "fraud", where: "f1>0.8", limit: 1 });
    expect(page).toMatchObject({ total: 4, versions: [{ version: "2.0.0-rc.1" }] });
  });

  test.each([
    [{ stage: "nowhere" }, "stage-unknown"],
    [{ stage: "../evil" }, "stage-unknown"],
    [{ sort: "nonsense" }, "policy-invalid"],
    [{ where: "f1 >=" }, "usage"],
    [{ labels: ["team"] }, "usage"],
    [{ limit: -1 }, "usage"],
    [{ limit: Number.NaN }, "usage"],
  ])("%j is refused with %s, for models and for versions", async (question, code) => {
    await expect(models(question)).rejects.toMatchObject({ code });
    await expect(versions(question)).rejects.toMatchObject({ code });
  });

  test("an unknown model is not-found, an impossible name is name-invalid", async () => {
    await expect(versions({}, "nosuch")).rejects.toMatchObject({ code: "not-found" });
    await expect(versions({}, "no such")).rejects.toMatchObject({ code: "name-invalid" });
  });
});

describe("a registry whose policy cannot be used", () => {
  test.each([
    ["is gone", null, "policy-missing"],
    [
      "is not valid",
      "schemaVersion: 1\nname: x\nstages: { production: { gates: [ { metrc: f1 } ] } }\n",
      "policy-invalid",
    ],
  ])("that %s is still read, with one warning an operation", async (_, policy, code) => {
    const { repo } = story;
    if (policy === null) await repo.git("rm", "-q", "registry.yaml");
    else await repo.write({ "registry.yaml": policy });
    await repo.git("commit", "-q", "-am", "Break the policy");
    const { registry, warnings } = await story.reopen();
    const reads: Readonly<Record<string, () => Promise<unknown>>> = {
      list: () => registry.list(),
      listVersions: () => registry.listVersions({ model: "fraud" }),
      show: () => registry.show({ reference: "fraud@staging" }),
      history: () => registry.history(),
      diff: () => registry.diff({ from: "fraud@staging", to: "fraud#staging~1" }),
      compare: () => registry.compare({ references: ["fraud"] }),
      best: () => registry.best({ model: "fraud", metric: "f1", stage: "staging" }),
      pull: () => registry.pull({ references: ["fraud@staging"] }),
    };
    for (const [name, read] of Object.entries(reads)) {
      warnings.splice(0);
      await read();
      expect(
        warnings.map((one) => one.code),
        name,
      ).toEqual([code]);
    }
    await expect(registry.listVersions({ model: "fraud", sort: "score" })).rejects.toMatchObject({ code: "usage" });
    await expect(registry.best({ model: "fraud" })).rejects.toMatchObject({ code: "usage" });
    await expect(registry.promote({ references: ["fraud@1.0.0"], to: "staging", direct: true })).rejects.toMatchObject({
      code,
    });
    await repo.commit("Mend the policy", { "registry.yaml": STORY_POLICY });
    warnings.splice(0);
    expect(await registry.resolve({ reference: "fraud@staging" })).toMatchObject({ version: "1.1.0" });
    expect(warnings, "the policy is read anew by every operation").toEqual([]);
  });
});
