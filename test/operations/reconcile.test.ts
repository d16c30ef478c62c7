import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openRegistry } from "../../src/compose.ts";
import { handMade } from "../support/hand-made.ts";
import { ADAPTERS, CHOSEN_ADAPTER, registryEnvironment, type TestRegistry, testRegistry } from "../support/registry.ts";
import { codesOf, errorOf, openRequest, promoteDirectly, registerVersions } from "../support/stage-story.ts";
import { repoAt, type TempRepo, tempDir } from "../support/temp-repo.ts";

const RELEASES = ["for-each-ref", "--format=%(refname) %(objectname)", "refs/tags/**/*#*", "refs/tags/*#*"] as const;

/** Without its release tags, as a stage that was only ever moved by merge buttons. */
async function forgetReleases(repo: TempRepo): Promise<void> {
  const tags = (await repo.git("for-each-ref", "--format=%(refname)", "refs/tags")).split("\n");
  const releases = tags.filter((tag) => /#[a-z]+!?#\d+$/.test(tag));
  await repo.gitBytes({ input: releases.map((tag) => `delete ${tag}\n`).join("") }, "update-ref", "--stdin");
}

/** Stages moved by hand: committers of odd names and zones, two events in a second, a demote, a stranger. */
async function moveByHand(repo: TempRepo, ref: string): Promise<void> {
  const by = { name: "Zo\u00eb \u00d8deg\u00e5rd", email: "zoe@example.org", zone: "+0530" };
  const fraud = (version: string) => ({ "models/fraud": `fraud@v${version}^{tree}` });
  const steps = [
    { trees: fraud("1.0.0"), by },
    { trees: fraud("1.1.0"), by },
    { trees: { "models/fraud": null }, by: { ...by, zone: "-0800" } },
    { trees: {}, files: { "models/fraud/notes.txt": "no manifest here" } },
    { trees: {}, files: { "models/fraud/notes.txt": "changed" } },
    { trees: fraud("1.1.0"), seconds: 1_700_000_500 },
    { trees: { "models/team/churn": "team/churn@v1.0.0^{tree}" }, seconds: 1_600_000_000 },
  ];
  for (const step of steps) {
    await repo.git("update-ref", ref, await handMade(repo, { parents: [ref], ...step }));
  }
}

describe("release tags", () => {
  let on: TestRegistry;
  beforeAll(async () => {
    on = await testRegistry({ remote: true });
    await registerVersions(on, "fraud", ["1.0.0", "1.1.0"]);
    await registerVersions(on, "team/churn", ["1.0.0"]);
    if (on.server === null) throw new Error("no server");
    await moveByHand(on.server, "refs/heads/stage/staging");
  });

  test("are the same objects whoever makes them, on either adapter, from two clones that know nothing of each other", async () => {
    const made: string[] = [];
    for (const [index, adapter] of ADAPTERS.entries()) {
      const path = await tempDir();
      await repoAt(path).git("clone", "-q", "--mirror", on.server?.path ?? "", path);
      const name = `Reconciler ${index}`;
      const environment = await registryEnvironment(adapter, { GIT_AUTHOR_NAME: name, GIT_COMMITTER_NAME: name });
      await repoAt(path, true).git("remote", "remove", "origin");
      const registry = await openRegistry({ registry: path, directory: path, environment });
      const { created, findings } = await registry.reconcile();
      await registry.close();
      expect(findings).toEqual([]);
      expect(created.map(({ tag, kind, previous }) => `${tag} ${kind} ${previous}`).toSorted()).toEqual([
        "fraud#staging!#3 demote 1.1.0",
        "fraud#staging#1 release null",
        "fraud#staging#2 release 1.0.0",
        "fraud#staging#6 rollback unregistered",
        "team/churn#staging#1 release null",
      ]);
      made.push(await repoAt(path, true).git(...RELEASES));
      await repoAt(path, true).fsck();
    }
    expect(made[0]).toBe(made[1]);
    expect(made[0]?.split("\n")).toHaveLength(5);
  });

  test("converge where four reconcile at once, and a command that moves the stage counts as reconcile does", async () => {
    const people = [on, ...(await Promise.all([on.clone({ adapter: "embedded" }), on.clone(), on.clone()]))];
    const answers = await Promise.all(people.map(({ registry }) => registry.reconcile()));
    for (const { findings } of answers) expect(findings).toEqual([]);
    const tags = await on.server?.git(...RELEASES);
    expect(tags?.split("\n")).toHaveLength(5);
    for (const { repo } of people) expect(await repo.git(...RELEASES)).toBe(tags);
    expect(await promoteDirectly(on, "staging", "fraud@1.0.0")).toMatchObject({
      ...{ change: "rollback", tag: "fraud#staging#7" },
    });
    expect(await people[1]?.registry.reconcile()).toEqual({ created: [], reviewed: [], findings: [] });
  });

  test("that were deleted at the remote are made again, also by a clone that has them still", async () => {
    const before = await on.server?.git(...RELEASES);
    if (on.server !== null) await forgetReleases(on.server);
    const { created, findings } = await on.registry.reconcile();
    expect([created.length, findings]).toEqual([6, []]);
    expect(await on.server?.git(...RELEASES)).toBe(before);
  });

  test("that say something else are reported and never overwritten; what nothing explains is forged", async () => {
    const alone = await testRegistry({ adapter: CHOSEN_ADAPTER });
    await registerVersions(alone, "fraud", ["1.0.0", "1.1.0"]);
    await promoteDirectly(alone, "staging", "fraud@1.0.0", "fraud@1.1.0");
    const { repo } = alone;
    const forged = await repo.gitBytes(
      { input: `${(await repo.git("cat-file", "tag", "fraud#staging#2")).replace("Release", "Forge")}\n` },
      "mktag",
    );
    await repo.git("update-ref", "refs/tags/fraud#staging#2", forged.toString("utf8").trim());
    await repo.git("tag", "-a", "-m", "x", "fraud#staging#9", "fraud@v1.0.0^{commit}");
    await repo.git("tag", "-a", "-m", "x", "fraud#staging!#2", "fraud@v1.0.0^{commit}");
    const before = await repo.git("for-each-ref");
    const { created, findings } = await alone.registry.reconcile();
    expect(created).toEqual([]);
    expect(findings.map(({ code, ref, severity }) => `${code} ${ref} ${severity}`).toSorted()).toEqual([
      "history-rewritten refs/tags/fraud#staging#2 error",
      "release-forged refs/tags/fraud#staging!#2 error",
      "release-forged refs/tags/fraud#staging#9 error",
    ]);
    expect(await repo.git("for-each-ref")).toBe(before);
  });

  test("are of the version that the manifest names, whatever other tags stand on its commit", async () => {
    const alone = await testRegistry({ adapter: CHOSEN_ADAPTER });
    await registerVersions(alone, "fraud", ["1.0.0", "1.1.0"]);
    await promoteDirectly(alone, "staging", "fraud@1.0.0", "fraud@1.1.0");
    for (const twin of ["fraud@v0.1.0", "fraud@v9.9.9"]) {
      await alone.repo.git("tag", "-a", "-m", "by hand", twin, "fraud@v1.1.0^{commit}");
    }
    expect(await alone.registry.reconcile()).toMatchObject({ created: [], findings: [] });
    const { events } = await alone.registry.history({ model: "fraud", stage: "staging" });
    expect(events.map(({ version }) => version)).toEqual(["1.1.0", "1.0.0"]);
    expect(await alone.registry.resolve({ reference: "fraud@staging" })).toMatchObject({ version: "1.1.0" });
  });
});

describe.each(ADAPTERS)("stages, through %s git", (adapter) => {
  test("get their roots and the default branch's CODEOWNERS, which is no event; requests are judged anew", async () => {
    const on = await testRegistry({ adapter });
    await registerVersions(on, "fraud", ["1.0.0"]);
    await promoteDirectly(on, "staging", "fraud");
    await openRequest(on, "fraud", "production");
    await on.repo.commit("Say who owns what", { ".github/CODEOWNERS": "* @acme/risk\n" });
    await on.changePolicy("schemaVersion: 1\nname: acme-models\nstages: { staging: {}, production: {}, canary: {} }\n");
    const first = await on.registry.reconcile();
    expect(first).toEqual({ created: [], reviewed: [{ number: null, verdict: "accept" }], findings: [] });
    for (const stage of ["staging", "production", "canary"]) {
      expect(await on.repo.git("show", `stage/${stage}:.github/CODEOWNERS`)).toBe("* @acme/risk");
    }
    const refs = await on.repo.git("for-each-ref");
    await on.registry.reconcile();
    expect(await on.repo.git("for-each-ref")).toBe(refs);

    await on.repo.commit("Own it otherwise", { ".github/CODEOWNERS": "* @acme/all\n" });
    const merged = await on.registry.mergeRequest({ model: "fraud", stage: "production" });
    expect(merged).toMatchObject({ kind: "released", tag: "fraud#production#1" });
    expect(await on.repo.git("show", "stage/production:.github/CODEOWNERS")).toBe("* @acme/all");
    await on.repo.git("rm", "-q", ".github/CODEOWNERS");
    await on.repo.commit("Nobody owns it");
    await on.registry.reconcile();
    expect(await on.repo.git("ls-tree", "-r", "--name-only", "stage/staging")).not.toContain("CODEOWNERS");
    expect((await on.registry.history({ stage: "staging" })).events).toHaveLength(1);
    await on.repo.fsck();
  });

  test("that the policy does not name are told, and left alone", async () => {
    const on = await testRegistry({ adapter });
    await on.changePolicy("schemaVersion: 1\nname: acme-models\nstages: { staging: {} }\n");
    expect((await on.registry.reconcile()).findings).toMatchObject([
      { code: "stage-undeclared", severity: "warning", ref: "refs/heads/stage/production" },
    ]);
  });
});

test("a server that lets nobody push a stage still gets its release tags", async () => {
  const on = await testRegistry({ remote: true });
  await registerVersions(on, "fraud", ["1.0.0"]);
  await promoteDirectly(on, "staging", "fraud");
  if (on.server === null) throw new Error("no server");
  await forgetReleases(on.server);
  await on.repo.commit("Say who owns what", { ".github/CODEOWNERS": "* @acme/risk\n" });
  await on.repo.git("push", "-q", "origin", "main");
  await mkdir(join(on.server.path, "hooks"), { recursive: true });
  const hook = join(on.server.path, "hooks", "update");
  await writeFile(hook, '#!/bin/sh\ncase $1 in refs/heads/stage/*) echo "protected branch"; exit 1;; esac\n');
  await chmod(hook, 0o755);
  const native = await on.reopen({ GIT_MODEL_GIT: "native" });
  const { created, findings } = await native.registry.reconcile();
  expect(created.map(({ tag }) => tag)).toEqual(["fraud#staging#1"]);
  expect(codesOf({ findings })).toEqual(["failed"]);
  expect(findings[0]?.severity).toBe("warning");
  const demoting = native.registry.demote({ model: "fraud", stage: "staging", direct: true });
  expect(await errorOf(demoting)).toMatchObject({
    ...{ code: "branch-protected", hint: "the same command without --direct opens a request" },
  });
});

test("a stage that was set back takes a number again, and the tag of the one before stays", async () => {
  const on = await testRegistry({ adapter: CHOSEN_ADAPTER });
  await registerVersions(on, "fraud", ["1.0.0", "1.1.0", "1.2.0"]);
  await promoteDirectly(on, "staging", "fraud@1.0.0", "fraud@1.1.0");
  const tag = await on.repo.id("refs/tags/fraud#staging#2");
  await on.repo.git("update-ref", "refs/heads/stage/staging", "stage/staging~1");
  expect(await promoteDirectly(on, "staging", "fraud@1.2.0")).toMatchObject({ from: "1.0.0", tag: null });
  expect(codesOf({ findings: on.warnings })).toEqual(["history-rewritten"]);
  expect(await on.repo.id("refs/tags/fraud#staging#2")).toBe(tag);
  expect(await on.registry.reconcile()).toMatchObject({
    ...{ created: [], findings: [{ code: "history-rewritten", ref: "refs/tags/fraud#staging#2" }] },
  });
  expect(await on.registry.resolve({ reference: "fraud@staging" })).toMatchObject({ version: "1.2.0" });
});

describe.each(["--squash", "--no-ff", "--ff-only"])("a request merged by hand with git merge %s", (how) => {
  test("is released by reconcile, and its branch goes", async () => {
    const on = await testRegistry({ stages: ["staging"] });
    await registerVersions(on, "fraud", ["1.0.0", "1.1.0"]);
    await registerVersions(on, "churn", ["1.0.0"]);
    await promoteDirectly(on, "staging", "fraud@1.0.0");
    await openRequest(on, "fraud@1.1.0", "staging");
    if (how !== "--ff-only") await promoteDirectly(on, "staging", "churn");
    await on.repo.git("-c", "filter.lfs.smudge=", "-c", "filter.lfs.required=false", "checkout", "-q", "stage/staging");
    await on.repo.git("-c", "core.editor=true", "merge", "-q", how, "promote/staging/fraud");
    if (how === "--squash") await on.repo.git("commit", "-q", "-m", "Squashed by a button (#7)");
    await on.repo.git("checkout", "-q", "main");
    expect(await on.registry.listRequests()).toEqual({ promotions: [] });
    const { created, findings } = await on.registry.reconcile();
    expect(findings).toEqual([]);
    expect(created).toMatchObject([
      { kind: "release", model: "fraud", version: "1.1.0", previous: "1.0.0", number: 2, tag: "fraud#staging#2" },
    ]);
    expect(await on.repo.git("for-each-ref", "refs/heads/promote")).toBe("");
    const commit = /\nStage-Commit: (\w+)\n/.exec(await on.repo.git("cat-file", "tag", "fraud#staging#2"))?.[1];
    expect(commit).toBe(await on.repo.id("stage/staging"));
    expect(await on.registry.resolve({ reference: "fraud#staging~1" })).toMatchObject({ version: "1.0.0" });
    expect(await on.registry.reconcile()).toMatchObject({ created: [], findings: [] });
    await on.repo.fsck();
  });
});
