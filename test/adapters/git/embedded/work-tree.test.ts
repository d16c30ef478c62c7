import { chmod, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openEmbeddedGit } from "../../../../src/adapters/git/embedded/open-embedded-git.ts";
import { isolatedEnvironment } from "../../../support/run-git.ts";
import { type TempRepo, tempDir, tempRepo } from "../../../support/temp-repo.ts";

const CHANGES: readonly (readonly [string, boolean, (repo: TempRepo) => Promise<unknown>])[] = [
  ["nothing", false, async () => undefined],
  ["a file touched without a change", false, (repo) => repo.write({ "a.txt": "a" })],
  ["an ignored file", false, (repo) => repo.write({ "x.log": "", "build/deep/out.txt": "", "d/only.tmp": "" })],
  ["an empty directory", false, (repo) => repo.git("init", "-q", "--bare", "../elsewhere")],
  ["an index of version 4", false, (repo) => repo.git("update-index", "--index-version", "4")],
  [
    "an index without a digest",
    false,
    (repo) => repo.git("-c", "index.skipHash=true", "update-index", "--force-write-index"),
  ],
  ["a file changed in the same size", true, (repo) => repo.write({ "a.txt": "b" })],
  ["a file removed", true, (repo) => rm(join(repo.path, "d/b.txt"))],
  ["a file made executable", true, (repo) => chmod(join(repo.path, "a.txt"), 0o755)],
  ["a file staged", true, (repo) => repo.write({ "new.txt": "" }).then(() => repo.git("add", "new.txt"))],
  ["a file unstaged", true, (repo) => repo.git("rm", "-q", "--cached", "a.txt")],
  ["an untracked file in a folder of tracked ones", true, (repo) => repo.write({ "d/new.txt": "" })],
  [
    "a link put in a file's place",
    true,
    (repo) => rm(join(repo.path, "a.txt")).then(() => symlink("d", join(repo.path, "a.txt"))),
  ],
  ["a nested repository", true, (repo) => tempRepo({ path: join(repo.path, "nested") })],
  ["a split index", true, (repo) => repo.git("update-index", "--split-index")],
];

describe("whether the working tree is dirty", () => {
  it.each(CHANGES)("after %s: %s", async (name, dirty, change) => {
    const repo = await tempRepo();
    await symlink("a.txt", join(repo.path, "link"));
    await repo.commit("one", {
      "a.txt": "a",
      "d/b.txt": "b",
      ".gitignore": "*.log\nbuild/\n",
      "d/.gitignore": "*.tmp\n",
    });
    await change(repo);
    const store = await openEmbeddedGit({ directory: repo.path, env: isolatedEnvironment() });
    expect((await store.describeHead())?.dirty).toBe(dirty);
    // It cannot be read without git, and unknown is never called clean.
    if (name !== "a split index") expect((await repo.git("status", "--porcelain")) !== "").toBe(dirty);
  });
});

describe("checking files out", () => {
  it("writes through no link, and outside of nothing", async () => {
    const repo = await tempRepo();
    const outside = await tempDir();
    await symlink(outside, join(repo.path, "link"));
    const store = await openEmbeddedGit({ directory: repo.path, env: isolatedEnvironment() });
    const content = Buffer.from("x");
    const id = await store.writeBlob(content);
    await store.checkOutFiles([{ path: "link/x.txt", id, content }]);
    for (const path of ["../x.txt", "/x.txt", ".git/hooks/update", ".GIT/config", "a//b", ""]) {
      await expect(store.checkOutFiles([{ path, id, content }])).rejects.toMatchObject({ code: "usage" });
    }
    expect(await repo.git("status", "--porcelain")).toBe("?? link");
    await expect(writeFile(join(outside, "x.txt"), "", { flag: "wx" })).resolves.toBeUndefined();
  });

  it("refuses an index that only git writes, and one that is locked", async () => {
    const repo = await tempRepo();
    await repo.commit("one", { "a.txt": "a" });
    await repo.git("update-index", "--index-version", "4");
    const store = await openEmbeddedGit({ directory: repo.path, env: isolatedEnvironment() });
    const content = Buffer.from("x");
    const files = [{ path: "x.txt", id: await store.writeBlob(content), content }];
    await expect(store.checkOutFiles(files)).rejects.toMatchObject({ code: "git-required" });
    await writeFile(join(repo.gitDir, "index.lock"), "");
    await expect(store.checkOutFiles(files)).rejects.toMatchObject({ code: "git-failed", retryable: true });
    await rm(join(repo.gitDir, "index.lock"));
    expect(await repo.git("status", "--porcelain")).toBe("");
  });
});
