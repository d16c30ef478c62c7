import { beforeAll, describe, expect, test } from "vitest";
import { handMade } from "../support/hand-made.ts";
import { ADAPTERS, type TestRegistry, testRegistry } from "../support/registry.ts";
import { errorOf, promoteDirectly, registerVersions } from "../support/stage-story.ts";

describe.each(ADAPTERS)("taking a model off a stage, through %s git", (adapter) => {
  let on: TestRegistry;
  beforeAll(async () => {
    on = await testRegistry({ adapter, stages: ["staging"] });
    await registerVersions(on, "team/fraud", ["1.0.0"]);
    await registerVersions(on, "team/eu/churn", ["1.0.0"]);
    await promoteDirectly(on, "staging", "team/fraud", "team/eu/churn");
  });

  const listed = () => on.repo.git("ls-tree", "-r", "-t", "--name-only", "stage/staging");

  test("a folder of models is none", async () => {
    for (const model of ["team", "team/eu", "nobody"]) {
      expect(await errorOf(on.registry.demote({ model, stage: "staging", direct: true }))).toMatchObject({
        ...{ code: "not-found", message: `there is no model ${model}` },
      });
    }
    expect(await listed()).toContain("models/team/fraud/manifest.yaml");
  });

  test("by a request, whose branch has neither the model nor the folders that this empties", async () => {
    const answer = await on.registry.demote({ model: "team/eu/churn", stage: "staging" });
    expect(answer).toMatchObject({
      ...{ kind: "pull-request", change: "demote", from: "1.0.0", to: null, branch: "demote/staging/team/eu/churn" },
      ...{ created: true, passed: true, gates: [], needs: [], findings: [] },
    });
    const tree = await on.repo.git("ls-tree", "-r", "-t", "--name-only", answer.head ?? "");
    expect(tree).not.toContain("models/team/eu");
    expect(tree).toContain("models/team/fraud");
    const merged = await on.registry.mergeRequest({ model: "team/eu/churn", stage: "staging" });
    expect(merged).toMatchObject({ kind: "released", head: answer.head, tag: "team/eu/churn#staging!#2" });
    expect(await on.repo.git("for-each-ref", "refs/heads/demote")).toBe("");
    expect(await on.registry.history({ model: "team/eu/churn", stage: "staging", limit: 1 })).toMatchObject({
      events: [{ kind: "demote", version: "1.0.0", previous: "1.0.0", number: 2, tag: "team/eu/churn#staging!#2" }],
    });
  });

  test("the last one leaves the empty tree of the root", async () => {
    await on.registry.demote({ model: "team/fraud", stage: "staging", direct: true });
    expect(await on.repo.id("stage/staging^{tree}")).toBe(await on.repo.id("stage/staging~4^{tree}"));
    expect(await on.registry.demote({ model: "team/fraud", stage: "staging" })).toMatchObject({ kind: "unchanged" });
  });

  test("also what nobody registered, which then has a number and no tag", async () => {
    const ghost = await handMade(on.repo, {
      parents: ["stage/staging"],
      files: { "models/ghost/manifest.yaml": "schemaVersion: 1\nmodel: ghost\nversion: 1.0.0\n" },
    });
    await on.repo.git("update-ref", "refs/heads/stage/staging", ghost);
    expect(await on.registry.demote({ model: "ghost", stage: "staging", direct: true })).toMatchObject({
      ...{ kind: "released", change: "demote", from: "unregistered", tag: null },
    });
    expect(await on.repo.git("log", "-1", "--format=%s", "stage/staging")).toBe("Demote ghost from staging");
    expect(await listed()).toBe("");
    expect(await on.registry.reconcile()).toMatchObject({ created: [], findings: [] });
    await on.repo.fsck();
  });
});
