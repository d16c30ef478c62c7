import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { initRegistry, openRegistry } from "../../src/compose.ts";
import { startLfsServer } from "../support/lfs-server/lfs-server.ts";
import { describeWith } from "../support/oracles.ts";
import { ADAPTERS, CHOSEN_ADAPTER, registryEnvironment } from "../support/registry.ts";
import { git } from "../support/run-git.ts";
import { startSshServer } from "../support/ssh-server.ts";
import { tempDir, tempRepo } from "../support/temp-repo.ts";
import { type Made, serve, servedRegistry } from "../support/url-registry.ts";

let made: Made;

beforeAll(async () => {
  made = await servedRegistry();
});

describeWith(["sshd"], "a registry by an ssh URL", () => {
  test("is pulled, and git-lfs-authenticate says where the bytes are", async () => {
    const lfs = await startLfsServer();
    await lfs.objects.put("model-0001 1.4.0\n");
    const ssh = await startSshServer({ lfs: { href: lfs.endpoint } });
    const environment = await registryEnvironment("native", ssh.environment);
    const registry = await openRegistry({ registry: ssh.url(made.repo.path), environment });
    const { models } = await registry.pull({ references: ["model-0001@production"] });
    expect(models).toMatchObject([{ version: "1.4.0", files: [{ source: "lfs" }] }]);
    expect((await registry.list()).models.length).toBe(3);
    expect((await ssh.commands()).some((command) => command.startsWith("git-lfs-authenticate "))).toBe(true);
    await registry.close();
  });
});

describe.each(ADAPTERS)("with %s Git, a registry by URL is read", (adapter) => {
  test("where bare repositories must be named, other remotes are called the registry's, and the cache is in a repository", async () => {
    const served = await serve(made);
    const plain = await served.reader(adapter);
    const config = join(plain.directory, "gitconfig");
    const strict = `[safe]\n\tbareRepository = explicit\n[git-model]\n\tremote = upstream\n[lfs]\n\turl = file://${made.repo.path}\n`;
    await writeFile(config, strict);
    const around = await tempRepo();
    const reader = await served.reader(adapter, {
      GIT_CONFIG_GLOBAL: config,
      XDG_CACHE_HOME: join(around.path, "cache"),
    });
    const { registry, warnings } = await reader.open();
    expect((await registry.pull({ references: ["model-0001@production"] })).models[0]?.version).toBe("1.4.0");
    expect((await registry.list()).models.length).toBe(3);
    expect(warnings).toEqual([]);
    expect(await around.git("for-each-ref")).toBe("");
  });

  test("as git config git-model.registry names it", async () => {
    const served = await serve(made);
    const plain = await served.reader(adapter);
    const config = join(plain.directory, "gitconfig");
    await writeFile(config, `[git-model]\n\tregistry = ${plain.url}\n`);
    const environment = { ...plain.environment, GIT_CONFIG_GLOBAL: config };
    const registry = await openRegistry({ directory: plain.directory, environment });
    expect((await registry.resolve({ reference: "model-0001@production" })).version).toBe("1.4.0");
    await registry.close();
  });
});

test("a registry of sha256 is read by native Git, and refused by embedded Git", async () => {
  const root = await tempDir("git-model-sha256-");
  const server = await tempRepo({ bare: true, objectFormat: "sha256", path: join(root, "models.git") });
  const repo = await tempRepo({ objectFormat: "sha256" });
  await repo.git("remote", "add", "origin", server.path);
  const environment = await registryEnvironment("native");
  await initRegistry(repo.path, { name: "wide" }, { directory: repo.path, environment });
  const own = await openRegistry({ registry: repo.path, directory: repo.path, environment });
  await writeFile(join(root, "weights.bin"), "weights");
  await own.register({ model: "fraud", files: [join(root, "weights.bin")] });
  await own.close();
  const served = await serve({ root, repo: server });
  for (let time = 0; time < 2; time++) {
    const { registry } = await (await served.reader("native")).open();
    expect((await registry.resolve({ reference: "fraud" })).tree).toHaveLength(64);
    expect((await registry.list()).models.length).toBe(1);
  }
  const { registry } = await (await served.reader("embedded")).open();
  for (const question of [() => registry.resolve({ reference: "fraud" }), () => registry.list()]) {
    await expect(question()).rejects.toMatchObject({ code: "repository-unsupported" });
  }
});

test("several processes may fetch one mirror as they like", async () => {
  const served = await serve(made);
  const reader = await served.reader(CHOSEN_ADAPTER);
  await mkdir(reader.cache, { recursive: true });
  const all = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const { registry } = await reader.open();
      await registry.fetch();
      return (await registry.list()).models.length;
    }),
  );
  expect(all).toEqual([3, 3, 3, 3]);
  await git((await reader.mirror("whole")).path, "fsck", "--strict");
});
