import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { initRegistry, openRegistry } from "../../src/compose.ts";
import { ADAPTERS, type Adapter, CHOSEN_ADAPTER } from "../support/registry.ts";
import { copyOf, type Made, serve, servedRegistry, type UrlReader } from "../support/url-registry.ts";

let made: Made;

beforeAll(async () => {
  made = await servedRegistry();
});

/** Reference, version, all refs, and how many commits come. */
const REGULAR = [
  ["model-0001@production", "1.4.0", ["refs/remotes/origin/stage/production", "refs/tags/model-0001@v1.4.0"], 2],
  ["model-0001#staging", "1.4.0", ["refs/remotes/origin/stage/staging", "refs/tags/model-0001@v1.4.0"], 2],
  ["model-0001@1.3.0", "1.3.0", ["refs/tags/model-0001@v1.3.0"], 1],
  ["model-0001", "1.5.0", [0, 1, 2, 3, 4, 5].map((minor) => `refs/tags/model-0001@v1.${minor}.0`), 6],
  ["model-0001@<1.3", "1.2.0", [0, 1, 2, 3, 4, 5].map((minor) => `refs/tags/model-0001@v1.${minor}.0`), 6],
] as const;

describe.each(ADAPTERS)("a registry by URL, with %s Git:", (adapter) => {
  test.each(REGULAR)("a pull of %s brings %s and no other ref", async (reference, version, refs, commits) => {
    const reader = await (await serve(made)).reader(adapter);
    const { registry, warnings } = await reader.open();
    const { models } = await registry.pull({ references: [reference], output: "model" });
    expect(models).toMatchObject([{ model: "model-0001", version, requested: reference, used: reference }]);
    expect(await readFile(join(reader.directory, "model/model.onnx"), "utf8")).toBe(`model-0001 ${version}\n`);
    expect(warnings).toEqual([]);
    expect(await reader.mirrors()).toEqual([`narrow-${adapter}.1.git`]);
    expect(await refsOf(reader)).toEqual(refs);
    expect(await commitsIn(reader)).toBe(commits);
  });

  test("a second pull costs a question, and sees what has happened meanwhile", async () => {
    const own = await copyOf(made);
    const served = await serve(own);
    const reader = await served.reader(adapter);
    const pull = async () => {
      const { registry } = await reader.open();
      return (await registry.pull({ references: ["model-0001@production"] })).models[0]?.version;
    };
    expect(await pull()).toBe("1.4.0");
    served.news();
    expect(await pull()).toBe("1.4.0");
    expect(served.news().length).toBeLessThanOrEqual(3);
    await moveStage(own, "production", "model-0001", "1.1.0");
    expect(await pull()).toBe("1.1.0");
    await expect(moveStage(own, "production", "model-0001", null).then(pull)).rejects.toThrow(
      "production holds no version of model-0001",
    );
  });

  test("a tree that no version has is not handed out, whatever its manifest says", async () => {
    const own = await copyOf(made);
    const manifest = (await own.repo.git("show", "model-0001@v1.4.0:manifest.yaml")).replace(
      "max_depth: 8",
      "max_depth: 9",
    );
    const blob = (await own.repo.gitBytes({ input: `${manifest}\n` }, "hash-object", "-w", "--stdin"))
      .toString()
      .trim();
    const entries = (await own.repo.git("ls-tree", "model-0001@v1.4.0")).split("\n");
    const changed = entries.map((line) =>
      line.endsWith("\tmanifest.yaml") ? `100644 blob ${blob}\tmanifest.yaml` : line,
    );
    await putOnStage(own, "production", "model-0001", await makeTree(own, changed));
    const reader = await (await serve(own)).reader(adapter);
    const { registry } = await reader.open();
    const pull = registry.pull({ references: ["model-0001@production"] });
    await expect(pull).rejects.toMatchObject({ code: "stage-unregistered" });
  });

  test("a yanked version is handed out with the warning, and never as the latest", async () => {
    const own = await copyOf(made);
    await own.repo.git("tag", "-a", "-m", "Yank model-0001 1.5.0", "model-0001@v1.5.0!#1", "model-0001@v1.5.0^{}");
    const reader = await (await serve(own)).reader(adapter);
    const { registry, warnings } = await reader.open();
    expect((await registry.resolve({ reference: "model-0001" })).version).toBe("1.4.0");
    expect(warnings).toEqual([]);
    expect((await registry.resolve({ reference: "model-0001@1.5.0" })).version).toBe("1.5.0");
    expect(warnings.map(({ code }) => code)).toEqual(["yanked"]);
  });
});

describe("through the whole mirror", () => {
  test("a list asks for news each time, and only for news", async () => {
    const own = await copyOf(made);
    const served = await serve(own);
    const reader = await served.reader(CHOSEN_ADAPTER);
    const list = async () => (await (await reader.open()).registry.list()).models.map(({ versions }) => versions);
    expect(await list()).toEqual([6, 6, 6]);
    await own.repo.git("tag", "-a", "-m", "model-0000 2.0.0", "model-0000@v2.0.0", "model-0000@v1.5.0^{}");
    expect(await list()).toEqual([7, 6, 6]);
    expect(await reader.mirrors()).toEqual(["whole.1.git"]);
  });

  test("a promotion and a registration are pushed, and the bytes are kept once, in the cache", async () => {
    const own = await copyOf(made);
    await own.repo.git("config", "http.receivepack", "true");
    const reader = await (await serve(own)).reader(CHOSEN_ADAPTER);
    const { registry } = await reader.open();
    await writeFile(join(reader.directory, "weights.bin"), "fresh weights");
    const registered = await registry.register({ model: "model-0001", files: ["weights.bin"] });
    expect(registered).toMatchObject({ version: "1.5.1", published: true, pushed: true });
    const [promotion] = await registry.promote({ references: ["model-0001@1.5.0"], to: "staging", direct: true });
    expect(promotion).toMatchObject({ kind: "released" });
    expect((await registry.resolve({ reference: "model-0001@staging" })).version).toBe("1.5.0");
    const { models } = await registry.pull({ references: ["model-0001@1.5.1"], output: "model" });
    expect(models[0]?.files.map(({ source }) => source)).toEqual(["cache"]);
    expect((await filesBelow(join(reader.cache, "objects"))).length).toBe(1);
    expect(await filesBelow(join(reader.cache, "registries"))).not.toContain("lfs");
  });

  test("nothing stays here that is not published, and nothing is made at a URL", async () => {
    const served = await serve(made);
    const reader = await served.reader(CHOSEN_ADAPTER);
    const { registry } = await reader.open();
    await writeFile(join(reader.directory, "weights.bin"), "fresh weights");
    const draft = registry.register({ model: "model-0001", files: ["weights.bin"], push: false });
    await expect(draft).rejects.toMatchObject({ code: "usage", hint: "clone it, and name the clone" });
    const measured = registry.evaluate({ reference: "model-0001", metrics: { f1: 1 }, push: false });
    await expect(measured).rejects.toMatchObject({ code: "usage" });
    await expect(registry.discard({ reference: "model-0001@1.5.0" })).rejects.toMatchObject({ code: "usage" });
    const options = { directory: reader.directory, environment: reader.environment };
    await expect(initRegistry(null, {}, { ...options, registry: reader.url })).rejects.toMatchObject({ code: "usage" });
    await expect(initRegistry(reader.url, {}, options)).rejects.toMatchObject({ code: "usage" });
    expect(await readdir(reader.directory)).toEqual(["weights.bin"]);
    expect(served.news()).toEqual([]);
  });

  test("a repository that is no registry is named by its URL", async () => {
    const served = await serve(made);
    const reader = await served.reader(CHOSEN_ADAPTER);
    await made.repo.git("init", "-q", "--bare", join(made.root, "empty.git"));
    const url = reader.url.replace("models.git", "empty.git");
    const registry = await openRegistry({ registry: url, environment: reader.environment });
    for (const question of [() => registry.list(), () => registry.pull({ references: ["fraud@production"] })]) {
      await expect(question()).rejects.toMatchObject({ code: "not-a-registry", message: expect.stringContaining(url) });
    }
    await registry.close();
  });
});

describe("the login of a URL", () => {
  const login = "ada:s3cret-pass";
  const withLogin = (url: string) => url.replace("http://", `http://${login}@`);

  test.each(ADAPTERS)("is used and kept nowhere, with %s Git", async (adapter) => {
    const reader = await readerWith(adapter, { login });
    const options = { directory: reader.directory, environment: reader.environment };
    const registry = await openRegistry({ ...options, registry: withLogin(reader.url) });
    expect((await registry.pull({ references: ["model-0001@production"] })).models[0]?.version).toBe("1.4.0");
    expect((await registry.list()).models.length).toBe(3);
    await registry.close();
    for (const file of await filesBelow(reader.cache)) {
      expect([file, (await readFile(file, "latin1")).includes("s3cret")]).toEqual([file, false]);
    }
    // The mirrors are those of the same URL without a login.
    const anonymous = await openRegistry({ ...options, registry: reader.url });
    expect((await anonymous.list({ offline: true })).models.length).toBe(3);
    await anonymous.close();
  });

  test.each(ADAPTERS)("may be a token of the environment, with %s Git", async (adapter) => {
    const reader = await readerWith(adapter, { login: "x-access-token:t0ken", token: "t0ken" });
    const { registry } = await reader.open();
    expect((await registry.resolve({ reference: "model-0001@production" })).version).toBe("1.4.0");
  });

  test.each(ADAPTERS)("that is wrong is auth-failed and not shown, with %s Git", async (adapter) => {
    const reader = await readerWith(adapter, { login: "ada:other" });
    const registry = await openRegistry({ registry: withLogin(reader.url), environment: reader.environment });
    const error = await registry.pull({ references: ["model-0001@production"] }).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: "auth-failed" });
    expect(JSON.stringify([String(error), error])).not.toMatch(/s3cret|ada:/);
    await registry.close();
  });

  async function readerWith(adapter: Adapter, access: { readonly login: string; readonly token?: string }) {
    const served = await serve(made, access.login);
    return served.reader(adapter, access.token === undefined ? {} : { GIT_MODEL_TOKEN: access.token });
  }
});

async function refsOf(reader: UrlReader): Promise<readonly string[]> {
  return (await (await reader.mirror("narrow")).git("for-each-ref", "--format=%(refname)")).split("\n");
}

async function commitsIn(reader: UrlReader): Promise<number> {
  const objects = await (await reader.mirror("narrow")).git("cat-file", "--batch-all-objects", "--batch-check");
  return objects.split("\n").filter((line) => line.includes(" commit ")).length;
}

/** Plain git puts a version on a stage, or takes the model off. */
async function moveStage(own: Made, stage: string, model: string, version: string | null): Promise<void> {
  await putOnStage(own, stage, model, version === null ? null : await own.repo.id(`${model}@v${version}^{tree}`));
}

async function putOnStage(own: Made, stage: string, model: string, tree: string | null): Promise<void> {
  const { repo } = own;
  const ref = `refs/heads/stage/${stage}`;
  const entries = (await repo.git("ls-tree", `${ref}:models`))
    .split("\n")
    .filter((line) => !line.endsWith(`\t${model}`));
  if (tree !== null) entries.push(`040000 tree ${tree}\t${model}`);
  const root = await makeTree(own, [`040000 tree ${await makeTree(own, entries)}\tmodels`]);
  await repo.git("update-ref", ref, await repo.git("commit-tree", "-p", ref, "-m", `Move ${model}`, root));
}

async function makeTree({ repo }: Made, lines: readonly string[]): Promise<string> {
  return (await repo.gitBytes({ input: `${lines.join("\n")}\n` }, "mktree")).toString().trim();
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}
