import { beforeAll, describe, expect, test } from "vitest";
import { handMade } from "../support/hand-made.ts";
import { ADAPTERS, type TestRegistry, testRegistry } from "../support/registry.ts";
import { codesOf, errorOf, openRequest, promoteDirectly, registerVersions } from "../support/stage-story.ts";

const POLICY = `schemaVersion: 1
name: acme-models
stages:
  staging: { gates: [ { metric: f1, min: 0.8 } ] }
  production: {}
`;

const FRAUD = { model: "fraud", stage: "staging" };

describe.each(ADAPTERS)("requests on one remote, through %s git", (adapter) => {
  let on: TestRegistry;
  let other: TestRegistry;
  const there = (ref: string) => on.server?.git("for-each-ref", "--format=%(refname)", ref);

  beforeAll(async () => {
    on = await testRegistry({ adapter, policy: POLICY, remote: true });
    await registerVersions(on, "fraud", { "1.0.0": 0.9, "1.1.0": 0.91, "1.2.0": 0.5 });
    await registerVersions(on, "churn", { "1.0.0": 0.9 });
    other = await on.clone();
  });

  test("without one there is nothing to show, merge or close", async () => {
    expect(await on.registry.listRequests()).toEqual({ promotions: [] });
    const { registry } = on;
    for (const ask of [
      () => registry.showRequest(FRAUD),
      () => registry.mergeRequest(FRAUD),
      () => registry.closeRequest(FRAUD),
    ]) {
      expect(await errorOf(ask())).toMatchObject({ code: "not-found" });
    }
    expect(await errorOf(registry.showRequest({ ...FRAUD, stage: "nowhere" }))).toMatchObject({
      code: "stage-unknown",
    });
  });

  test("one that is opened here is listed, shown and merged there: head, tag and branch in one go", async () => {
    const opened = await openRequest(on, "fraud@1.0.0", "staging");
    expect((await other.registry.listRequests()).promotions).toEqual([
      {
        ...{ model: "fraud", stage: "staging", from: null, to: "1.0.0", change: "release" },
        ...{ branch: "promote/staging/fraud", number: null, url: null, status: "accept", draft: false },
      },
    ]);
    const shown = await other.registry.showRequest(FRAUD);
    expect(shown).toMatchObject({ status: "accept", head: opened.head, base: opened.base, passed: true, to: "1.0.0" });
    expect(shown.report).toContain("fraud");
    const planned = await other.registry.mergeRequest({ ...FRAUD, dryRun: true });
    expect(planned).toMatchObject({ kind: "released", planned: true, head: null, tag: null });
    expect(await on.server?.id("stage/staging")).toBe(opened.base);
    const merged = await other.registry.mergeRequest(FRAUD);
    expect(merged).toMatchObject({
      kind: "released",
      head: opened.head,
      tag: "fraud#staging#1",
      from: null,
      to: "1.0.0",
    });
    expect(await on.server?.id("stage/staging")).toBe(opened.head);
    expect(await there("refs/heads/promote")).toBe("");
    // The tag is of whoever made the commit, not of whoever merged it.
    expect(await on.server?.git("for-each-ref", "--format=%(taggername)", "refs/tags/fraud#staging#1")).toBe(
      "Ada Tester",
    );
  });

  test("one whose stage went on for others is merged as a new commit by whoever merges", async () => {
    const opened = await openRequest(on, "fraud@1.1.0", "staging");
    await promoteDirectly(on, "staging", "churn");
    const merged = await other.registry.mergeRequest(FRAUD);
    expect(merged).toMatchObject({ kind: "released", tag: "fraud#staging#2" });
    expect(merged.head).not.toBe(opened.head);
    expect(await on.server?.git("log", "-1", "--format=%cn %s", "stage/staging")).toBe(
      "Grace Other Release fraud 1.1.0 to staging",
    );
    expect(await on.server?.id("stage/staging:models/fraud")).toBe(await on.server?.id("fraud@v1.1.0^{tree}"));
    expect(await on.server?.id("stage/staging:models/churn")).toBe(await on.server?.id("churn@v1.0.0^{tree}"));
    expect(await there("refs/heads/promote")).toBe("");
    expect(await on.registry.reconcile()).toMatchObject({ created: [], findings: [] });
  });

  test("a red one is refused and stays", async () => {
    await openRequest(on, "fraud@1.2.0", "staging");
    expect(await other.registry.mergeRequest(FRAUD)).toMatchObject({
      ...{ kind: "refused", passed: false, tag: null },
      gates: [{ verdict: "fail" }],
    });
    expect(await there("refs/heads/promote")).toBe("refs/heads/promote/staging/fraud");
    expect((await on.registry.listRequests()).promotions).toMatchObject([{ status: "refuse" }]);
  });

  test("one that is closed is gone, and the stage is as it was", async () => {
    const tip = await on.server?.id("stage/staging");
    expect(await other.registry.closeRequest({ ...FRAUD, dryRun: true })).toMatchObject({
      kind: "closed",
      planned: true,
    });
    expect(await other.registry.closeRequest(FRAUD)).toMatchObject({ kind: "closed", to: "1.2.0" });
    expect(await there("refs/heads/promote")).toBe("");
    expect(await on.server?.id("stage/staging")).toBe(tip);
    expect(await on.registry.listRequests()).toEqual({ promotions: [] });
  });

  test("two who merge at once: one release, and the other has the same or finds nothing left", async () => {
    await on.registry.rollback({ reference: "fraud", stage: "staging" });
    const results = await Promise.allSettled([on, other].map(({ registry }) => registry.mergeRequest(FRAUD)));
    const answers = results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const released = answers.filter(({ kind }) => kind === "released");
    // Both may have it: the same head and the same tag object, which is adoption.
    expect(new Set(released.map(({ head, tag }) => `${head} ${tag}`)).size).toBe(1);
    expect(answers.filter(({ kind }) => kind !== "released").flatMap(codesOf)).toEqual([]);
    for (const one of results) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "not-found" });
    expect(await on.server?.git("rev-list", "--count", "stage/staging")).toBe("5");
    expect(await on.server?.git("tag", "-l", "fraud#staging#*")).toBe(
      ["fraud#staging#1", "fraud#staging#2", "fraud#staging#3"].join("\n"),
    );
    await on.server?.fsck();
  });

  test("a branch named for one model that changes another is refused", async () => {
    const head = await handMade(on.repo, {
      parents: ["origin/stage/staging"],
      trees: { "models/churn": null },
    });
    await promoteDirectly(on, "staging", "fraud@1.1.0");
    await on.repo.git("push", "-q", "origin", `${head}:refs/heads/promote/staging/fraud`);
    const merged = await other.registry.mergeRequest(FRAUD);
    expect(merged).toMatchObject({ kind: "refused", model: "fraud" });
    expect(codesOf(merged)).toEqual(["nothing-changed"]);
    expect(await on.server?.git("ls-tree", "-r", "--name-only", "stage/staging")).toContain("models/churn");
    await on.registry.closeRequest(FRAUD);
  });
});

describe.each(ADAPTERS)("a branch that is checked out in the registry, through %s git", (adapter) => {
  test("is not moved below its files", async () => {
    const on = await testRegistry({ adapter });
    await registerVersions(on, "fraud", ["1.0.0", "1.1.0"]);
    await promoteDirectly(on, "staging", "fraud@1.0.0");
    await openRequest(on, "fraud@1.1.0", "staging");
    const refs = await on.repo.git("for-each-ref");
    for (const branch of ["stage/staging", "promote/staging/fraud"]) {
      await on.repo.git("checkout", "-q", branch);
      expect(await errorOf(on.registry.mergeRequest(FRAUD))).toMatchObject({
        ...{ code: "push-rejected", hint: "git switch main, then run the command again" },
        message: `${branch} is checked out in ${on.repo.path}, so it cannot be moved`,
      });
    }
    expect(await on.repo.git("for-each-ref")).toBe(refs);
    expect(await on.repo.git("status", "--porcelain")).toBe("");
    await on.repo.git("checkout", "-q", "main");
    expect(await on.registry.mergeRequest(FRAUD)).toMatchObject({ kind: "released" });
  });
});

describe.each(ADAPTERS)("a colleague who has not fetched, through %s git", (adapter) => {
  test("sees the verdict on a version that was registered since", async () => {
    const on = await testRegistry({ adapter, remote: true });
    const other = await on.clone();
    await registerVersions(on, "fraud", ["1.0.0"]);
    await openRequest(on, "fraud@1.0.0", "staging");
    expect((await other.registry.listRequests()).promotions).toMatchObject([{ to: "1.0.0", status: "accept" }]);
    const late = await on.clone();
    await registerVersions(on, "fraud", ["1.1.0"]);
    await openRequest(on, "fraud@1.1.0", "staging");
    expect(await late.registry.showRequest(FRAUD)).toMatchObject({ to: "1.1.0", status: "accept", findings: [] });
  });
});
