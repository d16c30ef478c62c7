import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import {
  buildSample,
  copyOf,
  DOTTED,
  doctor,
  plantCommit,
  plantTag,
  type Sample,
  said,
  storedObjects,
  using,
} from "./check-fixture.ts";

let local: Sample;
let shared: Sample;

beforeAll(async () => {
  [local, shared] = await Promise.all([buildSample({ remote: false }), buildSample({ remote: true })]);
}, 60_000);

async function findingsOf(damage: (repo: Sample["repo"]) => Promise<unknown>): Promise<readonly string[]> {
  const { repo } = await copyOf(local);
  await damage(repo);
  return said((await doctor(repo)).findings);
}

describe("a healthy registry", () => {
  test.each([false, true])("has no findings, and the counts are true (remote: %s)", async (remote) => {
    const answer = await doctor((remote ? shared : local).repo);
    expect(answer).toEqual({ checked: { versions: 3, stages: 2, releases: 5, files: 5 }, findings: [], fixed: [] });
  });

  test("has nothing to mend but the setting that makes git pull bring tags", async () => {
    const { repo } = await copyOf(shared);
    await repo.git("config", "--unset-all", "remote.origin.tagOpt").catch(() => undefined);
    const answer = await doctor(repo, true);
    expect(answer.findings).toEqual([]);
    expect(answer.fixed).toEqual(["set remote.origin.tagOpt to --tags, so that git pull brings new versions"]);
    expect((await doctor(repo, true)).fixed).toEqual([]);
  });
});

describe("version tags", () => {
  test("a moved one is found where releases and a child version remember it", async () => {
    const found = await findingsOf((repo) =>
      plantTag(repo, "refs/tags/fraud@v1.0.0", { target: "fraud@v1.1.0^{commit}" }),
    );
    expect(found).toContainEqual(
      expect.stringMatching(/^tag-moved: the tag fraud@v1.0.0 was moved: .*fraud#staging#1/),
    );
    expect(found).toContainEqual(
      expect.stringContaining("manifest-mismatch: the tag fraud@v1.0.0 holds the manifest of fraud@1.1.0"),
    );
    expect(found.filter((one) => /^(?:release-forged|history-rewritten)/.test(one))).toEqual([]);
  });

  test("a missing one is found where releases, a child or an evaluation remember it, with the command that restores it", async () => {
    const { repo } = await copyOf(local);
    const id = await repo.id("refs/tags/fraud@v1.1.0");
    await repo.git("update-ref", "-d", "refs/tags/fraud@v1.1.0");
    const { findings } = await doctor(repo);
    const missing = findings.find(({ code }) => code === "tag-missing");
    expect(missing?.message).toMatch(
      /^the tag fraud@v1.1.0 is gone, but the release fraud#production#2, .*remember it$/,
    );
    expect(missing?.hint).toBe(`git update-ref "refs/tags/fraud@v1.1.0" ${id}`);
    await repo.git("update-ref", "refs/tags/fraud@v1.1.0", id);
    expect((await doctor(repo)).findings).toEqual([]);
  });

  test("a missing one that only its child or its evaluation remembers is found", async () => {
    const found = await findingsOf(async (repo) => {
      for (const ref of (
        await repo.git("for-each-ref", "--format=%(refname)", "refs/tags/fraud#*", "refs/heads/stage")
      ).split("\n")) {
        await repo.git("update-ref", "-d", ref);
      }
      await repo.git("update-ref", "-d", "refs/tags/fraud@v1.0.0");
    });
    expect(found).toContainEqual("tag-missing: the tag fraud@v1.0.0 is gone, but the version fraud@1.1.0 remembers it");
  });

  test.each([
    [
      "is not annotated",
      async (repo: Sample["repo"]) =>
        repo.git("update-ref", "refs/tags/fraud@v9.0.0", await repo.id("fraud@v1.1.0^{commit}")),
    ],
    [
      'is the tag object of "fraud@v1.1.0"',
      async (repo: Sample["repo"]) =>
        repo.git("update-ref", "refs/tags/fraud@v9.0.0", await repo.id("refs/tags/fraud@v1.1.0")),
    ],
    [
      "names a commit without a manifest.yaml",
      async (repo: Sample["repo"]) => plantTag(repo, "refs/tags/fraud@v9.0.0", { target: "main" }),
    ],
  ])("one that %s is invalid", async (message, damage) => {
    expect(await findingsOf(damage)).toContainEqual(
      expect.stringContaining(`tag-invalid: the tag fraud@v9.0.0 ${message}`),
    );
  });

  test("an invalid manifest is shown with its place", async () => {
    const { repo } = await copyOf(local);
    const commit = await plantCommit(repo, null, {
      "manifest.yaml": "schemaVersion: 1\nmodel: fraud\nversion: 9.0.0\nmetrics:\n  f1: high\n",
    });
    await plantTag(repo, "refs/tags/fraud@v9.0.0", { target: commit });
    const [found] = (await doctor(repo)).findings;
    expect(found).toMatchObject({ code: "manifest-invalid", file: "fraud@v9.0.0:manifest.yaml", line: 5, column: 7 });
  });

  test("pointers and files that the manifest does not tell of are found", async () => {
    const found = await findingsOf(async (repo) => {
      const [line = ""] = (await repo.git("show", "fraud@v1.1.0:artifacts/b.bin")).split("\n").slice(1);
      const commit = await plantCommit(repo, "fraud@v1.1.0^{commit}", {
        "artifacts/b.bin": `version https://git-lfs.github.com/spec/v1\r\n${line}\n`,
        "artifacts/extra.bin": "raw",
        "run.sh": "x",
      });
      const manifest = (await repo.git("show", "fraud@v1.1.0:manifest.yaml")).replace(
        "version: 1.1.0",
        "version: 9.0.0",
      );
      await plantTag(repo, "refs/tags/fraud@v9.0.0", {
        target: await plantCommit(repo, commit, { "manifest.yaml": `${manifest}\n` }),
      });
    });
    expect(found).toContainEqual("manifest-mismatch: fraud@9.0.0: run.sh does not belong into a version");
    expect(found).toContainEqual("manifest-mismatch: fraud@9.0.0: b.bin is not a canonical Git LFS pointer");
    expect(found).toContainEqual("manifest-mismatch: fraud@9.0.0: extra.bin is not a canonical Git LFS pointer");
  });
});

describe("tags at the remote", () => {
  test("another object under the name is a moved tag; a published one that is gone there is missing", async () => {
    const { repo, server } = await copyOf(shared);
    if (server === null) throw new Error("no server");
    await plantTag(server, "refs/tags/fraud@v1.0.0", { target: "fraud@v1.0.0^{commit}" });
    await server.git("update-ref", "-d", `refs/tags/${DOTTED}@v2.0.0`);
    await server.git("update-ref", "-d", "refs/tags/fraud#staging#1");
    const found = said((await doctor(repo)).findings);
    expect(found).toContainEqual(
      expect.stringMatching(/^tag-moved: the version tag fraud@v1.0.0 is \w{40} at origin and \w{40} here/),
    );
    expect(found).toContainEqual(`tag-missing: the version tag ${DOTTED}@v2.0.0 is here, but origin lacks it`);
    expect(found).toContainEqual("release-missing: the release tag fraud#staging#1 is here, but origin lacks it");
    expect(found).toHaveLength(3);
  });

  test("a draft that somebody else published with other content collides", async () => {
    const { repo, server } = await copyOf(shared);
    if (server === null) throw new Error("no server");
    const [object = ""] = await storedObjects(repo);
    await using(repo, (registry) =>
      registry.register({ model: "fraud", version: "1.2.0", files: [object], push: false }),
    );
    expect((await doctor(repo)).findings).toEqual([]);
    await plantTag(server, "refs/tags/fraud@v1.2.0", { target: "fraud@v1.1.0^{commit}" });
    const { findings } = await doctor(repo);
    expect(said(findings)).toEqual([
      "draft-collides: the draft fraud@v1.2.0 was published by somebody else, with other content",
    ]);
    expect(findings[0]?.hint).toContain("git model discard");
  });

  test("a remote that cannot be asked is a warning, and the rest is checked", async () => {
    const { repo, server } = await copyOf(shared);
    await rm(server?.path ?? "", { recursive: true, force: true });
    const { findings } = await doctor(repo);
    expect(findings.map(({ code, severity }) => [code, severity])).toContainEqual(["stale", "warning"]);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  test("--fix removes markers of drafts that are none", async () => {
    const { repo } = await copyOf(shared);
    await repo.git("update-ref", "refs/git-model/drafts/fraud@v7.0.0", await repo.id("refs/tags/fraud@v1.1.0"));
    await repo.git("update-ref", "refs/git-model/drafts/fraud@v1.1.0", await repo.id("refs/tags/fraud@v1.1.0"));
    expect((await doctor(repo, true)).fixed).toEqual(
      expect.arrayContaining([
        "removed 1 marker of drafts that are published",
        "removed the leftover marker of the draft fraud@v7.0.0",
      ]),
    );
    expect(await repo.git("for-each-ref", "refs/git-model")).toBe("");
  });
});

describe("artifacts", () => {
  test("without a remote each must be here, and sound", async () => {
    const { repo } = await copyOf(local);
    const [first = "", second = ""] = await storedObjects(repo);
    await rm(first);
    await flip(second);
    const codes = (await doctor(repo)).findings.map(({ code }) => code);
    expect(codes.toSorted()).toEqual(["artifact-corrupt", "artifact-missing"]);
  });

  test("those of a yanked version may be gone: a warning", async () => {
    const { repo } = await copyOf(local);
    await using(repo, (registry) => registry.yank({ reference: `${DOTTED}@2.0.0`, reason: "leaks" })).catch(
      () => undefined,
    );
    await plantTag(repo, `refs/tags/${DOTTED}@v2.0.0!#1`, {
      target: `${DOTTED}@v2.0.0^{commit}`,
      message: "Yank\n\nReason: leaks\n",
    });
    const sha = /oid sha256:(\w+)/.exec(await repo.git("show", `${DOTTED}@v2.0.0:artifacts/c.bin`))?.[1] ?? "";
    await rm((await storedObjects(repo)).find((path) => path.endsWith(sha)) ?? "");
    const { findings } = await doctor(repo);
    expect(findings.find(({ code }) => code === "artifact-missing")?.severity).toBe("warning");
    expect(said(findings)).toContain(`yanked-in-use: staging holds ${DOTTED}@2.0.0, which is yanked`);
  });

  test("with a remote they may be there alone; one that is nowhere is missing", async () => {
    const { repo, server } = await copyOf(shared);
    if (server === null) throw new Error("no server");
    for (const path of await storedObjects(repo)) await rm(path);
    expect((await doctor(repo)).findings).toEqual([]);
    const [first = ""] = await storedObjects({ ...server, gitDir: server.path });
    await rm(first);
    expect(said((await doctor(repo)).findings)).toEqual([
      expect.stringMatching(/^artifact-missing: the bytes of .* are not here or at origin/),
    ]);
  });

  test("--fix fetches a damaged one again where the remote has it, and says where it cannot", async () => {
    const { repo, server } = await copyOf(shared);
    if (server === null) throw new Error("no server");
    const [first = "", second = ""] = (await storedObjects(repo)).toSorted();
    const sound = await readFile(first);
    await flip(first);
    await flip(second);
    const lost = (await storedObjects(server)).find((path) => path.endsWith(second.slice(-64))) ?? "";
    await rm(lost);
    const answer = await doctor(repo, true);
    expect(answer.fixed).toEqual([
      expect.stringMatching(/^fetched [abc]\.bin of .* again; the damaged copy is in lfs\/bad$/),
    ]);
    expect(answer.findings.map(({ code }) => code)).toContain("artifact-corrupt");
    expect(await readFile(first)).toEqual(sound);
  });
});

describe("stages", () => {
  test("a tree that no version has is unregistered", async () => {
    const found = await findingsOf(async (repo) => {
      await repo.git(
        "update-ref",
        "refs/heads/stage/staging",
        await plantCommit(repo, "stage/staging", { "models/fraud/README.md": "tampered\n" }),
      );
    });
    expect(found).toEqual(["stage-unregistered: staging holds a tree of fraud that no version has"]);
  });

  test("a held version whose tag is nowhere is missing", async () => {
    const found = await findingsOf(async (repo) => {
      const manifest = "schemaVersion: 1\nmodel: other\nversion: 3.0.0\n";
      await repo.git(
        "update-ref",
        "refs/heads/stage/staging",
        await plantCommit(repo, "stage/staging", { "models/other/manifest.yaml": manifest }),
      );
    });
    expect(found).toContain("tag-missing: the tag other@v3.0.0 is gone, but stage/staging remembers it");
    expect(found).toContain("stage-unregistered: staging holds a tree of other that no version has");
  });

  test("paths beside models, a strange root and an undeclared branch are named", async () => {
    const found = await findingsOf(async (repo) => {
      await repo.git(
        "update-ref",
        "refs/heads/stage/staging",
        await plantCommit(repo, "stage/staging", { "run.sh": "x", ".github/CODEOWNERS": "* @eve\n" }),
      );
      await repo.git("update-ref", "refs/heads/stage/edge", await plantCommit(repo, null, {}));
    });
    expect(found).toContain("path-outside-models: stage/staging holds run.sh, which is no registered version");
    expect(found).toContain("path-outside-models: .github/CODEOWNERS of stage/staging is not the default branch's");
    expect(found).toContain(
      "stage-undeclared: the branch stage/edge is not declared in registry.yaml: it can be read, not moved",
    );
    expect(found).toContainEqual(expect.stringMatching(/^history-rewritten: stage\/edge begins with \w{40}/));
  });

  test("a stage that the remote lacks is unpublished", async () => {
    const { repo } = await copyOf(shared);
    await repo.git("update-ref", "refs/heads/stage/edge", await repo.id("refs/remotes/origin/stage/staging"));
    expect(said((await doctor(repo)).findings)).toEqual([
      "stage-unpublished: stage/edge is here only: origin lacks it",
    ]);
  });
});

describe("releases", () => {
  test("a missing tag is a warning, and --fix writes exactly the one that was", async () => {
    const { repo } = await copyOf(local);
    const id = await repo.id("refs/tags/fraud#production#2");
    await repo.git("update-ref", "-d", "refs/tags/fraud#production#2");
    const before = await doctor(repo);
    expect(before.findings).toMatchObject([
      { code: "release-missing", severity: "warning", hint: "git model reconcile" },
    ]);
    const after = await doctor(repo, true);
    expect(after.fixed).toEqual(["wrote the release tag fraud#production#2 of production"]);
    expect(after.findings).toEqual([]);
    expect(await repo.id("refs/tags/fraud#production#2")).toBe(id);
  });

  test("a tag that nothing explains is forged, another object under the name is rewritten history", async () => {
    const found = await findingsOf(async (repo) => {
      await plantTag(repo, "refs/tags/fraud#production#3", { target: "fraud@v1.0.0^{commit}" });
      await plantTag(repo, "refs/tags/fraud#production#2", { target: "fraud@v1.0.0^{commit}" });
      await plantTag(repo, "refs/tags/fraud#nowhere#1", { target: "fraud@v1.0.0^{commit}" });
    });
    expect(found).toEqual([
      expect.stringContaining("history-rewritten: the release tag fraud#production#2 does not record"),
      expect.stringContaining(
        "release-forged: the release tag fraud#production#3 is not one of ours: nothing on stage/production",
      ),
      expect.stringContaining(
        "release-forged: the release tag fraud#nowhere#1 is not one of ours: there is no stage nowhere",
      ),
    ]);
  });

  test("a stage that was rewritten by hand is found by its tags", async () => {
    const found = await findingsOf(async (repo) =>
      repo.git("update-ref", "refs/heads/stage/production", "refs/heads/stage/production~1"),
    );
    expect(found).toEqual([
      expect.stringContaining("release-forged: the release tag fraud#production#2 is not one of ours"),
    ]);
  });

  test("a stage whose branch is gone is named with the command that restores it", async () => {
    const { repo } = await copyOf(local);
    const tip = await repo.id("refs/heads/stage/production");
    await repo.git("update-ref", "-d", "refs/heads/stage/production");
    const { findings } = await doctor(repo);
    expect(findings).toMatchObject([
      { code: "history-rewritten", hint: `git update-ref refs/heads/stage/production ${tip}` },
    ]);
  });
});

describe("policy, names and evaluations", () => {
  test("a held version that could not enter today drifts: its numbers, and stages that never held it", async () => {
    const { repo } = await copyOf(local);
    const policy = `schemaVersion: 1
stages:
  qa: {}
  staging:
    gates: [{ metric: f1, min: 0.95 }, { metric: recall, min: 0.1 }, { metric: f1, max: 2 }]
  production:
    from: [staging, qa]
`;
    await repo.commit("policy", { "registry.yaml": policy });
    const { findings } = await doctor(repo);
    expect(said(findings)).toEqual([
      "policy-drift: staging holds fraud@1.1.0, which could not enter today: f1 is 0.91, at least 0.95 is asked; recall is not measured, at least 0.1 is asked",
      `policy-drift: staging holds ${DOTTED}@2.0.0, which could not enter today: f1 is 0.7, at least 0.95 is asked; recall is not measured, at least 0.1 is asked`,
      "policy-drift: production holds fraud@1.1.0, which could not enter today: qa never held it",
    ]);
    expect(findings.every(({ severity }) => severity === "warning")).toBe(true);
  });

  test("a missing or invalid policy is named with its places", async () => {
    const { repo } = await copyOf(local);
    await repo.commit("policy", { "registry.yaml": "schemaVersion: 1\nstage: {}\n" });
    expect((await doctor(repo)).findings).toMatchObject([
      { code: "policy-invalid" },
      { code: "unknown-key", line: 2, column: 1 },
    ]);
    await repo.git("rm", "-q", "registry.yaml");
    await repo.commit("none");
    expect((await doctor(repo)).findings).toMatchObject([{ code: "policy-missing", hint: "git model init" }]);
  });

  test("names that cannot stand beside each other conflict", async () => {
    const found = await findingsOf(async (repo) => {
      for (const model of ["Fraud", "team"]) {
        const commit = await plantCommit(repo, null, {
          "manifest.yaml": `schemaVersion: 1\nmodel: ${model}\nversion: 1.0.0\n`,
        });
        await plantTag(repo, `refs/tags/${model}@v1.0.0`, { target: commit });
      }
    });
    expect(found).toHaveLength(2);
    expect(found).toContainEqual(expect.stringMatching(/^name-conflict: .*[Ff]raud .*differ only in case/));
    expect(found).toContainEqual(expect.stringMatching(/^name-conflict: .*team/));
  });

  test("branches and tags in the place of a folder that the registry needs are named", async () => {
    const found = await findingsOf(async (repo) => {
      for (const name of ["evaluations/team", "promote", "tags-are-free"]) await repo.git("branch", name, "main");
      await repo.git("pack-refs", "--all");
      await repo.git("update-ref", "-d", `refs/tags/${DOTTED}@v2.0.0!#1`);
    });
    expect(found.filter((one) => one.startsWith("ref-blocked"))).toEqual([
      "ref-blocked: the branch evaluations/team stands in the way of the same branch of the models below team/",
      "ref-blocked: the branch promote stands in the way of every request",
    ]);
  });

  test("foreign, changed and stray evaluations are named", async () => {
    const found = await findingsOf(async (repo) => {
      const branch = "refs/heads/evaluations/fraud";
      const path = await repo.git("ls-tree", "-r", "--name-only", branch);
      const text = `${await repo.git("show", `${branch}:${path}`)}\n`;
      const foreign = text.replace(/tree: .*/, `tree: "${"a".repeat(40)}"`);
      const { createHash } = await import("node:crypto");
      const name = createHash("sha256").update(foreign).digest("hex").slice(0, 12);
      const commit = await plantCommit(repo, branch, {
        [path]: text.replace("0.91", "0.99"),
        "notes.md": "x",
        [`v1.1.0/${name}.yaml`]: foreign,
      });
      await repo.git("update-ref", branch, commit);
    });
    expect(found).toEqual([
      "evaluation-invalid: evaluations/fraud:notes.md is not an evaluation",
      expect.stringMatching(/^evaluation-(?:invalid|foreign): /),
      expect.stringMatching(/^evaluation-(?:invalid|foreign): /),
    ]);
    expect(found.some((one) => one.includes("it was changed after it was recorded"))).toBe(true);
    expect(found.some((one) => one.includes("measures another tree than fraud@1.1.0"))).toBe(true);
  });
});

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await chmod(path, 0o644);
  await writeFile(path, bytes);
}
