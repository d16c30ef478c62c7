import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { git } from "../../support/run-git.ts";
import { type Answered, copyOf, expectZero, initialised, type World } from "./world.ts";

/** DETAILS sections 5 and 6, clause by clause; what stands elsewhere is named at the end. */

const POLICY = `schemaVersion: 1
name: acme-models
stages:
  staging: {}
  production: {}
  strict: {}
`;

let world: World;

/** fraud 1.0.0, 1.1.0 (yanked), 1.2.0, a draft 1.3.0-rc.1; staging went 1.0.0, 1.2.0, back to 1.0.0. */
beforeAll(async () => {
  world = await initialised("native", POLICY);
  await world.file("model.onnx", "one\n");
  await world.file("out/model.onnx", "two\n");
  await world.file("new/model.onnx", "three\n");
  await world.file("card.md", "# Card\n");
  await world.file("f1.json", '{"f1": 0.5}');
  for (const line of [
    "register fraud model.onnx --metric f1=0.9300 --metric zero=0 --param a=1e2 --param b=true --param c=1.2.3 --card card.md",
    "register fraud out/model.onnx --bump minor --metric f1=0.94 --metric zero=1",
    "yank fraud@1.1.0 --reason leaked",
    "register fraud model.onnx --bump minor --metric f1=0.95 --metric zero=2",
    "promote fraud@1.0.0 --to staging --direct",
    "promote fraud@1.2.0 --to staging --direct",
    "rollback fraud --stage staging --direct",
    "register fraud new/model.onnx --version 1.3.0-rc.1 --no-push",
    "register plain model.onnx",
    "promote plain --to strict --direct",
    "promote plain --to staging --direct",
  ]) {
    await expectZero(world.run(line.split(" ")));
  }
});

const ask = (line: string, place: World = world, environment: NodeJS.ProcessEnv = {}) =>
  place.json(line.split(" "), { environment });

const code = ({ document }: Answered): unknown => document.error?.code;

describe("codes and findings (33)", () => {
  test("without a policy reads go on, and what writes says policy-missing", async () => {
    const copy = await copyOf(world);
    await git(copy.path, "rm", "-q", "registry.yaml");
    await git(copy.path, "commit", "-qm", "Without a policy");
    await git(copy.path, "push", "-q", "origin", "main");
    for (const line of [
      "list --fetch",
      "show fraud",
      "history fraud",
      "resolve fraud@staging",
      "diff fraud@1.0.0 fraud",
    ]) {
      expect(await ask(line, copy), line).toMatchObject({ exit: 0 });
    }
    for (const line of [
      "promote fraud@1.2.0 --to production",
      "rollback fraud --stage staging",
      "demote fraud --stage staging",
      "review --base origin/stage/staging --head origin/stage/production",
    ]) {
      expect(await ask(line, copy), line).toMatchObject({ exit: 2, document: { error: { code: "policy-missing" } } });
    }
  });

  test("nothing to go back to is not-found and names what can be done instead", async () => {
    const nothing = await ask("rollback plain --stage staging --direct");
    expect(nothing).toMatchObject({ exit: 1, document: { error: { code: "not-found" } } });
    expect(nothing.document.error.hint).toContain("git model demote plain --stage staging");
    const never = await ask("rollback fraud@1.1.0 --stage staging --direct");
    expect(never).toMatchObject({ exit: 1, document: { error: { code: "not-found" } } });
    expect(never.document.error.hint).toContain("git model promote fraud@1.1.0 --to staging");
  });

  test.each(["show", "merge", "close"])("pr %s without a request is not-found", async (what) => {
    expect(await ask(`pr ${what} fraud --stage production`)).toMatchObject({
      exit: 1,
      document: { error: { code: "not-found" } },
    });
  });

  test("a shallow clone refuses what rests on history, and reads the rest", async () => {
    const clone = join(await copyOf(world).then(({ directory }) => directory), "shallow");
    await git(world.directory, "clone", "-q", "--depth=1", "--no-single-branch", `file://${world.server}`, clone);
    const there = { GIT_MODEL_REGISTRY: clone };
    expect(code(await ask("history fraud", world, there))).toBe("shallow-history");
    expect(code(await ask("reconcile", world, there))).toBe("shallow-history");
    expect(await ask("resolve fraud@staging", world, there)).toMatchObject({ document: { version: "1.0.0" } });
  });
});

describe("register and its inputs (34, 35, 38, 50, 51, 55)", () => {
  test("several references: one outcome each, in order, the highest exit", async () => {
    const copy = await copyOf(world);
    expect(await ask("promote plain fraud@1.1.0 --to production --direct", copy)).toMatchObject({
      exit: 1,
      document: {
        promotions: [
          { model: "plain", kind: "released" },
          { model: "fraud", kind: "refused" },
        ],
      },
    });
  });

  test("equal in all but source is the same version, with or without --version", async () => {
    const again = "register plain model.onnx --source run=https://ci.example/7 --dry-run";
    expect(await ask(again)).toMatchObject({ document: { created: false, version: "1.0.0" } });
    expect(await ask(`${again} --version 1.0.0`)).toMatchObject({ document: { created: false } });
    expect(code(await ask(`${again} --version 1.0.0 --metric f1=1`))).toBe("version-exists");
  });

  test("a bump counts from the highest there is, draft and pre-release included", async () => {
    const next = async (line: string) =>
      (await ask(`register fraud out/model.onnx ${line} --dry-run`)).document.version;
    expect(await next("--metric f1=0.1")).toBe("1.3.0");
    expect(await next("--bump minor")).toBe("1.3.0");
    expect(await next("--bump major")).toBe("2.0.0");
  });

  test("what was yanked is never adopted by a bump", async () => {
    const copy = await copyOf(world);
    const line = "register solo model.onnx";
    await expectZero(copy.run(line.split(" ")));
    await expectZero(copy.run(["yank", "solo", "--reason", "wrong"]));
    expect(await ask(line, copy)).toMatchObject({ document: { created: true, version: "1.0.1" } });
  });

  test("a parameter is a number, a truth value or text; numbers keep their digits (37)", async () => {
    const { document, stdout } = await ask("show fraud@1.0.0");
    expect(document.manifest.params).toEqual({ a: 100, b: true, c: "1.2.3" });
    expect(stdout).toMatch(/"f1": 0\.9300,?$/m);
  });

  test.each([
    ["--metric", "__proto__=1", "metrics-invalid"],
    ["--label", "constructor=x", "usage"],
    ["--metrics", "proto.json", "metrics-invalid"],
    ["--metadata", "nested.yaml", "manifest-invalid"],
    ["--manifest", "named.yaml", "manifest-invalid"],
    ["--params", "deep.json", "manifest-invalid"],
  ])("%s %s is refused", async (option, value, expected) => {
    await world.file("proto.json", '{"constructor": {"x": 1}}');
    await world.file("nested.yaml", "a:\n  __proto__: 1\n");
    await world.file("named.yaml", "model: fraud\n");
    await world.file("deep.json", '{"prototype": 1}');
    const refused = await world.json(["register", "odd", "model.onnx", option, value]);
    expect(refused, JSON.stringify(refused.document)).toMatchObject({
      exit: 2,
      document: { error: { code: expected } },
    });
  });

  test("standard input is JSON or YAML, and nested maps are flattened", async () => {
    const words = "register piped model.onnx --dry-run --metrics -".split(" ");
    const { document } = await world.json(words, { stdin: "test:\n  f1: 0.8800\n" });
    const flat = await ask("register piped model.onnx --dry-run --metric test.f1=0.8800");
    expect(document.tree).toBe(flat.document.tree);
    expect(code(await world.json(words, { stdin: '{"f1": 1, "f1": 2}' }))).toBe("metrics-invalid");
  });

  test("--role names an artifact path; one that there is not is refused", async () => {
    const { document } = await ask("register plain model.onnx --role model.onnx=weights --dry-run");
    expect(document.artifacts).toMatchObject([{ path: "model.onnx", role: "weights" }]);
    expect(await ask("register plain model.onnx --role other.onnx=weights --dry-run")).toMatchObject({ exit: 2 });
  });

  test("two sources for one path are refused", async () => {
    expect(code(await ask("register plain model.onnx out/model.onnx"))).toBe("usage");
  });
});

describe("references (38, 58)", () => {
  test.each([
    ["fraud@", "reference-invalid"],
    ["fraud@nowhere", "stage-unknown"],
    ["fraud@No-Where", "reference-invalid"],
    ["fraud#nowhere", "stage-unknown"],
    ["fraud@9.9.9", "not-found"],
    ["fraud@^9", "not-found"],
    ["nobody", "not-found"],
    ["fraud#production", "not-found"],
  ])("%s: %s", async (reference, expected) => {
    const answer = await ask(`resolve ${reference}`);
    expect(code(answer), JSON.stringify(answer.document)).toBe(expected);
  });

  test("a blank selector is refused, too", async () => {
    expect(code(await world.json(["resolve", "fraud@ "]))).toBe("reference-invalid");
  });
});

describe("numbers (37, 46, 48)", () => {
  test("a change from zero has no relative size; a decimal is exact", async () => {
    const { document } = await ask("diff fraud@1.0.0 fraud@1.2.0");
    expect(document.metrics).toMatchObject([
      { name: "f1", from: 0.93, to: 0.95, change: 0.02, relative: 0.0215054, verdict: "better" },
      { name: "zero", from: 0, to: 2, change: 2, relative: null, verdict: "changed" },
    ]);
  });

  test("best by a metric of unknown direction is a matter of the policy", async () => {
    expect(code(await ask("best fraud --metric zero"))).toBe("policy-invalid");
  });

  test("a champion without the gate's metric is told how it gets one", async () => {
    const copy = await copyOf(world);
    await copy.policy(POLICY.replace("strict: {}", "strict: { gates: [{ metric: f1, maxRegression: 0 }] }"));
    await expectZero(copy.run("register plain out/model.onnx --metric f1=0.9".split(" ")));
    const { document } = await ask("promote plain --to strict --dry-run", copy);
    expect(document.gates).toMatchObject([{ verdict: "missing", observed: 0.9, champion: null }]);
    expect(document.gates[0].hint).toContain("git model evaluate plain@strict");
  });
});

describe("stages (34, 49, 54, 57)", () => {
  test("back to what a rollback had popped is a release, judged anew", async () => {
    const copy = await copyOf(world);
    expect(await ask("rollback fraud@1.2.0 --stage staging", copy)).toMatchObject({
      document: { change: "release", branch: "promote/staging/fraud" },
    });
  });

  test("a dry run of a request and of a move say what would happen, without head and tag", async () => {
    expect(await ask("promote fraud@1.2.0 --to production --dry-run")).toMatchObject({
      document: { planned: true, kind: "pull-request", head: null, tag: null, number: null },
    });
    expect(await ask("promote fraud@1.0.0 --to staging --dry-run")).toMatchObject({
      exit: 0,
      document: { kind: "unchanged", planned: true, change: null, gates: [], passed: true, created: false },
    });
  });

  test("a tree that no version has is told as unregistered", async () => {
    const copy = await copyOf(world);
    await git(copy.path, "read-tree", "origin/stage/staging");
    const blob = await git(copy.path, "rev-parse", "HEAD:registry.yaml");
    await git(copy.path, "update-index", "--add", "--cacheinfo", `100644,${blob},models/fraud/README.md`);
    const tree = await git(copy.path, "write-tree");
    const commit = await git(copy.path, "commit-tree", "-p", "origin/stage/staging", "-m", "By hand", tree);
    await git(copy.path, "push", "-q", "origin", `${commit}:refs/heads/stage/staging`);
    const { document } = await ask("list --fetch", copy);
    expect(document.models[0]).toMatchObject({ model: "fraud", stages: { staging: "unregistered" } });
    const { document: history } = await ask("history fraud --stage staging --limit 1", copy);
    expect(history.events).toMatchObject([
      { kind: "unregistered", version: null, previous: "1.0.0", number: 4, tag: null },
    ]);
    for (const line of [
      "resolve fraud@staging",
      "show fraud#staging",
      "pull fraud@staging",
      "diff fraud fraud@staging",
    ]) {
      expect(code(await ask(line, copy)), line).toBe("stage-unregistered");
    }
    expect(await ask("pull fraud@staging --fallback fraud@1.0.0", copy)).toMatchObject({ exit: 1 });
  });

  test("history of a stage leaves out what no stage saw; newest first", async () => {
    const { document } = await ask("history fraud --all");
    const kinds = document.events.map(({ kind }: { readonly kind: string }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(["register", "release", "rollback", "yank"]));
    const times = document.events.map(({ at }: { readonly at: string }) => at);
    expect(times).toEqual([...times].sort().reverse());
    const { document: one } = await ask("history fraud --stage staging");
    expect(one.events.map(({ kind }: { readonly kind: string }) => kind)).toEqual(["rollback", "release", "release"]);
  });

  test("updatedAt is the newest tagger date of the model's versions (36)", async () => {
    const { document } = await ask("list");
    const text = await git(world.path, "for-each-ref", "--format=%(taggerdate:unix)", "refs/tags/fraud@v*");
    const newest = Math.max(...text.split("\n").map(Number));
    expect(Date.parse(document.models[0].updatedAt)).toBe(newest * 1000);
  });
});

describe("pull (39, 47)", () => {
  test("--link takes a link or nothing; what it leads to is laid out as documented", async () => {
    expect(code(await ask("pull fraud@1.0.0 --link model.onnx"))).toBe("usage");
    expect(await ask("pull fraud@1.0.0 --link current")).toMatchObject({ document: { models: [{ changed: true }] } });
    expect((await lstat(join(world.directory, "current"))).isSymbolicLink()).toBe(true);
    expect((await readdir(join(world.directory, "current"))).sort()).toEqual([
      "README.md",
      "manifest.yaml",
      "model.onnx",
    ]);
    const tree = await git(world.path, "cat-file", "blob", "fraud@v1.0.0:manifest.yaml");
    expect(await readFile(join(world.directory, "current/manifest.yaml"), "utf8")).toBe(`${tree}\n`);
  });

  test("-o is refused where something is, and written where nothing is", async () => {
    expect(await ask("pull fraud@1.0.0 -o out")).toMatchObject({ exit: 2, document: { error: { code: "usage" } } });
    expect(await ask("pull fraud@1.0.0 -o fresh")).toMatchObject({ exit: 0 });
    expect(await readFile(join(world.directory, "fresh/model.onnx"), "utf8")).toBe("one\n");
  });

  test("after a network error what was fetched last is used, and said to be old", async () => {
    const copy = await copyOf(world);
    await git(copy.path, "remote", "set-url", "origin", "http://127.0.0.1:1/models.git");
    const pulled = await ask("pull fraud@staging", copy);
    expect(pulled, JSON.stringify(pulled.document)).toMatchObject({
      exit: 0,
      document: { models: [{ version: "1.0.0" }] },
    });
    expect(pulled.stderr).toMatch(/warning/);
    const baseline = await ask("pull nobody --fallback ./out", copy);
    expect(baseline).toMatchObject({ document: { models: [{ fallback: true, files: [{ source: "local" }] }] } });
    expect(baseline.stderr).toMatch(/warning/);
  });
});

// 36 pr show and close, review without words; 45 compare; 52 validate; 56 --at: contract.test.ts.
// 40 init: operations/init-registry.test.ts. 41 lost races: operations/*-races*.test.ts. 42 gto: interoperability.test.ts.
// 43 directions: docs/tables.test.ts. 44 --opt=value: surroundings.test.ts, cli/arguments.test.ts.
// 53 pruning: operations/push-fetch.test.ts. 59 an empty pointer: interoperability.test.ts.
