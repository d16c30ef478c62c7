import { beforeAll, describe, expect, test } from "vitest";
import { readingStory, throughEachAdapter } from "../support/reading-story.ts";
import { ADAPTERS, type Adapter, type TestRegistry } from "../support/registry.ts";

let opened: Readonly<Record<Adapter, TestRegistry>>;

beforeAll(async () => {
  opened = await throughEachAdapter(await readingStory());
});

describe.each(ADAPTERS)("a reference, through %s git", (adapter) => {
  const resolve = async (reference: string) => {
    const { model, version } = await opened[adapter].registry.resolve({ reference });
    return `${model}@${version}`;
  };

  test.each([
    ["fraud", "fraud@1.10.0", "the highest release by number, not by text, and no pre-release"],
    ["fraud@latest", "fraud@1.10.0", "the same, said aloud"],
    ["fraud@1.2.0", "fraud@1.2.0", "an exact version"],
    ["fraud@v1.2.0", "fraud@1.2.0", "an exact version with a v"],
    ["fraud@2.0.0-rc.1", "fraud@2.0.0-rc.1", "an exact pre-release"],
    ["fraud@^1.0.0", "fraud@1.10.0", "a range"],
    ["fraud@1", "fraud@1.10.0", "a major version as a range"],
    ["fraud@~1.3.0 || ~1.2", "fraud@1.2.0", "a range never means a yanked version"],
    ["fraud@<1.3.0 >=1.1", "fraud@1.2.0", "a range of two comparisons"],
    ["fraud@>=2.0.0-rc.0", "fraud@2.0.0-rc.1", "a range that names a pre-release"],
    ["fraud@x", "fraud@1.10.0", "any version"],
    ["fraud@best", "fraud@1.2.0", "the best by score, the yanked and the pre-release left out"],
    ["fraud@best:f1", "fraud@1.1.0", "the best by a metric"],
    ["fraud@best:score", "fraud@1.2.0", "the score by its name"],
    ["fraud@staging", "fraud@1.1.0", "what a stage holds, after a rollback"],
    ["fraud#staging", "fraud@1.1.0", "the same with #"],
    ["fraud#staging~1", "fraud@1.0.0", "after a rollback: what is below it, not what was rolled back"],
    ["fraud#production~1", "fraud@1.1.0", "after a demote: what was held last"],
    ["fraud@edge", "fraud@1.2.0", "what a tag stage holds"],
    ["fraud#edge~1", "fraud@1.0.0", "what a tag stage held before"],
    ["team/churn", "team/churn@0.1.0-rc.2", "a pre-release where there is no release"],
  ])("%s means %s: %s", async (reference, version) => {
    expect(await resolve(reference)).toBe(version);
  });

  test.each([
    ["nosuch", "not-found"],
    ["team", "not-found"],
    ["fraud@9.9.9", "not-found"],
    ["fraud@^9", "not-found"],
    ["team/churn@^0.1.0", "not-found"],
    ["fraud@production", "not-found"],
    ["fraud#canary", "not-found"],
    ["fraud#canary~1", "not-found"],
    ["team/churn@staging", "not-found"],
    ["nosuch@staging", "not-found"],
    ["fraud@nowhere", "stage-unknown"],
    ["fraud#nowhere", "stage-unknown"],
    ["fraud#nowhere~1", "stage-unknown"],
    ["fraud@best:nonsense", "policy-invalid"],
    ["fraud@best:auc", "not-found"],
    ["fraud@", "reference-invalid"],
    ["fraud@  ", "reference-invalid"],
    ["fraud#", "reference-invalid"],
    ["fraud#staging~2", "reference-invalid"],
    ["fraud@staging~1", "reference-invalid"],
    ["fraud@Nowhere", "reference-invalid"],
    ["fraud@head", "reference-invalid"],
    ["fraud@best:", "reference-invalid"],
    ["fraud@1.0.0+build", "reference-invalid"],
    ["", "reference-invalid"],
    ["../evil@1.0.0", "reference-invalid"],
    ["-rf", "reference-invalid"],
    ["evaluations/x", "reference-invalid"],
  ])("%s is %s", async (reference, code) => {
    await expect(resolve(reference)).rejects.toMatchObject({ code });
  });

  test("a yanked version is handed out when it is named exactly, with one warning", async () => {
    const { registry, warnings } = opened[adapter];
    warnings.splice(0);
    const answer = await registry.resolve({ reference: "fraud@1.3.0" });
    expect(answer).toMatchObject({ version: "1.3.0", yanked: true, stage: null });
    expect(warnings).toMatchObject([{ code: "yanked", severity: "warning" }]);
  });

  test("the answer names the stage and the artifacts", async () => {
    const answer = await opened[adapter].registry.resolve({ reference: "fraud#staging~1" });
    expect(answer).toMatchObject({ tag: "fraud@v1.0.0", stage: "staging", yanked: false });
    expect(answer.artifacts).toEqual([
      { path: "model.onnx", sha256: expect.stringMatching(/^[0-9a-f]{64}$/), size: 23, role: "model" },
    ]);
  });

  test("an unknown stage is answered with the ones there are, an unknown model with similar ones", async () => {
    await expect(resolve("fraud@nowhere")).rejects.toMatchObject({
      hint: "the stages are staging, production, canary, edge",
    });
    await expect(resolve("fraud@staging~1")).rejects.toMatchObject({ hint: expect.stringContaining("#staging~1") });
    await expect(resolve("frau")).rejects.toMatchObject({ hint: "did you mean fraud?" });
    await expect(resolve("fraud@9.9.9")).rejects.toMatchObject({ hint: expect.stringContaining("1.10.0") });
  });

  test("words for completion never fail", async () => {
    const { registry } = opened[adapter];
    expect(await registry.complete("models")).toEqual(["fraud", "team/churn"]);
    expect(await registry.complete("stages")).toEqual(["staging", "production", "canary", "edge"]);
    expect((await registry.complete("versions", "fraud")).slice(0, 3)).toEqual(["2.0.0-rc.1", "1.10.0", "1.3.0"]);
    expect(await registry.complete("versions", "nosuch")).toEqual([]);
    expect(await registry.complete("versions", "../evil")).toEqual([]);
    expect(await registry.complete("versions")).toEqual([]);
  });
});
