import { rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { handMade } from "../support/hand-made.ts";
import { ADAPTERS, CHOSEN_ADAPTER, type TestRegistry, testRegistry } from "../support/registry.ts";
import { codesOf, errorOf, openRequest, promoteDirectly, registerVersions } from "../support/stage-story.ts";

const POLICY = `schemaVersion: 1
name: acme-models
stages:
  staging: {}
  production:
    from: [staging]
    gates:
      - { metric: f1, min: 0.80 }
      - { metric: f1, maxRegression: 0.01, severity: warn }
`;

const refsOf = ({ repo }: TestRegistry) => repo.git("for-each-ref");

describe.each(ADAPTERS)("a request, through %s git", (adapter) => {
  let on: TestRegistry;
  beforeAll(async () => {
    on = await testRegistry({ adapter, policy: POLICY });
    await registerVersions(on, "fraud", { "1.0.0": 0.9, "1.1.0": 0.7, "1.2.0": 0.95 });
    await registerVersions(on, "team/churn", { "0.1.0": 0.9 });
  });

  test("is one commit on the stage's tip whose model is the version's tree", async () => {
    const base = await on.repo.id("stage/staging");
    const answer = await openRequest(on, "fraud@1.0.0", "staging");
    expect(answer).toMatchObject({
      ...{ kind: "pull-request", change: "release", model: "fraud", from: null, to: "1.0.0", stage: "staging" },
      ...{ branch: "promote/staging/fraud", created: true, passed: true, base, tag: null, number: null, url: null },
      ...{ needs: [], gates: [], findings: [], policy: await on.repo.id("main:registry.yaml") },
    });
    expect(answer.head).toBe(await on.repo.id("promote/staging/fraud"));
    expect(await on.repo.git("log", "-1", "--format=%P%n%B", "promote/staging/fraud")).toBe(
      `${base}\nRelease fraud 1.0.0 to staging\n`,
    );
    expect(await on.repo.id("promote/staging/fraud:models/fraud")).toBe(await on.repo.id("fraud@v1.0.0^{tree}"));
    expect(await on.repo.git("ls-tree", "--name-only", "-r", "promote/staging/fraud")).toBe(
      [".gitattributes", "artifacts/model.onnx", "manifest.yaml"].map((one) => `models/fraud/${one}`).join("\n"),
    );
    expect(await on.repo.id("stage/staging")).toBe(base);
  });

  test("is adopted untouched while it still says what was asked, whatever else moves", async () => {
    const head = await on.repo.id("promote/staging/fraud");
    expect(await openRequest(on, "fraud@1.0.0", "staging")).toMatchObject({ created: false, head });
    await promoteDirectly(on, "staging", "team/churn@0.1.0");
    expect(await openRequest(on, "fraud@1.0.0", "staging")).toMatchObject({ created: false, head, passed: true });
    expect(await on.repo.id("promote/staging/fraud")).toBe(head);
  });

  test("is renewed when the stage moved for its model", async () => {
    const head = await on.repo.id("promote/staging/fraud");
    const moved = await handMade(on.repo, {
      parents: ["stage/staging"],
      trees: { "models/fraud": "fraud@v1.1.0^{tree}" },
    });
    await on.repo.git("update-ref", "refs/heads/stage/staging", moved);
    const answer = await openRequest(on, "fraud@1.0.0", "staging");
    expect(answer).toMatchObject({ created: false, from: "1.1.0", to: "1.0.0", base: moved });
    expect(answer.head).not.toBe(head);
    expect(await on.repo.id("promote/staging/fraud^")).toBe(moved);
  });

  test("takes another version up, and gives way to a request of another kind", async () => {
    expect(await openRequest(on, "fraud@1.2.0", "staging")).toMatchObject({ created: false, to: "1.2.0" });
    const demote = await on.registry.demote({ model: "fraud", stage: "staging" });
    expect(demote).toMatchObject({ kind: "pull-request", change: "demote", to: null, branch: "demote/staging/fraud" });
    expect(await on.repo.git("for-each-ref", "--format=%(refname)", "refs/heads/promote", "refs/heads/demote")).toBe(
      "refs/heads/demote/staging/fraud",
    );
    expect(await openRequest(on, "fraud@1.2.0", "staging")).toMatchObject({ created: true });
    expect(await on.repo.git("for-each-ref", "--format=%(refname)", "refs/heads/promote", "refs/heads/demote")).toBe(
      "refs/heads/promote/staging/fraud",
    );
  });

  test("that cannot pass is opened red, unless only passing ones are wanted", async () => {
    await promoteDirectly(on, "staging", "fraud@1.2.0");
    await promoteDirectly(on, "production", "fraud@1.2.0");
    const before = await refsOf(on);
    for (const how of [{ direct: true }, { ifPassing: true }]) {
      const [answer] = await on.registry.promote({ references: ["fraud@1.1.0"], to: "production", ...how });
      expect(answer).toMatchObject({ kind: "refused", passed: false, head: null, branch: null, tag: null });
      expect(answer?.needs).toMatchObject([{ rule: "from", stage: "staging", verdict: "fail" }]);
      expect(answer?.gates.map(({ rule, verdict, severity }) => `${rule} ${verdict} ${severity}`)).toEqual([
        "min fail block",
        "maxRegression fail warn",
      ]);
    }
    expect(await refsOf(on)).toBe(before);
    const red = await openRequest(on, "fraud@1.1.0", "production");
    expect(red).toMatchObject({ kind: "pull-request", passed: false, created: true });
  });

  test("nothing is done for a version that the stage holds", async () => {
    const before = await refsOf(on);
    expect(await openRequest(on, "fraud@1.2.0", "production")).toMatchObject({
      ...{ kind: "unchanged", change: null, from: "1.2.0", to: "1.2.0", passed: true, created: false },
      ...{ gates: [], needs: [], findings: [], head: null, tag: null, branch: null },
    });
    expect(await refsOf(on)).toBe(before);
  });

  test("a dry run tells what would happen and changes nothing", async () => {
    const before = await refsOf(on);
    const [direct] = await on.registry.promote({
      ...{ references: ["fraud@1.0.0"], to: "staging" },
      ...{ direct: true, dryRun: true },
    });
    expect(direct).toMatchObject({ planned: true, kind: "released", head: null, tag: null, branch: null });
    const [asked] = await on.registry.promote({ references: ["fraud@1.0.0"], to: "staging", dryRun: true });
    expect(asked).toMatchObject({ planned: true, kind: "pull-request", branch: "promote/staging/fraud", head: null });
    expect(await refsOf(on)).toBe(before);
  });

  test("everything that was written is whole, and a message of one's own follows the line", async () => {
    const [answer] = await on.registry.promote({
      ...{ references: ["fraud@1.0.0"], to: "staging", direct: true },
      message: "After the outage.\nSigned: Ada",
    });
    expect(answer).toMatchObject({ kind: "released", change: "release", tag: "fraud#staging#3" });
    expect(await on.repo.git("log", "-1", "--format=%B", "stage/staging")).toBe(
      "Release fraud 1.0.0 to staging\n\nAfter the outage.\nSigned: Ada\n",
    );
    await on.repo.fsck();
  });
});

describe.each(ADAPTERS)("what keeps a version off a stage, through %s git", (adapter) => {
  let on: TestRegistry;
  beforeAll(async () => {
    on = await testRegistry({ adapter, remote: true });
    await registerVersions(on, "fraud", ["1.0.0", "1.1.0"]);
  });

  const refusal = async (reference: string) => {
    const before = await on.server?.git("for-each-ref");
    const [answer] = await on.registry.promote({ references: [reference], to: "staging", direct: true });
    expect(answer).toMatchObject({ kind: "refused", passed: false });
    expect(await on.server?.git("for-each-ref")).toBe(before);
    return answer?.findings ?? [];
  };

  test("a draft, which nobody else has", async () => {
    const path = await on.file("model.onnx", "a draft");
    await on.registry.register({ model: "fraud", version: "2.0.0", files: [path], push: false });
    expect(await refusal("fraud@2.0.0")).toMatchObject([{ code: "version-unregistered", hint: "git model push" }]);
  });

  test("a yank", async () => {
    await on.registry.yank({ reference: "fraud@1.1.0", reason: "leaked labels" });
    expect(await refusal("fraud@1.1.0")).toMatchObject([{ code: "yanked" }]);
  });

  test("bytes that the artifact store does not have", async () => {
    await rm(join(on.server?.path ?? "", "lfs", "objects"), { recursive: true });
    expect(await refusal("fraud@1.0.0")).toMatchObject([{ code: "artifact-missing", file: "model.onnx" }]);
  });

  test("a name that stands in another one's way", async () => {
    const commit = await on.repo.id("fraud@v1.0.0^{commit}");
    await on.repo.git("tag", "-a", "-m", "by hand", "fraud/eu@v1.0.0", commit);
    const codes = (await refusal("fraud@1.0.0")).map(({ code }) => code);
    expect(codes).toContain("name-conflict");
    await on.repo.git("tag", "-d", "fraud/eu@v1.0.0");
  });
});

describe("several versions at once", () => {
  let on: TestRegistry;
  beforeAll(async () => {
    on = await testRegistry({ policy: POLICY });
    for (const model of ["a", "b", "c"]) await registerVersions(on, model, { "1.0.0": 0.9 });
    await registerVersions(on, "d", { "1.0.0": 0.1 });
  });

  test("each has an outcome, in the order asked", async () => {
    const answers = await on.registry.promote({ references: ["b", "a@1.0.0"], to: "staging", direct: true });
    expect(answers).toMatchObject([
      { model: "b", kind: "released", tag: "b#staging#1" },
      { model: "a", kind: "released", tag: "a#staging#1" },
    ]);
    const mixed = await on.registry.promote({ references: ["d", "a", "c"], to: "production", direct: true });
    expect(mixed.map(({ model, kind }) => `${model} ${kind}`)).toEqual(["d refused", "a released", "c refused"]);
  });

  test("a wrong one among them stops all, before anything is written", async () => {
    const before = await refsOf(on);
    const wrong = (references: readonly string[], to = "staging") =>
      errorOf(on.registry.promote({ references, to, direct: true }));
    expect(await wrong(["c", "nobody@1.0.0"])).toMatchObject({ code: "not-found" });
    expect(await wrong(["c", "d@9.9.9"])).toMatchObject({ code: "not-found" });
    expect(await wrong(["c", "c@1.0.0"])).toMatchObject({ code: "usage", message: expect.stringContaining("twice") });
    expect(await wrong(["c"], "nowhere")).toMatchObject({
      code: "stage-unknown",
      hint: "the stages are staging, production",
    });
    expect(await wrong(["c@@"])).toMatchObject({ code: "reference-invalid" });
    expect(await wrong([])).toMatchObject({ code: "usage" });
    expect(await refsOf(on)).toBe(before);
  });

  test("one that fails is told beside the others", async () => {
    const tag = await on.repo.git("cat-file", "tag", "c@v1.0.0");
    const broken = await on.repo.gitBytes({ input: tag.replace("tag c@v1.0.0", "tag x@v1.0.0") }, "mktag");
    await on.repo.git("update-ref", "refs/tags/c@v1.0.0", broken.toString("utf8").trim());
    const answers = await on.registry.promote({ references: ["c", "d"], to: "staging", direct: true });
    expect(answers).toMatchObject([
      { model: "c", kind: "refused", error: { code: "git-failed" }, findings: [{ code: "failed" }] },
      { model: "d", kind: "released" },
    ]);
  });
});

describe("soak", () => {
  const DAY = 86_400;

  test("counts from the commit that brought the tree, whatever its message says", async () => {
    const on = await testRegistry({
      policy: POLICY.replace("from: [staging]", "from: [staging]\n    soak: 24h"),
    });
    await registerVersions(on, "fraud", { "1.0.0": 0.9 });
    await promoteDirectly(on, "staging", "fraud@1.0.0");
    const [early] = await on.registry.promote({ references: ["fraud"], to: "production", direct: true });
    expect(early).toMatchObject({ kind: "refused", passed: true });
    expect(early?.needs).toMatchObject([
      { rule: "from", verdict: "pass" },
      { rule: "soak", verdict: "pending", limit: "24h" },
    ]);
    const [since, until] = [early?.needs[1]?.since ?? "", early?.needs[1]?.until ?? ""];
    expect((Date.parse(until) - Date.parse(since)) / 1000).toBe(DAY);
    const request = await openRequest(on, "fraud", "production");
    expect(request).toMatchObject({ kind: "pull-request", passed: true });
    expect(await on.registry.review({ model: "fraud", stage: "production" })).toMatchObject({ verdict: "wait" });
    expect(await on.registry.mergeRequest({ model: "fraud", stage: "production" })).toMatchObject({ kind: "refused" });

    // The same tree, there for two days, with a commit of another model just now.
    const now = Math.floor(Date.now() / 1000);
    const root = await on.repo.id("stage/staging~1");
    const old = await handMade(on.repo, {
      ...{ parents: [root], trees: { "models/fraud": "fraud@v1.0.0^{tree}" }, seconds: now - 2 * DAY },
    });
    const young = await handMade(on.repo, { parents: [old], files: { "models/x/manifest.yaml": "x" }, seconds: now });
    await on.repo.git("update-ref", "refs/heads/stage/staging", young);
    expect(await on.registry.review({ model: "fraud", stage: "production" })).toMatchObject({ verdict: "accept" });

    // A date before its parent's is not believed.
    const parent = await handMade(on.repo, { parents: [root], files: { "models/x/manifest.yaml": "x" }, seconds: now });
    const forged = await handMade(on.repo, {
      ...{ parents: [parent], trees: { "models/fraud": "fraud@v1.0.0^{tree}" }, seconds: now - 9 * DAY },
    });
    await on.repo.git("update-ref", "refs/heads/stage/staging", forged);
    expect(await on.registry.review({ model: "fraud", stage: "production" })).toMatchObject({ verdict: "wait" });
  });
});

describe("a stage's root", () => {
  test("is the same object in every clone and on every adapter, and promote makes one that is missing", async () => {
    for (const adapter of ADAPTERS) {
      const on = await testRegistry({ adapter, remote: true });
      expect(await on.server?.id("stage/staging")).toBe("d1052f7dfe0327eb2e3d812b161cb25497d4354b");
      expect(await on.server?.id("stage/production")).toBe("64550ce082848f3b9d390d94c88c240326088155");
      await registerVersions(on, "fraud", ["1.0.0"]);
      await on.changePolicy(
        "schemaVersion: 1\nname: acme-models\nstages: { staging: {}, production: {}, canary: {} }\n",
      );
      await promoteDirectly(on, "canary", "fraud");
      expect(await on.server?.git("log", "--format=%an <%ae> %at%n%cn <%ce> %ct%n%s", "stage/canary~1")).toBe(
        "git-model <git-model@invalid> 0\ngit-model <git-model@invalid> 0\nCreate stage canary",
      );
      expect(await on.server?.git("ls-tree", "stage/canary~1")).toBe("");
    }
  });

  test("a shallow stage is refused, because nobody can count in it", async () => {
    const on = await testRegistry({ adapter: CHOSEN_ADAPTER, remote: true });
    await registerVersions(on, "fraud", ["1.0.0", "1.1.0", "1.2.0"]);
    await promoteDirectly(on, "staging", "fraud@1.0.0", "fraud@1.1.0");
    const other = await on.clone();
    await other.repo.git(
      "fetch",
      "-q",
      "--depth=1",
      "origin",
      "+refs/heads/stage/staging:refs/remotes/origin/stage/staging",
    );
    const url = `file://${on.server?.path}`;
    await other.repo.git("remote", "set-url", "origin", url);
    await other.repo.git(
      "fetch",
      "-q",
      "--depth=1",
      "--update-shallow",
      "origin",
      "+refs/heads/*:refs/remotes/origin/*",
    );
    expect(await other.repo.git("rev-parse", "--is-shallow-repository")).toBe("true");
    const promoting = other.registry.promote({ references: ["fraud@1.2.0"], to: "staging", direct: true });
    expect(await errorOf(promoting)).toMatchObject({ code: "shallow-history", hint: "git fetch --unshallow" });
  });
});

test("findings of a promotion are those of its review", async () => {
  const on = await testRegistry();
  await registerVersions(on, "fraud", ["1.0.0"]);
  await openRequest(on, "fraud", "staging");
  await rm(join(on.repo.gitDir, "lfs", "objects"), { recursive: true });
  const [answer] = await on.registry.promote({ references: ["fraud"], to: "staging" });
  const review = await on.registry.review({ model: "fraud", stage: "staging" });
  expect(answer?.findings).toEqual(review.findings);
  expect(codesOf(review)).toEqual(["artifact-missing"]);
});
