import { cp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { initRegistry, openRegistry } from "../../src/compose.ts";
import type { Finding } from "../../src/domain/finding.ts";
import type { CheckAnswer } from "../../src/operations/answers.ts";
import type { Registry } from "../../src/operations/registry.ts";
import { isolatedEnvironment } from "../support/run-git.ts";
import { repoAt, type TempRepo, tempDir, tempRepo } from "../support/temp-repo.ts";

/** A registry made by our own operations: two models, two stages, releases, an evaluation. */
export interface Sample {
  readonly repo: TempRepo;
  /** The bare repository behind it, or null. */
  readonly server: TempRepo | null;
}

export const DOTTED = "team/my.model";

/** Opens a registry with the tests' environment. */
export function open(repo: TempRepo): Promise<Registry> {
  return openRegistry({ directory: repo.path, environment: isolatedEnvironment() });
}

/** Runs the work on the opened registry and closes it. */
export async function using<T>(repo: TempRepo, work: (registry: Registry) => Promise<T>): Promise<T> {
  const registry = await open(repo);
  try {
    return await work(registry);
  } finally {
    await registry.close();
  }
}

export function doctor(repo: TempRepo, fix = false): Promise<CheckAnswer> {
  return using(repo, (registry) => registry.doctor({ fix }));
}

/** `code: message` of every finding. */
export function said(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ code, message }) => `${code}: ${message}`);
}

export async function buildSample(options: { readonly remote: boolean }): Promise<Sample> {
  const server = options.remote ? await tempRepo({ bare: true }) : null;
  const repo = await tempRepo();
  if (server !== null) await repo.git("remote", "add", "origin", server.path);
  await initRegistry(
    repo.path,
    { stages: ["staging", "production"] },
    { directory: repo.path, environment: isolatedEnvironment() },
  );
  const files = await tempDir();
  for (const name of ["a", "b", "c"]) await writeFile(join(files, `${name}.bin`), `bytes of ${name}\n`);
  await using(repo, async (registry) => {
    const register = (model: string, version: string, file: string, f1: number) =>
      registry.register({ model, version, files: [join(files, file)], details: { metrics: { f1 } } });
    await register("fraud", "1.0.0", "a.bin", 0.8);
    await register("fraud", "1.1.0", "b.bin", 0.9);
    await register(DOTTED, "2.0.0", "c.bin", 0.7);
    for (const reference of ["fraud@1.0.0", "fraud@1.1.0"]) {
      await registry.promote({ references: [reference], to: "staging", direct: true });
      await registry.promote({ references: [reference], to: "production", direct: true });
    }
    await registry.promote({ references: [DOTTED], to: "staging", direct: true });
    await registry.evaluate({ reference: "fraud@1.1.0", metrics: { f1: 0.91 } });
  });
  return { repo, server };
}

/** A copy that a test may damage. */
export async function copyOf(sample: Sample): Promise<Sample> {
  const path = await tempDir();
  await cp(sample.repo.path, path, { recursive: true });
  const repo = repoAt(path);
  if (sample.server === null) return { repo, server: null };
  const serverPath = await tempDir();
  await cp(sample.server.path, serverPath, { recursive: true });
  await repo.git("remote", "set-url", "origin", serverPath);
  onTestFinished(() => rm(serverPath, { recursive: true, force: true }));
  return { repo, server: repoAt(serverPath, true) };
}

/** Paths of all objects of the local LFS store. */
export async function storedObjects(repo: TempRepo): Promise<readonly string[]> {
  const root = join(repo.gitDir, "lfs", "objects");
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Writes a tag object by git itself and points a ref at it. */
export async function plantTag(
  repo: TempRepo,
  ref: string,
  tag: { readonly name?: string; readonly target: string; readonly message?: string },
): Promise<string> {
  const target = await repo.id(tag.target);
  const name = tag.name ?? ref.slice("refs/tags/".length);
  const input = `object ${target}\ntype commit\ntag ${name}\ntagger Eve <eve@example.org> 1700000000 +0000\n\n${tag.message ?? "planted\n"}`;
  const id = (await repo.gitBytes({ input }, "hash-object", "-w", "-t", "tag", "--stdin")).toString().trim();
  await repo.git("update-ref", ref, id);
  return id;
}

/** A commit on top of a parent (or of none) whose tree is the parent's with paths replaced; null removes one. */
export async function plantCommit(
  repo: TempRepo,
  parent: string | null,
  changes: Readonly<Record<string, string | null>>,
): Promise<string> {
  const env = { GIT_INDEX_FILE: join(repo.gitDir, "planted-index") };
  await rm(env.GIT_INDEX_FILE, { force: true });
  await repo.gitBytes({ env }, "read-tree", ...(parent === null ? ["--empty"] : [parent]));
  for (const [path, content] of Object.entries(changes)) {
    if (content === null) {
      await repo.gitBytes({ env }, "rm", "-rq", "--cached", "--", path);
      continue;
    }
    if (content.startsWith("tree:")) {
      await repo.gitBytes({ env }, "rm", "-rq", "--cached", "--ignore-unmatch", "--", path);
      await repo.gitBytes({ env }, "read-tree", `--prefix=${path}/`, content.slice("tree:".length));
      continue;
    }
    const blob = (await repo.gitBytes({ input: content }, "hash-object", "-w", "--stdin")).toString().trim();
    await repo.gitBytes({ env }, "update-index", "--add", "--cacheinfo", `100644,${blob},${path}`);
  }
  const tree = (await repo.gitBytes({ env }, "write-tree")).toString().trim();
  const parents = parent === null ? [] : ["-p", parent];
  return (await repo.git("commit-tree", tree, ...parents, "-m", "planted")).trim();
}
