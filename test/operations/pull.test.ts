import { createHash } from "node:crypto";
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { ADAPTERS, CHOSEN_ADAPTER, type TestRegistry, testRegistry } from "../support/registry.ts";
import { git } from "../support/run-git.ts";
import { tempDir } from "../support/temp-repo.ts";

const POLICY = `schemaVersion: 1
name: acme-models
stages: { staging: {}, production: {} }
`;

const FILES = { "model.onnx": "weights one\n", "scaler.pkl": "scaler one\n", "empty.bin": "" };

let author: TestRegistry;

beforeAll(async () => {
  author = await testRegistry({ remote: true, policy: POLICY });
  const { registry } = author;
  const files = async (round: string) =>
    Promise.all(
      Object.entries(FILES).map(([name, text]) => author.file(`${round}/${name}`, text.replace("one", round))),
    );
  const roles = { "scaler.pkl": "preprocessor" };
  const card = await author.file("CARD.md", "# Fraud\n");
  await registry.register({ model: "fraud", version: "1.0.0", files: await files("one"), roles, card });
  await registry.register({ model: "fraud", version: "2.0.0", files: await files("two"), roles });
  await registry.register({ model: "team/churn", version: "1.0.0", files: [await author.file("net.pt", "churn\n")] });
  await registry.promote({ references: ["fraud@1.0.0"], to: "production", direct: true });
});

describe.each(ADAPTERS)("pull, through %s git", (adapter) => {
  test("does not replace the directory that one stands in, nor one above it", async () => {
    const reader = await author.clone({ adapter });
    await reader.file("keep.txt", "mine");
    for (const output of ["", ".", "./", "..", "/"]) {
      for (const force of [false, true]) {
        await expect(reader.registry.pull({ references: ["fraud@1.0.0"], output, force })).rejects.toMatchObject({
          code: "usage",
          message: expect.stringContaining("is the current one or above it"),
        });
      }
    }
    expect(await readdir(reader.directory)).toEqual(["keep.txt"]);
  });

  test("lays out verified files, manifest and card; a second reader is served from the cache", async () => {
    const reader = await author.clone({ adapter });
    const first = await reader.registry.pull({ references: ["fraud@production"], output: "model" });
    const [model] = first.models;
    expect(model).toMatchObject({
      ...(await reader.registry
        .resolve({ reference: "fraud@1.0.0" })
        .then(({ model: name, version, tag, commit, tree }) => ({
          model: name,
          version,
          tag,
          commit,
          tree,
        }))),
      requested: "fraud@production",
      used: "fraud@production",
      fallback: false,
      changed: true,
      path: "model",
    });
    expect(model?.files.map(({ path, role, source }) => [path, role, source])).toEqual([
      ["empty.bin", "model", "cache"],
      ["model.onnx", "model", "lfs"],
      ["scaler.pkl", "preprocessor", "lfs"],
    ]);
    const out = join(reader.directory, "model");
    expect((await readdir(out)).toSorted()).toEqual([
      "README.md",
      "empty.bin",
      "manifest.yaml",
      "model.onnx",
      "scaler.pkl",
    ]);
    for (const [name, text] of Object.entries(FILES)) expect(await readFile(join(out, name), "utf8")).toBe(text);
    const cached = () => reader.registry.pull({ references: ["fraud@1.0.0"], printPath: true });
    await cached();
    const again = await cached();
    expect(again.models[0]?.files.every(({ source }) => source === "cache")).toBe(true);
    expect(again.models[0]?.path).toMatch(/^\//);
    expect(await readFile(join(again.models[0]?.path ?? "", "model.onnx"), "utf8")).toBe("weights one\n");
    expect((await lstat(join(again.models[0]?.path ?? "", "model.onnx"))).mode & 0o222).toBe(0);
  });

  test("a directory with something in it needs --force, which leaves exactly the version's files", async () => {
    const reader = await author.clone({ adapter });
    await reader.file("out/note.txt", "mine");
    const ask = (force: boolean) => reader.registry.pull({ references: ["fraud@2.0.0"], output: "out", force });
    await expect(ask(false)).rejects.toMatchObject({ code: "usage" });
    expect(await readdir(join(reader.directory, "out"))).toEqual(["note.txt"]);
    await ask(true);
    expect((await readdir(join(reader.directory, "out"))).toSorted()).toEqual([
      "empty.bin",
      "manifest.yaml",
      "model.onnx",
      "scaler.pkl",
    ]);
    await reader.file("file", "mine");
    await expect(reader.registry.pull({ references: ["fraud"], output: "file", force: true })).rejects.toMatchObject({
      code: expect.stringMatching(/usage|disk/),
    });
    expect(await readFile(join(reader.directory, "file"), "utf8")).toBe("mine");
  });

  test("several references get a directory each; one that is missing stops none of the others", async () => {
    const reader = await author.clone({ adapter });
    const { models } = await reader.registry.pull({ references: ["fraud@1.0.0", "team/churn"], output: "all" });
    expect(models.map(({ path }) => path)).toEqual(["all/fraud", "all/team/churn"]);
    expect(await readFile(join(reader.directory, "all/team/churn/net.pt"), "utf8")).toBe("churn\n");
    await expect(
      reader.registry.pull({ references: ["fraud@9.9.9", "team/churn"], output: "some" }),
    ).rejects.toMatchObject({ code: "not-found" });
    expect(await readdir(join(reader.directory, "some"))).toEqual(["team"]);
  });

  test("one role alone", async () => {
    const reader = await author.clone({ adapter });
    const ask = (role: string) => reader.registry.pull({ references: ["fraud@1.0.0"], output: role, role });
    expect((await ask("preprocessor")).models[0]?.files.map(({ path }) => path)).toEqual(["scaler.pkl"]);
    expect((await readdir(join(reader.directory, "preprocessor"))).toSorted()).toEqual([
      "README.md",
      "manifest.yaml",
      "scaler.pkl",
    ]);
    await expect(ask("tokenizer")).rejects.toMatchObject({
      code: "not-found",
      hint: expect.stringContaining("preprocessor"),
    });
  });
});

describe("pull --link", () => {
  test("switches a symbolic link, and says whether it changed", async () => {
    const reader = await author.clone();
    const ask = (reference: string) => reader.registry.pull({ references: [reference], link: "current" });
    expect((await ask("fraud@1.0.0")).models[0]).toMatchObject({ path: "current", changed: true });
    expect((await ask("fraud@1.0.0")).models[0]).toMatchObject({ changed: false });
    expect((await ask("fraud@2.0.0")).models[0]).toMatchObject({ changed: true });
    const link = join(reader.directory, "current");
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await readFile(join(link, "model.onnx"), "utf8")).toBe("weights two\n");
    await reader.file("real/file", "mine");
    await expect(reader.registry.pull({ references: ["fraud"], link: "real" })).rejects.toMatchObject({
      code: "usage",
    });
    await expect(reader.registry.pull({ references: ["fraud", "team/churn"], link: "two" })).rejects.toMatchObject({
      code: "usage",
    });
  });

  test("a reader in a loop always finds one whole version", async () => {
    const reader = await author.clone();
    const link = join(reader.directory, "current");
    for (const version of [2, 1]) await reader.registry.pull({ references: [`fraud@${version}.0.0`], link: "current" });
    let done = false;
    let reads = 0;
    const seen = new Set<string>();
    const loop = async () => {
      while (!done) {
        const place = await realpath(link);
        const [model, scaler] = await Promise.all(
          ["model.onnx", "scaler.pkl"].map((name) => readFile(join(place, name), "utf8")),
        );
        expect(model?.split(" ")[1]).toBe(scaler?.split(" ")[1]);
        seen.add(model ?? "");
        reads += 1;
      }
    };
    const reading = loop();
    for (let round = 0; round < 15; round++) {
      await reader.registry.pull({ references: [`fraud@${1 + (round % 2)}.0.0`], link: "current", offline: true });
    }
    done = true;
    await reading;
    expect(reads).toBeGreaterThan(15);
    expect(seen.size).toBe(2);
  });
});

describe("what pull never writes through", () => {
  test("a symbolic link as the output, or below it, is refused", async () => {
    const reader = await author.clone();
    await mkdir(join(reader.directory, "elsewhere"));
    await symlink("elsewhere", join(reader.directory, "out"));
    const ask = (output: string, references: readonly string[]) =>
      reader.registry.pull({ references, output, force: true });
    await expect(ask("out", ["fraud"])).rejects.toMatchObject({ code: "usage" });
    await mkdir(join(reader.directory, "all"));
    await symlink("../elsewhere", join(reader.directory, "all/team"));
    await expect(ask("all", ["fraud", "team/churn"])).rejects.toMatchObject({ code: "usage" });
    expect(await readdir(join(reader.directory, "elsewhere"))).toEqual([]);
  });
});

describe("questions that pull refuses", () => {
  test.each([
    ["nothing named", { references: [] }],
    ["one model twice", { references: ["fraud@1.0.0", "fraud@2.0.0"] }],
    ["two ways at once", { references: ["fraud"], output: "a", link: "b" }],
    ["a path and a directory", { references: ["fraud"], output: "a", printPath: true }],
    ["force without a directory", { references: ["fraud"], force: true }],
  ])("%s is usage", async (_, question) => {
    await expect(author.registry.pull(question)).rejects.toMatchObject({ code: "usage" });
  });

  test("a fallback that is neither a path nor a reference is reference-invalid", async () => {
    await expect(author.registry.pull({ references: ["fraud"], fallbacks: ["fraud@"] })).rejects.toMatchObject({
      code: "reference-invalid",
    });
  });
});

describe("pull --fallback", () => {
  test("is tried in order, and the answer says which was used", async () => {
    const reader = await author.clone();
    const fallbacks = ["nosuch", "fraud@production", "./baseline"];
    const { models } = await reader.registry.pull({ references: ["fraud@staging"], fallbacks });
    expect(models).toMatchObject([
      { requested: "fraud@staging", used: "fraud@production", version: "1.0.0", fallback: true },
    ]);
    expect(reader.warnings).toMatchObject([{ message: expect.stringContaining("not-found") }]);
  });

  test("a directory is the last resort: copied, linked or named, and said to be unverified", async () => {
    const reader = await author.clone();
    await reader.file("baseline/model.onnx", "rules\n");
    const ask = (more: { output?: string; link?: string }) =>
      reader.registry.pull({ references: ["nosuch@production"], fallbacks: ["./baseline"], ...more });
    const [plain] = (await ask({})).models;
    expect(plain).toEqual({
      model: null,
      version: null,
      tag: null,
      commit: null,
      tree: null,
      requested: "nosuch@production",
      used: "./baseline",
      fallback: true,
      path: join(reader.directory, "baseline"),
      changed: false,
      files: [{ path: "model.onnx", role: null, sha256: null, size: 6, source: "local" }],
    });
    expect(reader.warnings.map(({ code }) => code)).toContain("unverified");
    await ask({ output: "out" });
    expect(await readFile(join(reader.directory, "out/model.onnx"), "utf8")).toBe("rules\n");
    await ask({ link: "current" });
    expect(await readlink(join(reader.directory, "current"))).toContain("baseline");
    await expect(reader.registry.pull({ references: ["nosuch"], fallbacks: ["./nowhere"] })).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("nosuch"),
    });
  });

  test("is not tried for a wrong stage, an unregistered tree or wrong bytes", async () => {
    const reader = await author.clone();
    await reader.file("baseline/model.onnx", "rules\n");
    const ask = (reference: string) => reader.registry.pull({ references: [reference], fallbacks: ["./baseline"] });
    await expect(ask("fraud@nowhere")).rejects.toMatchObject({ code: "stage-unknown" });
    await expect(ask("fraud@best")).rejects.toMatchObject({ code: "usage" });
    const forged = await forgedVersion(author);
    await expect(ask(forged)).rejects.toMatchObject({
      code: "digest-mismatch",
      findings: [{ code: "manifest-mismatch", message: expect.stringContaining("model.onnx") }],
    });
  });
});

describe("damage", () => {
  test("a flipped byte in cache and LFS store is found, quarantined and fetched again", async () => {
    const reader = await author.clone();
    const ask = (verify = false) => reader.registry.pull({ references: ["fraud@1.0.0"], printPath: true, verify });
    await ask();
    const sha256 = digest(FILES["model.onnx"]);
    const own = lfsObject(reader.repo.gitDir, sha256);
    await mkdir(dirname(own), { recursive: true });
    await writeFile(own, FILES["model.onnx"].replace("w", "W"));
    await flipAll(join(reader.environment.XDG_CACHE_HOME ?? "", "git-model"), FILES["model.onnx"].length);
    const { models } = await ask(true);
    expect(models[0]?.files.find(({ path }) => path === "model.onnx")).toMatchObject({ sha256, source: "lfs" });
    expect(await readFile(join(models[0]?.path ?? "", "model.onnx"), "utf8")).toBe(FILES["model.onnx"]);
  });

  test("wrong bytes at the remote are digest-mismatch, missing ones are all named, and nothing is left behind", async () => {
    const own = await testRegistry({ remote: true, policy: POLICY });
    const files = await Promise.all(["a.bin", "b.bin", "c.bin"].map((name) => own.file(name, `bytes of ${name}`)));
    await own.registry.register({ model: "fraud", version: "1.0.0", files });
    const reader = await own.clone();
    const ask = () => reader.registry.pull({ references: ["fraud"], output: "out", fallbacks: ["./baseline"] });
    await reader.file("baseline/a.bin", "rules\n");
    const at = (name: string) => lfsObject(own.server?.path ?? "", digest(`bytes of ${name}`));
    await flip(at("a.bin"));
    await expect(ask()).rejects.toMatchObject({ code: "digest-mismatch" });
    for (const name of ["a.bin", "b.bin"]) await rm(at(name), { force: true });
    await expect(reader.registry.pull({ references: ["fraud"], output: "out" })).rejects.toMatchObject({
      code: "lfs-missing",
      message: expect.stringMatching(/a\.bin.*b\.bin|[0-9a-f]{12}.*[0-9a-f]{12}/s),
    });
    expect(await readdir(reader.directory)).not.toContain("out");
    expect((await ask()).models[0]).toMatchObject({ used: "./baseline" });
  });
});

describe("without the remote", () => {
  test("what was fetched last serves, with one warning that says when; what is not here is a network failure", async () => {
    const own = await testRegistry({ remote: true, policy: POLICY });
    const { registry } = own;
    await registry.register({ model: "fraud", version: "1.0.0", files: [await own.file("one/m.bin", "one")] });
    await registry.register({ model: "fraud", version: "2.0.0", files: [await own.file("two/m.bin", "two")] });
    const reader = await own.clone();
    await reader.registry.pull({ references: ["fraud@1.0.0"], printPath: true });
    const server = own.server?.path ?? "";
    await rename(server, `${server}.away`);
    const ask = (reference: string, fallbacks: readonly string[] = []) =>
      reader.registry.pull({ references: [reference], fallbacks });
    expect((await ask("fraud@1.0.0")).models).toMatchObject([{ version: "1.0.0", fallback: false }]);
    expect(reader.warnings.map(({ code }) => code)).toEqual(["stale"]);
    expect(reader.warnings[0]?.message).toMatch(/fetched on \d{4}-\d\d-\d\dT/);
    const failure = await ask("fraud@2.0.0").catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: expect.stringMatching(/^(network|git-failed)$/) });
    expect((await ask("fraud@2.0.0", ["fraud@1.0.0"])).models).toMatchObject([{ version: "1.0.0", fallback: true }]);
    reader.warnings.splice(0);
    const offline = await reader.registry.pull({ references: ["fraud@1.0.0"], offline: true });
    expect(offline.models).toMatchObject([{ version: "1.0.0" }]);
    expect(reader.warnings).toEqual([]);
    await expect(reader.registry.pull({ references: ["fraud@2.0.0"], offline: true })).rejects.toMatchObject({
      code: "lfs-missing",
      hint: "the same command without --offline",
    });
    await rename(`${server}.away`, server);
    expect((await ask("fraud@2.0.0")).models).toMatchObject([{ version: "2.0.0" }]);
  });
});

describe("odd registries", () => {
  test.each(ADAPTERS)("a bare repository serves by its path, through %s git", async (adapter) => {
    const reader = await author.reopen({ GIT_MODEL_GIT: adapter, GIT_MODEL_REGISTRY: author.server?.path });
    const { openRegistry } = await import("../../src/compose.ts");
    const directory = await tempDir();
    const registry = await openRegistry({
      registry: author.server?.path ?? "",
      directory,
      environment: reader.environment,
    });
    try {
      await registry.pull({ references: ["fraud@production"], output: "out" });
      expect(await readFile(join(directory, "out/model.onnx"), "utf8")).toBe("weights one\n");
      expect(await registry.list()).toMatchObject({ fetchedAt: null, models: [{ model: "fraud" }, {}] });
    } finally {
      await registry.close();
    }
  });

  test("a detached HEAD and a checked-out stage change nothing", async () => {
    const reader = await author.clone({ adapter: CHOSEN_ADAPTER });
    const before = await reader.registry.list();
    await git(reader.repo.path, "checkout", "-q", "--detach", "fraud@v1.0.0");
    const detached = await reader.reopen();
    expect((await detached.registry.list()).models).toEqual(before.models);
    expect((await detached.registry.pull({ references: ["fraud@production"] })).models).toMatchObject([
      { version: "1.0.0" },
    ]);
    expect(detached.warnings).toEqual([]);
  });
});

/** fraud@6.6.6, whose pointer says other bytes than its manifest; made by hand, as no command would. */
async function forgedVersion({ repo, server }: TestRegistry): Promise<string> {
  const manifest = (await repo.git("show", "fraud@v1.0.0:manifest.yaml")).replace("version: 1.0.0", "version: 6.6.6");
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${digest("evil\n")}\nsize 5\n`;
  const stream = [
    "commit refs/heads/odd\ncommitter Eve <eve@example.org> now\ndata 3\nOdd\nfrom refs/tags/fraud@v1.0.0^0\n",
    `M 100644 inline manifest.yaml\ndata ${Buffer.byteLength(`${manifest}\n`)}\n${manifest}\n\n`,
    `M 100644 inline artifacts/model.onnx\ndata ${pointer.length}\n${pointer}\n`,
    "tag fraud@v6.6.6\nfrom refs/heads/odd\ntagger Eve <eve@example.org> now\ndata 3\nOdd\n",
  ];
  await repo.gitBytes({ input: stream.join("") }, "fast-import", "--quiet", "--date-format=now");
  await repo.git("push", "-q", server?.path ?? "", "refs/tags/fraud@v6.6.6");
  return "fraud@6.6.6";
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function lfsObject(gitDir: string, sha256: string): string {
  return join(gitDir, "lfs/objects", sha256.slice(0, 2), sha256.slice(2, 4), sha256);
}

/** Turns one bit, keeping the size. */
async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await chmod(path, 0o644);
  await writeFile(path, bytes);
}

/** Flips a bit in every file of this size below a directory. */
async function flipAll(directory: string, size: number): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const flipped = new Set<number>();
  for (const path of files) {
    const { size: own, ino } = await lstat(path);
    if (own !== size || flipped.has(ino)) continue;
    await flip(path);
    flipped.add(ino);
  }
  expect(flipped.size).toBeGreaterThan(0);
}
