import { rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { ObjectId } from "../../src/domain/object-id.ts";
import { blobOf, type HandMade, handMade } from "../support/hand-made.ts";
import { ADAPTERS, type Adapter, type TestRegistry, testRegistry } from "../support/registry.ts";
import { codesOf, errorOf, openRequest, promoteDirectly, registerVersions } from "../support/stage-story.ts";

const POLICY = `schemaVersion: 1
name: acme-models
stages:
  staging: {}
  production: { gates: [ { metric: f1, min: 0.8 } ] }
`;

let on: TestRegistry;
let opened: Readonly<Record<Adapter, TestRegistry>>;
const v = (name: string) => `${name}^{tree}`;

/** A branch by plain git; what stands on stage/staging is its parent unless it says otherwise. */
async function branch(name: string, made: Partial<HandMade>): Promise<ObjectId> {
  const commit = await handMade(on.repo, { parents: ["stage/staging"], ...made });
  await on.repo.git("update-ref", `refs/heads/${name}`, commit);
  return commit;
}

/** A version's tag as nobody but a forger makes it. */
async function tagByHand(tag: string, files: Readonly<Record<string, string>>, annotated: boolean): Promise<void> {
  const commit = await handMade(on.repo, { parents: [], files });
  await on.repo.git("tag", ...(annotated ? ["-a", "-m", "by hand"] : []), tag, commit);
}

beforeAll(async () => {
  on = await testRegistry({ policy: POLICY });
  await on.repo.commit("Say who owns what", { ".github/CODEOWNERS": "* @acme/risk\n" });
  await registerVersions(on, "fraud", { "1.0.0": 0.9, "1.1.0": 0.91, "1.2.0": 0.5, "1.3.0": 0.9, "1.4.0": 0.9 });
  await registerVersions(on, "team/churn", { "1.0.0": 0.9, "1.1.0": 0.9 });
  await registerVersions(on, "Twin", { "1.0.0": 0.9 });
  await promoteDirectly(on, "staging", "fraud@1.0.0", "team/churn@1.0.0", "fraud@1.1.0");
  await on.registry.yank({ reference: "fraud@1.3.0", reason: "leaked labels" });
  const bytes = await on.repo.git("show", "fraud@v1.4.0:artifacts/model.onnx");
  const sha256 = /oid sha256:(\w+)/.exec(bytes)?.[1] ?? "";
  await rm(join(on.repo.gitDir, "lfs", "objects", sha256.slice(0, 2), sha256.slice(2, 4), sha256));
  opened = {
    native: await on.reopen({ GIT_MODEL_GIT: "native" }),
    embedded: await on.reopen({ GIT_MODEL_GIT: "embedded" }),
  };
});

const to12 = { "models/fraud": v("fraud@v1.2.0") };
const manifest = (model: string, version: string) => `schemaVersion: 1\nmodel: ${model}\nversion: ${version}\n`;

/** A branch, and what a review of it finds. */
const CASES: readonly (readonly [string, () => Partial<HandMade> | Promise<Partial<HandMade>>, readonly string[]])[] = [
  ["a promotion under any name", () => ({ trees: to12 }), []],
  ["a demote", () => ({ trees: { "models/fraud": null } }), []],
  ["a reverted commit", () => ({ trees: { "models/fraud": v("fraud@v1.0.0") } }), []],
  ["a file beside", () => ({ trees: to12, files: { "README.md": "hello" } }), ["path-outside-models"]],
  [
    "a workflow beside",
    () => ({ trees: to12, files: { ".github/workflows/x.yml": "on: push" } }),
    ["path-outside-models"],
  ],
  ["a policy of its own", () => ({ trees: to12, files: { "registry.yaml": "x" } }), ["path-outside-models"]],
  ["a file below models", () => ({ trees: to12, files: { "models/notes.txt": "x" } }), ["path-outside-models"]],
  ["the default branch's CODEOWNERS", () => ({ trees: to12, files: { ".github/CODEOWNERS": "* @acme/risk\n" } }), []],
  ["other CODEOWNERS", () => ({ trees: to12, files: { ".github/CODEOWNERS": "* @me\n" } }), ["path-outside-models"]],
  ["no CODEOWNERS", () => ({ trees: { ...to12, ".github": null } }), ["path-outside-models"]],
  ["two models", () => ({ trees: { ...to12, "models/team/churn": v("team/churn@v1.1.0") } }), ["several-models"]],
  ["nothing", () => ({}), ["nothing-changed"]],
  ["only a file", () => ({ files: { "x.txt": "x" } }), ["path-outside-models", "nothing-changed"]],
  ["an older stage", () => ({ parents: ["stage/staging~1"], trees: to12 }), ["stage-moved"]],
  ["another history", () => ({ parents: [], trees: to12 }), ["unrelated-history"]],
  ["a yanked version", () => ({ trees: { "models/fraud": v("fraud@v1.3.0") } }), ["yanked"]],
  ["bytes that are gone", () => ({ trees: { "models/fraud": v("fraud@v1.4.0") } }), ["artifact-missing"]],
  [
    "an edited manifest",
    () => ({ trees: to12, files: { "models/fraud/manifest.yaml": manifest("fraud", "1.2.0") } }),
    ["version-unregistered"],
  ],
  [
    "a version that nobody registered",
    () => ({ trees: to12, files: { "models/fraud/manifest.yaml": manifest("fraud", "9.9.9") } }),
    ["version-unregistered"],
  ],
  [
    "a folder without a manifest",
    () => ({ trees: { "models/fraud": null }, files: { "models/fraud/x": "x" } }),
    ["version-unregistered"],
  ],
  ["another model's tree", () => ({ trees: { "models/fraud": v("team/churn@v1.0.0") } }), ["version-unregistered"]],
  [
    "an executable",
    async () => ({
      trees: to12,
      files: {
        "models/fraud/artifacts/model.onnx": {
          mode: "100755",
          id: await on.repo.id("fraud@v1.2.0:artifacts/model.onnx"),
        },
      },
    }),
    ["version-unregistered"],
  ],
  [
    "a symbolic link",
    async () => ({
      trees: to12,
      files: { "models/fraud/artifacts/model.onnx": { mode: "120000", id: await blobOf(on.repo, "/etc/passwd") } },
    }),
    ["version-unregistered"],
  ],
  [
    "a submodule",
    async () => ({
      trees: to12,
      files: { "models/fraud/artifacts/sub": { mode: "160000", id: await on.repo.id("main") } },
    }),
    ["version-unregistered"],
  ],
  [
    "a link in place of the model",
    async () => ({
      trees: { "models/fraud": null },
      files: { "models/fraud": { mode: "120000", id: await blobOf(on.repo, "../../..") } },
    }),
    ["version-unregistered"],
  ],
  [
    "a submodule in place of the model",
    async () => ({
      trees: { "models/fraud": null },
      files: { "models/fraud": { mode: "160000", id: await on.repo.id("main") } },
    }),
    ["version-unregistered"],
  ],
  [
    "a link in place of all models",
    async () => ({
      trees: { models: null },
      files: { models: { mode: "120000", id: await blobOf(on.repo, "x") } },
    }),
    ["path-outside-models", "nothing-changed"],
  ],
  [
    "a link in place of .github",
    async () => ({
      trees: { ...to12, ".github": null },
      files: { ".github": { mode: "120000", id: await blobOf(on.repo, "x") } },
    }),
    ["path-outside-models"],
  ],
  [
    "a name that cannot be one",
    () => ({ files: { "models/-x/manifest.yaml": manifest("-x", "1.0.0") } }),
    ["path-outside-models", "nothing-changed"],
  ],
  ["a lightweight tag", () => ({ trees: { "models/light": v("light@v1.0.0") } }), ["tag-invalid"]],
  ["a tag without a sound manifest", () => ({ trees: { "models/odd": v("odd@v1.0.0") } }), ["tag-invalid"]],
  ["a name that differs in case only", () => ({ trees: { "models/Twin": v("Twin@v1.0.0") } }), ["name-conflict"]],
];

describe("a review of a branch made by plain git finds", () => {
  let heads: readonly ObjectId[];
  let known: { readonly base: ObjectId; readonly policy: ObjectId };
  const nameOf = (name: string) => `hand/${name.replaceAll(" ", "-")}`;

  beforeAll(async () => {
    await tagByHand("light@v1.0.0", { "manifest.yaml": manifest("light", "1.0.0") }, false);
    await tagByHand("odd@v1.0.0", { "manifest.yaml": manifest("odd", "2.0.0") }, true);
    await tagByHand("twin@v1.0.0", { "manifest.yaml": manifest("twin", "1.0.0") }, true);
    heads = await Promise.all(CASES.map(async ([name, make]) => branch(nameOf(name), await make())));
    known = { base: await on.repo.id("stage/staging"), policy: await on.repo.id("main:registry.yaml") };
  });

  test.each(CASES.map(([name, , codes], index) => [name, codes, index] as const))("%s", async (name, codes, index) => {
    for (const adapter of ADAPTERS) {
      const review = await opened[adapter].registry.review({ base: "stage/staging", head: nameOf(name) });
      expect([adapter, codesOf(review)]).toEqual([adapter, codes]);
      expect(review).toMatchObject({
        verdict: codes.length === 0 ? "accept" : "refuse",
        ...{ stage: "staging", head: heads[index], ...known },
      });
      for (const code of codes) expect(review.report).toContain(code);
    }
  });
});

describe.each(ADAPTERS)("a review, through %s git", (adapter) => {
  const review = (question: Parameters<TestRegistry["registry"]["review"]>[0]) =>
    opened[adapter].registry.review(question);

  test("says what the change is by the stage's stack", async () => {
    const ask = (head: string) => review({ base: "stage/staging", head: `refs/heads/hand/${head}` });
    expect(await ask("a-promotion-under-any-name")).toMatchObject({ change: "release", from: "1.1.0", to: "1.2.0" });
    expect(await ask("a-reverted-commit")).toMatchObject({ change: "rollback", from: "1.1.0", to: "1.0.0" });
    expect(await ask("a-demote")).toMatchObject({ change: "demote", from: "1.1.0", to: null, diff: null });
  });

  test("takes a branch that was brought up to date by a merge as it takes any other", async () => {
    const change = await handMade(on.repo, {
      parents: ["stage/staging~2"],
      trees: { "models/Twin": v("Twin@v1.0.0") },
    });
    await branch(`hand/merged-${adapter}`, {
      parents: ["stage/staging", change],
      trees: { "models/team/churn": v("team/churn@v1.1.0") },
    });
    const answer = await review({ base: "stage/staging", head: `hand/merged-${adapter}` });
    expect(answer).toMatchObject({ verdict: "accept", model: "team/churn", from: "1.0.0", to: "1.1.0" });
    expect(answer.mergeBase).toBe(await on.repo.id("stage/staging"));
  });

  test("judges by the default branch's gates, whatever the branch says of them", async () => {
    await branch("stage/production", { parents: ["stage/production"], message: "nothing" });
    await branch(`hand/lenient-${adapter}`, {
      parents: ["stage/production"],
      trees: { "models/fraud": v("fraud@v1.2.0") },
      files: { "registry.yaml": "schemaVersion: 1\nname: mine\nstages: { production: {} }\n" },
    });
    const answer = await review({ base: "stage/production", head: `hand/lenient-${adapter}` });
    expect(codesOf(answer)).toEqual(["path-outside-models"]);
    expect(answer).toMatchObject({
      ...{ verdict: "refuse", policy: await on.repo.id("main:registry.yaml") },
      gates: [{ rule: "min", metric: "f1", verdict: "fail", source: "registry.yaml#/stages/production/gates/0" }],
    });
  });

  test("asks for what it needs, in words", async () => {
    const wrong = (question: Parameters<typeof review>[0]) => errorOf(review(question));
    expect(await wrong({ base: "stage/staging" })).toMatchObject({ code: "usage" });
    expect(await wrong({ model: "fraud" })).toMatchObject({ code: "usage" });
    expect(await wrong({ base: "a", head: "b", model: "fraud" })).toMatchObject({ code: "usage" });
    expect(await wrong({ base: "stage/staging", head: "nowhere" })).toMatchObject({ code: "not-found" });
    expect(await wrong({ base: "stage/staging", head: "main~1" })).toMatchObject({ code: "reference-invalid" });
    expect(await wrong({ base: "main", head: "main" })).toMatchObject({ code: "usage" });
    expect(await wrong({ model: "fraud", stage: "production" })).toMatchObject({ code: "not-found" });
    expect(await wrong({})).toMatchObject({ code: "usage", message: "no request is open" });
  });
});

test("the only open request is the one that is meant, and a hostile one stops no list", async () => {
  await openRequest(on, "fraud@1.2.0", "production");
  expect(await on.registry.review()).toMatchObject({ verdict: "refuse", model: "fraud", stage: "production" });
  await branch("promote/production/odd", {
    parents: ["stage/production"],
    trees: { "models/odd": v("odd@v1.0.0") },
  });
  expect((await on.registry.listRequests()).promotions.map(({ model, status }) => `${model} ${status}`)).toEqual([
    "fraud refuse",
    "odd refuse",
  ]);
  expect(await errorOf(on.registry.review())).toMatchObject({ code: "usage", message: "2 requests are open" });
});
