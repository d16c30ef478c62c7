import { mkdir, readdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { initEmbeddedRepository } from "../../../../src/adapters/git/embedded/init-embedded-repository.ts";
import { openEmbeddedGit } from "../../../../src/adapters/git/embedded/open-embedded-git.ts";
import { git, isolatedEnvironment } from "../../../support/run-git.ts";
import { repoAt, type TempRepo, tempDir, tempRepo } from "../../../support/temp-repo.ts";

const open = (directory: string) => openEmbeddedGit({ directory, env: isolatedEnvironment() });

const FORMATS: readonly (readonly [string, (repo: TempRepo) => Promise<unknown>])[] = [
  ["a later format version", (repo) => repo.git("config", "core.repositoryformatversion", "2")],
  ["reftable", (repo) => extension(repo, "refStorage", "reftable")],
  ["sha256", (repo) => extension(repo, "objectFormat", "sha256")],
  ["a partial clone", (repo) => extension(repo, "partialClone", "origin")],
  ["a promisor remote", (repo) => repo.git("config", "remote.origin.promisor", "true")],
  ["configuration per working tree", (repo) => extension(repo, "worktreeConfig", "true")],
  ["an extension of tomorrow", (repo) => extension(repo, "compatObjectFormat", "sha256")],
  ["an extension in a file of version 0", (repo) => repo.git("config", "extensions.whatever", "1")],
  ["a working tree elsewhere", (repo) => repo.git("config", "core.worktree", "/tmp")],
  ["alternates", (repo) => writeFile(join(repo.gitDir, "objects/info/alternates"), "/elsewhere\n")],
  ["refs behind a link", (repo) => behindLink(repo, "refs")],
  ["packed-refs behind a link", (repo) => symlink("/dev/null", join(repo.gitDir, "packed-refs"))],
];

describe("the format guard", () => {
  it.each(FORMATS)("refuses %s, with the way out, and touches nothing", async (_, change) => {
    const repo = await tempRepo();
    await repo.commit("one");
    await change(repo);
    const before = await readdir(repo.gitDir, { recursive: true });
    await expect(open(repo.path)).rejects.toMatchObject({
      code: "repository-unsupported",
      hint: expect.stringContaining("GIT_MODEL_GIT=native"),
    });
    expect(await readdir(repo.gitDir, { recursive: true })).toEqual(before);
  });

  it("refuses a submodule's and a linked working tree's .git file", async () => {
    const repo = await tempRepo();
    await repo.commit("one");
    const linked = join(await tempDir(), "linked");
    await repo.git("worktree", "add", "-q", "--detach", linked);
    await expect(open(linked)).rejects.toMatchObject({ code: "repository-unsupported" });
    await expect(open(join(repo.gitDir, "worktrees/linked"))).resolves.toMatchObject({
      location: { gitDir: repo.gitDir },
    });
  });

  it("opens what says nothing unusual", async () => {
    const repo = await tempRepo();
    await repo.git("config", "core.repositoryformatversion", "1");
    await repo.git("config", "extensions.objectFormat", "sha1");
    await repo.git("config", "extensions.noop", "x");
    await expect(open(repo.path)).resolves.toMatchObject({ location: { gitDir: repo.gitDir, workTree: repo.path } });
    await expect(open(join(repo.gitDir, "refs"))).resolves.toMatchObject({ location: { workTree: repo.path } });
  });

  it("opens a bare repository whose HEAD is unborn or names a branch that is not there", async () => {
    const repo = await tempRepo({ bare: true, branch: "nowhere" });
    const store = await open(repo.path);
    expect(await store.readSymbolicRef("HEAD")).toBe("refs/heads/nowhere");
    expect(await store.listRefs()).toEqual([]);
  });

  it("refuses to write where a group shares the files, and reads", async () => {
    const repo = await tempRepo({ bare: true });
    await repo.git("config", "core.sharedRepository", "group");
    const store = await open(repo.path);
    expect(await store.listRefs()).toEqual([]);
    await expect(store.writeBlob(Buffer.from("x"))).rejects.toMatchObject({ code: "git-required" });
    await expect(store.setConfig("a.b", "c")).rejects.toMatchObject({ code: "git-required" });
  });
});

describe("a repository made without git", () => {
  it("is one that git works with", async () => {
    const directory = join(await tempDir(), "deep", "new");
    await initEmbeddedRepository(directory, { branch: "main" });
    await initEmbeddedRepository(directory, { branch: "other" });
    const repo = repoAt(directory);
    expect(await repo.git("symbolic-ref", "HEAD")).toBe("refs/heads/main");
    await repo.commit("one", { a: "a" });
    await repo.fsck();
    expect(await readdir(directory)).toEqual([".git", "a"]);
  });

  it("has no branch of a name that git refuses", async () => {
    const directory = await tempDir();
    for (const branch of ["../evil", "a..b", "-rf", "a.lock", ""]) {
      await expect(initEmbeddedRepository(directory, { branch })).rejects.toMatchObject({ code: "name-invalid" });
    }
    expect(await readdir(directory)).toEqual([]);
  });
});

async function extension(repo: TempRepo, name: string, value: string): Promise<void> {
  await writeFile(
    join(repo.gitDir, "config"),
    `[core]\n\trepositoryformatversion = 1\n\tbare = false\n[extensions]\n\t${name} = ${value}\n`,
  );
}

async function behindLink(repo: TempRepo, name: string): Promise<void> {
  const elsewhere = join(await tempDir(), name);
  await rename(join(repo.gitDir, name), elsewhere);
  await symlink(elsewhere, join(repo.gitDir, name));
  await mkdir(join(elsewhere, "heads"), { recursive: true });
  await git(repo.path, "rev-parse", "HEAD");
}
