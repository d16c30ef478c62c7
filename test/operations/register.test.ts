import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { RegisterAnswer } from "../../src/operations/answers.ts";
import type { RegisterQuestion } from "../../src/operations/questions.ts";
import { describeWith } from "../support/oracles.ts";
import { ADAPTERS, CHOSEN_ADAPTER, type TestRegistry, testRegistry } from "../support/registry.ts";
import { gitBytes } from "../support/run-git.ts";
import { tempRepo } from "../support/temp-repo.ts";

const MODEL_BYTES = "weights of the model\n";
const ATTRIBUTES = "/artifacts/** filter=lfs diff=lfs merge=lfs -text linguist-generated=true\n";

const sha256 = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");

const pointerOf = (text: string) =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(text)}\nsize ${Buffer.byteLength(text)}\n`;

async function bytesOf(one: TestRegistry, revision: string): Promise<string> {
  return (await one.repo.gitBytes({}, "cat-file", "-p", revision)).toString("utf8");
}

/** Refs and number of objects: what a dry run must leave alone. */
async function stateOf({ repo }: TestRegistry): Promise<string> {
  const refs = await repo.git("for-each-ref", "--format=%(refname) %(objectname)");
  const objects = await repo.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)");
  const stored = await readdir(join(repo.gitDir, "lfs"), { recursive: true }).catch(() => []);
  return [refs, objects, stored.toSorted().join("\n")].join("\n--\n");
}

describe.each(ADAPTERS)("a first version on %s", (adapter) => {
  let one: TestRegistry;
  let answer: RegisterAnswer;

  beforeAll(async () => {
    one = await testRegistry({ adapter, remote: true });
    await one.file("fraud/model.onnx", MODEL_BYTES);
    await one.file("fraud/tokenizer/vocab.txt", "a\nb\n");
    await one.file("fraud/tokenizer/empty.txt", "");
    await one.file("fraud/README.md", "# Fraud\r\n\r\nA card.\r\n");
    await one.file("fraud/.DS_Store", "noise");
    answer = await one.registry.register({
      model: "fraud",
      files: ["fraud"],
      roles: { "tokenizer/vocab.txt": "tokenizer" },
      details: {
        metrics: { f1: 0.8801, accuracy: { value: 0.93, n: 20_000 } },
        params: { "10": 1, "9": "nine" },
        data: [{ name: "transactions", uri: "https://ada:secret@data.example.org/t" }],
      },
    });
  });

  test("is 1.0.0, made, published and pushed, with the digests that it stored", () => {
    expect(answer).toMatchObject({
      ...{ model: "fraud", version: "1.0.0", tag: "fraud@v1.0.0", created: true, published: true, pushed: true },
      ...{ promotion: null, comparedTo: null },
    });
    expect(
      answer.artifacts.map(({ path, role, format, sha256: digest, size, uploaded }) => [
        path,
        role,
        format,
        digest,
        size,
        uploaded,
      ]),
    ).toEqual([
      ["model.onnx", "model", "onnx", sha256(MODEL_BYTES), 21, true],
      ["tokenizer/empty.txt", "model", expect.any(String), sha256(""), 0, false],
      ["tokenizer/vocab.txt", "tokenizer", expect.any(String), sha256("a\nb\n"), 4, true],
    ]);
  });

  test("names the dot files that it leaves out", () => {
    expect(one.warnings.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      expect.stringMatching(/^file-skipped: fraud\/\.DS_Store is left out/),
    ]);
  });

  test("has exactly the tree of the contract", async () => {
    const listed = await one.repo.git("ls-tree", "-r", "--format=%(objectmode) %(path)", "fraud@v1.0.0");
    expect(listed.split("\n")).toEqual([
      "100644 .gitattributes",
      "100644 README.md",
      "100644 artifacts/model.onnx",
      "100644 artifacts/tokenizer/empty.txt",
      "100644 artifacts/tokenizer/vocab.txt",
      "100644 manifest.yaml",
    ]);
    expect(await bytesOf(one, "fraud@v1.0.0:.gitattributes")).toBe(ATTRIBUTES);
    expect(await bytesOf(one, "fraud@v1.0.0:README.md")).toBe("# Fraud\n\nA card.\n");
    expect(await bytesOf(one, "fraud@v1.0.0:artifacts/model.onnx")).toBe(pointerOf(MODEL_BYTES));
    expect(await bytesOf(one, "fraud@v1.0.0:artifacts/tokenizer/empty.txt")).toBe("");
  });

  test("has the canonical manifest, without passwords", async () => {
    expect(await bytesOf(one, "fraud@v1.0.0:manifest.yaml")).toBe(
      [
        "schemaVersion: 1",
        "model: fraud",
        "version: 1.0.0",
        "artifacts:",
        `  - { path: model.onnx, role: model, format: onnx, sha256: "${sha256(MODEL_BYTES)}", size: 21 }`,
        `  - { path: tokenizer/empty.txt, role: model, format: text, sha256: "${sha256("")}", size: 0 }`,
        `  - { path: tokenizer/vocab.txt, role: tokenizer, format: text, sha256: "${sha256("a\nb\n")}", size: 4 }`,
        "metrics:",
        '  accuracy: { value: 0.93, "n": 20000 }',
        "  f1: 0.8801",
        "params:",
        '  "10": 1',
        '  "9": nine',
        "data:",
        '  - { name: transactions, uri: "https://data.example.org/t" }',
        "",
      ].join("\n"),
    );
  });

  test("is a commit without parent and a tag, both with the same one line, by the identity, in UTC", async () => {
    const commit = await bytesOf(one, "fraud@v1.0.0^{commit}");
    const who = "Ada Tester <ada@example\\.org> \\d+ \\+0000";
    expect(commit).toMatch(new RegExp(`^tree ${answer.tree}\nauthor ${who}\ncommitter ${who}\n\nfraud 1\\.0\\.0\n$`));
    const tag = await bytesOf(one, "refs/tags/fraud@v1.0.0");
    expect(tag).toMatch(
      new RegExp(`^object ${answer.commit}\ntype commit\ntag fraud@v1\\.0\\.0\ntagger ${who}\n\nfraud 1\\.0\\.0\n$`),
    );
  });

  test("stands at the remote with its bytes, and git finds no fault with either side", async () => {
    expect(await one.server?.git("rev-parse", "refs/tags/fraud@v1.0.0")).toBe(
      await one.repo.id("refs/tags/fraud@v1.0.0"),
    );
    const digest = sha256(MODEL_BYTES);
    const path = join("lfs", "objects", digest.slice(0, 2), digest.slice(2, 4), digest);
    for (const gitDir of [one.repo.gitDir, one.server?.path ?? ""]) {
      expect(await readFile(join(gitDir, path), "utf8")).toBe(MODEL_BYTES);
    }
    await one.repo.fsck();
    await one.server?.fsck();
  });

  test("leaves no draft marker and no stray file in the store", async () => {
    expect(await one.repo.git("for-each-ref", "refs/git-model")).toBe("");
    const stored = (await readdir(join(one.repo.gitDir, "lfs"), { recursive: true, withFileTypes: true })).filter(
      (file) => file.isFile(),
    );
    expect(stored.map(({ name }) => name).toSorted()).toEqual(
      [MODEL_BYTES, "a\nb\n"]
        .map(sha256)
        .concat(stored.some(({ name }) => name === sha256("")) ? [sha256("")] : [])
        .toSorted(),
    );
  });
});

describeWith(["git-lfs"], "git-lfs itself", () => {
  test("takes our pointers and our store for its own, also after a plain clone", async () => {
    const one = await testRegistry({ remote: true });
    const big = "x".repeat(70_000);
    await one.registry.register({
      model: "team/fraud",
      files: [await one.file("a.bin", big), await one.file("b.bin", "b")],
    });
    const pointer = await one.repo.gitBytes({}, "cat-file", "-p", "team/fraud@v1.0.0:artifacts/a.bin");
    await gitBytes({ cwd: one.repo.path, input: pointer }, "lfs", "pointer", "--check", "--strict", "--stdin");
    const clone = await one.clone();
    await clone.repo.git("lfs", "install", "--local", "--skip-repo");
    await clone.repo.git("checkout", "-q", "team/fraud@v1.0.0");
    await clone.repo.git("lfs", "pull");
    expect(await readFile(join(clone.repo.path, "artifacts", "a.bin"), "utf8")).toBe(big);
    expect(await clone.repo.git("lfs", "fsck")).toContain("OK");
    expect(await clone.repo.git("status", "--porcelain")).toBe("");
  });
});

describe("what is registered again", () => {
  let one: TestRegistry;
  const register = (question: Partial<RegisterQuestion> = {}) =>
    one.registry.register({ model: "fraud", files: ["m.onnx"], details: { metrics: { f1: 0.8 } }, ...question });

  beforeAll(async () => {
    one = await testRegistry({ remote: true });
    await one.file("m.onnx", "first");
    await register();
  });

  test("is the same version while the content is equal, with and without --version", async () => {
    const before = await stateOf(one);
    const [again, named] = [await register(), await register({ version: "v1.0.0" })];
    for (const answer of [again, named]) {
      expect(answer).toMatchObject({ version: "1.0.0", created: false, published: true, pushed: false });
      expect(answer.artifacts).toMatchObject([{ uploaded: false }]);
    }
    expect(await stateOf(one)).toBe(before);
  });

  test("is the same version when only `source` differs", async () => {
    const source = { commit: "0123456789012345678901234567890123456789", run: "https://ci.example.org/7" };
    for (const version of [undefined, "1.0.0"]) {
      const details = { metrics: { f1: 0.8 }, source };
      expect(await register({ details, ...(version && { version }) })).toMatchObject({
        version: "1.0.0",
        created: false,
      });
    }
  });

  test("is refused under a version that holds something else, saying what differs and who made it", async () => {
    await one.file("other.onnx", "second");
    const today = new Date().toISOString().slice(0, 10);
    await expect(
      register({ version: "1.0.0", files: ["other.onnx"], details: { metrics: { f1: 0.9 }, title: "New" } }),
    ).rejects.toMatchObject({
      code: "version-exists",
      message: `fraud@1.0.0 is already registered, with other content: other.onnx, m.onnx, metrics.f1, title differ from what Ada Tester registered on ${today}`,
    });
  });

  test("uploads what the remote has lost", async () => {
    const digest = sha256("first");
    const lost = join(one.server?.path ?? "", "lfs", "objects", digest.slice(0, 2), digest.slice(2, 4), digest);
    await writeFile(lost, "");
    expect(await register()).toMatchObject({ created: false, artifacts: [{ uploaded: true }] });
    expect(await readFile(lost, "utf8")).toBe("first");
  });

  test("counts from the highest version: minor, major, pre-release, draft, yanked", async () => {
    const versions: string[] = [];
    const next = async (question: Partial<RegisterQuestion>) => {
      await one.file("m.onnx", `content ${versions.length}`);
      versions.push((await register(question)).version);
    };
    await next({});
    await next({ bump: "minor" });
    await next({ bump: "major" });
    await next({ version: "2.1.0-rc.1" });
    await next({});
    await next({ push: false });
    await next({});
    await one.registry.yank({ reference: "fraud@2.1.2", reason: "leaked labels" });
    await next({});
    expect(versions).toEqual(["1.0.1", "1.1.0", "2.0.0", "2.1.0-rc.1", "2.1.0", "2.1.1", "2.1.2", "2.1.3"]);
  });

  test("is a new version where the equal one is yanked", async () => {
    await one.registry.yank({ reference: "fraud@2.1.3", reason: "leaked labels" });
    expect(await register()).toMatchObject({ version: "2.1.4", created: true });
  });

  test("continues the highest published version below: not a draft, not a higher one", async () => {
    await one.file("m.onnx", "late fix");
    const late = await register({ version: "1.0.2" });
    expect(await one.repo.git("log", "-1", "--format=%P", "fraud@v1.0.2")).toBe(
      await one.repo.id("fraud@v1.0.1^{commit}"),
    );
    expect(late.comparedTo).toBe("1.0.1");
    expect(await one.repo.git("log", "-1", "--format=%P", "fraud@v2.1.2")).toBe(
      await one.repo.id("fraud@v2.1.0^{commit}"),
    );
  });
});

describe("what register refuses before it writes", () => {
  let one: TestRegistry;
  let before: string;

  beforeAll(async () => {
    one = await testRegistry();
    await one.file("m.onnx", "m");
    await one.registry.register({ model: "Fraud", files: ["m.onnx"] });
    await one.registry.register({ model: "team/vision", files: ["m.onnx"] });
    await mkdir(join(one.directory, "empty"));
    await one.file("many/0.bin", "");
    await Promise.all(Array.from({ length: 1001 }, (_, i) => writeFile(join(one.directory, "many", `${i}.bin`), "")));
    await one.file("dotted/.only", "");
    await one.file("linked/m.onnx", "m");
    await symlink("m.onnx", join(one.directory, "linked", "link.onnx"));
    await symlink("m.onnx", join(one.directory, "link.onnx"));
    await one.file("twins/a.bin", "");
    await one.file("twins/A.bin", "");
    await one.file("cards/README.md", "");
    await one.file("cards/readme.md", "");
    await one.file("cards/m.bin", "");
    await one.file("large.md", "x".repeat(1024 * 1024 + 1));
    await one.file("latin1.md", Buffer.from([0x66, 0xfc, 0x72]));
    await one.file("two/m.onnx", "n");
    await one.file("with space.bin", "");
    before = await stateOf(one);
  });

  const files = ["m.onnx"];
  const cases: readonly (readonly [string, RegisterQuestion, string, RegExp])[] = [
    ["a name that differs by case", { model: "fraud", files }, "name-invalid", /Fraud/],
    ["a name below another", { model: "Fraud/eu", files }, "name-invalid", /Fraud/],
    ["a name above another", { model: "team", files }, "name-invalid", /team\/vision/],
    ["a name with a space", { model: "my model", files }, "name-invalid", /cannot name a model/],
    ["a reserved first segment", { model: "stage/x", files }, "name-invalid", /stage\//],
    ["no files", { model: "m", files: [] }, "usage", /needs a file/],
    ["a file without a name", { model: "m", files: [""] }, "usage", /empty/],
    [
      "a file that is not there",
      { model: "m", files: ["nowhere.bin"] },
      "artifact-invalid",
      /nowhere\.bin does not exist/,
    ],
    ["an empty directory", { model: "m", files: ["empty"] }, "usage", /needs a file/],
    ["a directory of dot files", { model: "m", files: ["dotted"] }, "usage", /needs a file/],
    ["1,001 files", { model: "m", files: ["many"] }, "artifact-invalid", /at most 1000 files, these are 1001/],
    ["a symbolic link", { model: "m", files: ["link.onnx"] }, "artifact-invalid", /symbolic link/],
    [
      "a symbolic link in a directory",
      { model: "m", files: ["linked"] },
      "artifact-invalid",
      /link\.onnx is a symbolic link/,
    ],
    ["case twins", { model: "m", files: ["twins"] }, "artifact-invalid", /letter case/],
    ["two cards in a directory", { model: "m", files: ["cards"] }, "usage", /two model cards/],
    ["one path twice", { model: "m", files: ["m.onnx", "two/m.onnx"] }, "usage", /both be the artifact m\.onnx/],
    ["a path that is no artifact's", { model: "m", files: ["with space.bin"] }, "artifact-invalid", /with space\.bin/],
    ["a card over 1 MiB", { model: "m", files, card: "large.md" }, "artifact-invalid", /1048577 bytes/],
    ["a card that is not UTF-8", { model: "m", files, card: "latin1.md" }, "artifact-invalid", /not UTF-8/],
    ["a role for no artifact", { model: "m", files, roles: { "x.bin": "model" } }, "usage", /no artifact x\.bin/],
    ["a role with capitals", { model: "m", files, roles: { "m.onnx": "Model" } }, "usage", /cannot be a role/],
    ["--version with --bump", { model: "m", files, version: "1.0.0", bump: "minor" }, "usage", /exclude/],
    ["a version that is none", { model: "m", files, version: "1.0" }, "version-invalid", /1\.0/],
    ["build metadata", { model: "m", files, version: "1.0.0+build" }, "version-invalid", /build/],
    ["--offline without --no-push", { model: "m", files, offline: true }, "usage", /draft/],
    ["an unknown stage to promote to", { model: "m", files, promote: "prod" }, "stage-unknown", /"prod"/],
    ["--from a version that is not there", { model: "m", files: [], from: "Fraud@9.9.9" }, "not-found", /9\.9\.9/],
    [
      "a metric that is not finite",
      { model: "m", files, details: { metrics: { f1: Number.NaN } } },
      "metrics-invalid",
      /f1/,
    ],
    ["a reserved metric", { model: "m", files, details: { metrics: { score: 1 } } }, "metrics-invalid", /score/],
    ["a prototype key", { model: "m", files, details: JSON.parse('{"params":{"__proto__":1}}') }, "usage", /__proto__/],
    ["an unknown key", { model: "m", files, details: { metrix: {} } as never }, "manifest-invalid", /metrix/],
    [
      "a Date in metadata",
      { model: "m", files, details: { metadata: { at: new Date() } } },
      "manifest-invalid",
      /metadata/,
    ],
    [
      "a manifest over 512 KiB",
      { model: "m", files, details: { changelog: Array.from({ length: 200 }, () => "x".repeat(4000)) } },
      "manifest-invalid",
      /at most 524288/,
    ],
  ];

  test.each(cases)("%s", async (_, question, code, message) => {
    await expect(one.registry.register(question)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test("and afterwards neither refs nor objects are others", async () => {
    // Bytes may have been stored before the manifest was looked at: the one file is in the store already.
    expect(await stateOf(one)).toBe(before);
  });
});

describe("details of a registration", () => {
  let one: TestRegistry;

  beforeAll(async () => {
    one = await testRegistry({ adapter: CHOSEN_ADAPTER });
    await one.file("m.onnx", "m");
  });

  test("a dry run answers what would be and changes nothing", async () => {
    const before = await stateOf(one);
    const answer = await one.registry.register({ model: "dry", files: ["m.onnx"], dryRun: true });
    expect(answer).toMatchObject({
      planned: true,
      version: "1.0.0",
      created: true,
      commit: null,
      tree: null,
      published: false,
    });
    expect(answer.artifacts).toMatchObject([{ sha256: sha256("m"), uploaded: false }]);
    expect(await stateOf(one)).toBe(before);
  });

  test("a similar name is registered with a warning", async () => {
    await one.registry.register({ model: "fraud-eu", files: ["m.onnx"] });
    one.warnings.length = 0;
    await one.registry.register({ model: "fraud_eu", files: ["m.onnx"] });
    expect(one.warnings).toMatchObject([{ code: "name-similar", severity: "warning" }]);
  });

  test("--from takes over pointers and roles, a file of the same path replaces one", async () => {
    await one.file("enc.bin", "encoder");
    await one.registry.register({ model: "base", files: ["m.onnx", "enc.bin"], roles: { "enc.bin": "encoder" } });
    const tuned = await one.registry.register({
      model: "tuned",
      files: [await one.file("new/m.onnx", "tuned")],
      from: "base",
    });
    expect(tuned.artifacts.map(({ path, role, sha256: digest }) => [path, role, digest])).toEqual([
      ["enc.bin", "encoder", sha256("encoder")],
      ["m.onnx", "model", sha256("tuned")],
    ]);
    expect(await one.registry.register({ model: "copy", files: [], from: "base@1.0.0" })).toMatchObject({
      created: true,
    });
    const trees = ["base@v1.0.0:artifacts", "copy@v1.0.0:artifacts"].map((name) => one.repo.id(name));
    expect(new Set(await Promise.all(trees)).size).toBe(1);
  });

  test("a card keeps its BOM and its bytes but for line ends", async () => {
    const card = await one.file("card.md", "\ufeff# Card\r\nlone \r stays\n");
    await one.registry.register({ model: "carded", files: ["m.onnx"], card });
    expect(await bytesOf(one, "carded@v1.0.0:README.md")).toBe("\ufeff# Card\nlone \r stays\n");
    expect(await one.registry.register({ model: "carded", files: ["m.onnx"], card })).toMatchObject({ created: false });
    const other = await one.file("card2.md", "# Other\n");
    expect(await one.registry.register({ model: "carded", files: ["m.onnx"], card: other })).toMatchObject({
      version: "1.0.1",
    });
  });

  test("`source` is the repository around the caller, and never the registry", async () => {
    const code = await tempRepo();
    const commit = await code.commit("Train", { "train.py": "", "out/m.onnx": "m" });
    await code.git("remote", "add", "origin", "https://ada:secret@example.org/train.git");
    const { openRegistry } = await import("../../src/compose.ts");
    const environment = { ...one.environment, GITHUB_RUN_ID: "7", GITHUB_REPOSITORY: "acme/train" };
    const register = async (directory: string, model: string) => {
      const registry = await openRegistry({ registry: one.repo.path, directory, environment });
      await registry.register({ model, files: [join(code.path, "out", "m.onnx")] });
      await registry.close();
      const manifest = await bytesOf(one, `${model}@v1.0.0:manifest.yaml`);
      return manifest.slice(manifest.indexOf("source:")).split("\n").slice(0, 5);
    };
    const clean = ["source:", '  repository: "https://example.org/train.git"', `  commit: "${commit}"`];
    const run = '  run: "https://github.com/acme/train/actions/runs/7"';
    expect(await register(join(code.path, "out"), "sourced")).toEqual([...clean, run, "  dirty: false"]);
    await code.write({ "train.py": "changed" });
    expect(await register(code.path, "dirty")).toEqual([...clean, run, "  dirty: true"]);
    expect((await register(one.repo.path, "inside")).join("")).toBe("");
  });

  test("a name that Git would not write is cleaned as Git does it, and nobody at all is somebody, with a warning", async () => {
    const odd = await one.reopen({ GIT_AUTHOR_NAME: "Ada <root> \u0007", GIT_AUTHOR_EMAIL: "<ada@example.org>" });
    await odd.registry.register({ model: "odd", files: [join(one.directory, "m.onnx")] });
    expect(await one.repo.git("log", "-1", "--format=%an <%ae>", "odd@v1.0.0")).toBe("Ada root <ada@example.org>");
    const nobody = await one.reopen({
      ...{ GIT_AUTHOR_NAME: "", GIT_AUTHOR_EMAIL: "", GIT_COMMITTER_NAME: "", GIT_COMMITTER_EMAIL: "" },
      ...{ GITHUB_ACTIONS: "true", GITHUB_ACTOR: "octocat", GITHUB_ACTOR_ID: "583231" },
    });
    await nobody.registry.register({ model: "anonymous", files: [join(one.directory, "m.onnx")] });
    expect(await one.repo.git("log", "-1", "--format=%cn <%ce>", "anonymous@v1.0.0")).toBe(
      "octocat <583231+octocat@users.noreply.github.com>",
    );
    expect(nobody.warnings).toMatchObject([{ code: "identity-invented" }]);
  });

  test("a damaged highest version does not stop the next one", async () => {
    await one.registry.register({ model: "hurt", files: ["m.onnx"] });
    await one.repo.git("tag", "hurt@v1.0.1", "hurt@v1.0.0^{commit}");
    expect(await one.registry.register({ model: "hurt", files: ["m.onnx"] })).toMatchObject({
      version: "1.0.2",
      created: true,
    });
    await expect(one.registry.register({ model: "hurt", version: "1.0.1", files: ["m.onnx"] })).rejects.toMatchObject({
      code: "version-exists",
    });
  });

  test("an LFS store that cannot be written is a `disk` error, and there is no tag", async () => {
    const other = await testRegistry();
    await writeFile(join(other.repo.gitDir, "lfs"), "a file in the way");
    const file = await other.file("m.onnx", "m");
    await expect(other.registry.register({ model: "fraud", files: [file] })).rejects.toMatchObject({ code: "disk" });
    expect(await other.repo.git("tag")).toBe("");
  });

  test("--promote that the gates refuse keeps the registration and says why", async () => {
    const policy = "schemaVersion: 1\nname: x\nstages:\n  staging:\n    gates:\n      - { metric: f1, min: 0.9 }\n";
    const other = await testRegistry({ policy });
    const file = await other.file("m.onnx", "m");
    const question = { model: "fraud", files: [file], promote: "staging" };
    const refused = await other.registry.register({ ...question, details: { metrics: { f1: 0.8 } } });
    expect(refused).toMatchObject({ version: "1.0.0", created: true, promotion: { kind: "refused", passed: false } });
    const passed = await other.registry.register({ ...question, details: { metrics: { f1: 0.95 } } });
    expect(passed).toMatchObject({ version: "1.0.1", promotion: { to: "1.0.1", stage: "staging", passed: true } });
    expect((await other.repo.git("tag")).split("\n").slice(0, 2)).toEqual(["fraud@v1.0.0", "fraud@v1.0.1"]);
  });

  test("a sha256 repository and a linked working tree take versions as well", async () => {
    const repo = await tempRepo({ objectFormat: "sha256" });
    const { initRegistry, openRegistry } = await import("../../src/compose.ts");
    const environment = { ...one.environment, GIT_MODEL_GIT: "native" };
    await initRegistry(repo.path, {}, { directory: repo.path, environment });
    await repo.git("worktree", "add", "-q", "-b", "side", join(repo.path, "side"));
    const registry = await openRegistry({ registry: join(repo.path, "side"), directory: one.directory, environment });
    expect(await registry.register({ model: "fraud", files: ["m.onnx"] })).toMatchObject({
      created: true,
      tree: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    await registry.close();
    const digest = sha256("m");
    const path = join(repo.gitDir, "lfs", "objects", digest.slice(0, 2), digest.slice(2, 4), digest);
    expect(await readFile(path, "utf8")).toBe("m");
    await repo.fsck();
  });

  test("an invalid registry.yaml is a warning for register", async () => {
    const other = await testRegistry();
    await other.changePolicy("schemaVersion: 1\nname: x\nstages: [\n");
    const file = await other.file("m.onnx", "m");
    expect(await other.registry.register({ model: "fraud", files: [file] })).toMatchObject({ created: true });
    expect(other.warnings.map(({ code }) => code)).toContain("policy-invalid");
  });
});

describe.each(ADAPTERS)("tags that somebody made by hand, on %s", (adapter) => {
  test("keep no later version from being registered, and are nobody's parent", async () => {
    const one = await testRegistry({ adapter, remote: true });
    const { repo, registry } = one;
    await registry.register({
      model: "fraud",
      files: [await one.file("a.bin", "a")],
      details: { metrics: { f1: 0.8 } },
    });
    const first = await repo.git("rev-parse", "refs/tags/fraud@v1.0.0^{commit}");
    const targets = { "1.1.0": `${first}^{tree}`, "1.2.0": `${first}:manifest.yaml`, "1.3.0": first };
    for (const [version, target] of Object.entries(targets)) {
      await repo.git("tag", "-a", "-m", "x", `fraud@v${version}`, await repo.git("rev-parse", target));
    }
    await repo.git("tag", "fraud@v1.4.0", first);
    await repo.git("update-ref", "refs/tags/fraud@v1.5.0", await repo.git("rev-parse", "refs/tags/fraud@v1.0.0"));
    await repo.git("push", "-q", "origin", "--tags");
    const answer = await registry.register({
      model: "fraud",
      files: [await one.file("b.bin", "b")],
      details: { metrics: { f1: 0.9 } },
    });
    expect(answer).toMatchObject({ version: "1.5.1", pushed: true });
    // 1.3.0 is a tag of a commit and of its own name: only its manifest is another version's.
    expect(await repo.git("rev-parse", "refs/tags/fraud@v1.5.1^{commit}^")).toBe(first);
    expect(answer.comparedTo).toBe("1.0.0");
    await repo.fsck();
    await one.server?.fsck();
  });
});
