import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { openRegistry } from "../../src/compose.ts";
import type { Registry } from "../../src/operations/registry.ts";
import { describeWith, oracle } from "../support/oracles.ts";
import { ADAPTERS, type Adapter, registryEnvironment } from "../support/registry.ts";
import { isolatedEnvironment } from "../support/run-git.ts";
import { repoAt, type TempRepo, tempDir } from "../support/temp-repo.ts";

/** The registry that a shell script makes from the text of the contract alone. */
let repo: TempRepo;
const registries = new Map<Adapter, Registry>();

beforeAll(async () => {
  repo = repoAt(await tempDir());
  const script = new URL("../support/plain-git-registry.sh", import.meta.url);
  execFileSync("sh", { cwd: repo.path, input: readFileSync(script), env: isolatedEnvironment() });
  for (const adapter of ADAPTERS) {
    const environment = await registryEnvironment(adapter);
    registries.set(adapter, await openRegistry({ registry: repo.path, directory: await tempDir(), environment }));
  }
  return async () => {
    for (const registry of registries.values()) await registry.close();
  };
});

describe.each(ADAPTERS)("a registry that plain git wrote, read through %s git", (adapter) => {
  const registry = () => {
    const one = registries.get(adapter);
    if (one === undefined) throw new Error("not open");
    return one;
  };

  test("is listed", async () => {
    expect((await registry().list()).models).toMatchObject([
      { model: "fraud", latest: "1.1.0", versions: 3, stages: { staging: null, production: "1.0.0" } },
      { model: "team/churn", latest: "1.0.0", versions: 1, stages: { staging: "1.0.0", production: null } },
    ]);
    const versions = (await registry().listVersions({ model: "fraud" })).versions;
    expect(versions.map(({ version, yanked, stages }) => [version, yanked, stages])).toEqual([
      ["1.2.0", true, []],
      ["1.1.0", false, []],
      ["1.0.0", false, ["production"]],
    ]);
  });

  test("has the history that its commits tell, with the dates of its tags", async () => {
    const { events } = await registry().history({ model: "fraud", stage: "production" });
    const told = events.map(({ at, kind, version, previous, number, tag }) => [
      at,
      kind,
      version,
      previous,
      number,
      tag,
    ]);
    expect(told).toEqual([
      ["2023-11-14T22:24:00Z", "rollback", "1.0.0", "unregistered", 7, "fraud#production#7"],
      ["2023-11-14T22:22:22Z", "unregistered", null, null, 6, null],
      ["2023-11-14T22:22:21Z", "demote", "1.1.0", "1.1.0", 5, "fraud#production!#5"],
      ["2023-11-14T22:22:20Z", "rollback", "1.1.0", "1.2.0", 4, "fraud#production#4"],
      ["2023-11-14T22:20:42Z", "release", "1.2.0", "1.1.0", 3, "fraud#production#3"],
      ["2023-11-14T22:20:41Z", "release", "1.1.0", "1.0.0", 2, "fraud#production#2"],
      ["2023-11-14T22:20:40Z", "release", "1.0.0", null, 1, "fraud#production#1"],
    ]);
    expect(events.every(({ actor }) => actor.name === "Zoë Ødegård" && actor.email === "zoe@example.org")).toBe(true);
  });

  test("shows a version with its releases, and resolves what a stage holds", async () => {
    const shown = await registry().show({ reference: "fraud@1.1.0" });
    expect(shown.releases.map(({ number, tag, until }) => [number, tag, until])).toEqual([
      [4, "fraud#production#4", "2023-11-14T22:22:21Z"],
      [2, "fraud#production#2", "2023-11-14T22:20:42Z"],
    ]);
    expect(await registry().show({ reference: "fraud@1.2.0" })).toMatchObject({
      yanked: { reason: "leaked labels", at: "2023-11-14T22:25:40Z" },
    });
    expect(await registry().resolve({ reference: "fraud@production" })).toMatchObject({
      ...{ version: "1.0.0", stage: "production", commit: await repo.id("fraud@v1.0.0^{commit}") },
      artifacts: [{ path: "model.onnx", role: "model", size: 23 }],
    });
  });

  test("hands out the bytes", async () => {
    const [pulled] = (await registry().pull({ references: ["team/churn@staging"], printPath: true })).models;
    expect(readFileSync(`${pulled?.path}/model.onnx`, "utf8")).toBe("weights of team/churn 1.0.0\n");
  });

  test("wants nothing: reconcile adds no tag, and doctor finds no error", async () => {
    const before = await repo.git("for-each-ref");
    expect(await registry().reconcile()).toEqual({ created: [], reviewed: [], findings: [] });
    expect(await repo.git("for-each-ref")).toBe(before);
    const { findings } = await registry().doctor();
    // What production holds came past `from: [staging]`, which binds promotions only.
    expect(findings.map(({ code }) => code).filter((code) => code !== "policy-drift")).toEqual([]);
  });

  test("goes on from there", async () => {
    const back = await registry()
      .rollback({ reference: "fraud", stage: "production", dryRun: true })
      .catch((e) => e);
    expect(back).toMatchObject({ code: "not-found" });
    const [up] = await registry().promote({ references: ["fraud@1.1.0"], to: "production", dryRun: true });
    expect(up).toMatchObject({ change: "release", from: "1.0.0", needs: [{ rule: "from", verdict: "fail" }] });
  });
});

test("git finds nothing wrong with it", () => repo.fsck());

describeWith(["gto"], "gto", () => {
  const gto = (...args: readonly string[]) =>
    JSON.parse(
      execFileSync(oracle("gto") ?? "gto", [...args, "--json", "--repo", repo.path], {
        encoding: "utf8",
        env: isolatedEnvironment(),
      }),
    );

  test("shows what list shows", async () => {
    const shown: Record<string, { version: string; stage: Record<string, string | null> }> = gto("show");
    const rows = (await registries.get("native")?.list())?.models ?? [];
    expect(rows.map(({ model }) => model)).toEqual(Object.keys(shown));
    for (const { model, latest, stages } of rows) {
      expect(shown[model]?.version).toBe(`v${latest}`);
      for (const [stage, held] of Object.entries(stages)) {
        expect(shown[model]?.stage[stage] ?? null).toBe(held === null ? null : `v${held}`);
      }
    }
  });

  test("tells the history that history tells", async () => {
    const kinds: Record<string, string> = {
      ...{ registration: "register", deregistration: "yank", assignment: "release", unassignment: "demote" },
    };
    const told: readonly { ref: string; event: string; version: string; timestamp: string }[] = gto("history");
    const ours = (await registries.get("native")?.history({}))?.events.filter(({ tag }) => tag !== null) ?? [];
    const line = (tag: string | null, kind: string | undefined, version: string | null, at: string) =>
      `${tag} ${kind} v${version} ${Date.parse(at)}`;
    expect(
      told.map(({ ref, event, version, timestamp }) => line(ref, kinds[event], version.slice(1), timestamp)),
    ).toEqual(ours.map(({ tag, kind, version, at }) => line(tag, kind === "rollback" ? "release" : kind, version, at)));
  });
});
