import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { git, isolatedEnvironment } from "../../support/run-git.ts";
import { repoAt, type TempRepo, tempDir, tempRepo } from "../../support/temp-repo.ts";
import { branch, type GitStoreSubject, openFor, withCode } from "./subject.ts";

export function describeGitRepositories(name: string, subject: GitStoreSubject): void {
  const { capabilities } = subject;

  describe(`${name}: repositories`, () => {
    it("opens a repository from its top and from a folder inside", async () => {
      const repo = await tempRepo();
      await repo.commit("first", { "deep/er/file.txt": "x" });
      for (const directory of [repo.path, join(repo.path, "deep", "er")]) {
        const store = await openFor(subject, directory);
        expect(store.location).toEqual({
          gitDir: repo.gitDir,
          commonDir: repo.gitDir,
          workTree: repo.path,
          objectFormat: "sha1",
        });
      }
    });

    it("opens a bare repository", async () => {
      const repo = await tempRepo({ bare: true });
      const store = await openFor(subject, repo.path);
      expect(store.location).toMatchObject({ gitDir: repo.path, commonDir: repo.path, workTree: null });
      await expect(store.describeHead()).resolves.toBeNull();
    });

    it("is not a registry where there is no repository", async () => {
      const directory = await tempDir();
      await expect(openFor(subject, directory)).rejects.toThrowError(withCode("not-a-registry"));
      await expect(openFor(subject, join(directory, "absent"))).rejects.toThrowError(withCode("not-a-registry"));
    });

    it("ignores the GIT_DIR of a surrounding hook", async () => {
      const [repo, other] = await Promise.all([tempRepo(), tempRepo()]);
      const store = await openFor(subject, repo.path, { GIT_DIR: other.gitDir, GIT_INDEX_FILE: "/nowhere" });
      expect(store.location.gitDir).toBe(repo.gitDir);
      const id = await store.writeBlob(Buffer.from("here"));
      await expect(repo.git("cat-file", "-t", id)).resolves.toBe("blob");
    });

    it("makes an empty repository whose HEAD names the branch", async () => {
      const directory = join(await tempDir(), "new");
      await mkdir(directory);
      await subject.init(directory, { branch: "trunk", env: isolatedEnvironment() });
      const store = await openFor(subject, directory);
      expect(await store.readSymbolicRef("HEAD")).toBe("refs/heads/trunk");
      expect(await store.listRefs()).toEqual([]);
      await expect(store.describeHead()).resolves.toBeNull();
      await repoAt(directory).fsck();
    });

    it("works in a linked working tree, or refuses it", async () => {
      const repo = await tempRepo();
      const tip = await repo.commit("first");
      const linked = join(await tempDir(), "linked");
      await repo.git("worktree", "add", "-q", "-b", "side", linked);
      if (!capabilities.linkedWorkTrees) return expectRefusal(subject, linked);
      const store = await openFor(subject, linked);
      expect(store.location).toMatchObject({ commonDir: repo.gitDir, workTree: linked });
      expect(await store.readSymbolicRef("HEAD")).toBe(branch("side"));
      expect(await store.updateRefs([{ ref: branch("new"), from: null, to: tip }])).toEqual({ ok: true });
      expect(await repo.id(branch("new"))).toBe(tip);
    });

    it("works on sha256, or refuses it", async () => {
      const repo = await tempRepo({ objectFormat: "sha256" });
      const tip = await repo.commit("first", { "a.txt": "a" });
      if (!capabilities.sha256) return expectRefusal(subject, repo.path);
      const store = await openFor(subject, repo.path);
      expect(store.location.objectFormat).toBe("sha256");
      const [commit] = await store.readObjects([tip]);
      if (commit?.kind !== "commit") throw new Error(commit?.kind);
      const blob = await store.writeBlob(Buffer.from("b"));
      const tree = await store.writeTree([{ name: "b.txt", mode: "100644", id: blob }]);
      const next = await store.writeCommit({ ...commit, tree, parents: [tip], message: "second\n" });
      expect(await store.updateRefs([{ ref: branch("main"), from: tip, to: next }])).toEqual({ ok: true });
      expect(await store.firstParents(next)).toHaveLength(2);
      await repo.fsck();
    });

    it("reads through alternates, or refuses them", async () => {
      const repo = await tempRepo();
      const tip = await repo.commit("first");
      const path = join(await tempDir(), "shared");
      await repo.git("clone", "-q", "--shared", repo.path, path);
      if (!capabilities.alternates) return expectRefusal(subject, path);
      const store = await openFor(subject, path);
      expect(await store.readObjects([tip])).toMatchObject([{ kind: "commit", message: "first\n" }]);
    });

    it("refuses a repository format that it does not know", async () => {
      const repo = await tempRepo();
      await repo.git("config", "core.repositoryformatversion", "1");
      await repo.git("config", "extensions.fromTheFuture", "true");
      await expectRefusal(subject, repo.path);
    });
  });

  describe(`${name}: configuration`, () => {
    it("answers the last value of a key, and null for none", async () => {
      const repo = await tempRepo();
      await repo.git("config", "--add", "git-model.remote", "one");
      await repo.git("config", "--add", "git-model.remote", "two words ");
      const store = await openFor(subject, repo.path);
      expect(await store.config("git-model.remote")).toBe("two words ");
      expect(await store.config("Git-Model.Remote")).toBe("two words ");
      expect(await store.config("git-model.absent")).toBeNull();
    });

    it("sets a key in the repository, replacing what was there", async () => {
      const repo = await tempRepo();
      const store = await openFor(subject, repo.path);
      await store.setConfig("remote.Origin.tagOpt", "--tags");
      await store.setConfig("git-model.defaultBranch", "x");
      await store.setConfig("git-model.defaultBranch", 'a "b" \\ #c');
      expect(await repo.git("config", "--get-all", "git-model.defaultBranch")).toBe('a "b" \\ #c');
      expect(await repo.git("config", "remote.Origin.tagopt")).toBe("--tags");
      expect(await store.config("git-model.defaultBranch")).toBe('a "b" \\ #c');
      expect(await store.config("remote.origin.tagOpt")).toBeNull();
    });

    it("lists remotes in the order of the configuration", async () => {
      const repo = await tempRepo();
      const store = await openFor(subject, repo.path);
      expect(await store.remotes()).toEqual([]);
      await repo.git("remote", "add", "zulu", "https://example.org/z.git");
      await repo.git("remote", "add", "a.b", "/srv/a.git");
      const again = await openFor(subject, repo.path);
      expect(await again.remotes()).toEqual([
        { name: "zulu", url: "https://example.org/z.git" },
        { name: "a.b", url: "/srv/a.git" },
      ]);
    });
  });

  describe(`${name}: all of the configuration`, () => {
    it("is told in git's order, with every value of a key, as git tells it", async () => {
      const repo = await tempRepo();
      const home = await tempDir();
      await writeFile(
        join(home, "gitconfig"),
        '[HTTP "https://Example.org/"]\n\textraHeader = X: 1\n\textraHeader = X: 2\n',
      );
      await writeFile(join(home, "more"), "[credential]\n\thelper =\n\thelper = store\n");
      await repo.git("config", "include.path", join(home, "more"));
      await repo.git("config", "http.Proxy", "http://proxy.example.org");
      const env = { GIT_CONFIG_GLOBAL: join(home, "gitconfig") };
      const entries = await (await openFor(subject, repo.path, env)).configEntries();
      const listed = (await repo.gitBytes({ env }, "config", "--list", "--null")).toString("utf8").split("\0");
      const expected = listed.slice(0, -1).map((line) => {
        const [key = "", ...value] = line.split("\n");
        return { key, value: value.join("\n") };
      });
      // What native git is given on its command line may follow.
      expect(entries.slice(0, expected.length)).toEqual(expected);
      expect(entries.filter(({ key }) => key === "http.https://Example.org/.extraheader")).toHaveLength(2);
    });
  });

  describe(`${name}: the working tree`, () => {
    it("describes HEAD for a manifest's source", async () => {
      const repo = await tempRepo();
      const commit = await repo.commit("first", { "train.py": "x" });
      const token = ["user", "secret"].join(":");
      await repo.git("remote", "add", "origin", `https://${token}@example.org/a.git`);
      const store = await openFor(subject, repo.path);
      const origin = "https://example.org/a.git";
      expect(await store.describeHead()).toEqual({ commit, dirty: false, origin, workTree: repo.path });
      await repo.git("checkout", "-q", "--detach");
      await repo.write({ "train.py": "changed" });
      expect(await store.describeHead()).toMatchObject({ commit, dirty: true });
      await repo.git("checkout", "-q", "train.py");
      await repo.write({ "untracked.txt": "" });
      expect(await store.describeHead()).toMatchObject({ dirty: true });
    });

    it("checks files out in a new repository so that git sees nothing to do", async () => {
      const repo = await tempRepo();
      const store = await openFor(subject, repo.path);
      await commitFiles(repo, store, { "registry.yaml": "a: 1\n", ".github/CODEOWNERS": "* @x\n" });
      expect(await repo.git("status", "--porcelain")).toBe("");
      expect(await readFile(join(repo.path, ".github/CODEOWNERS"), "utf8")).toBe("* @x\n");
    });

    it("updates what HEAD had, and leaves a person's changes alone", async () => {
      const repo = await tempRepo();
      await repo.commit("first", { "same.txt": "old", "edited.txt": "old", "staged.txt": "old" });
      await repo.write({
        "edited.txt": "mine",
        "staged.txt": "mine",
        "new-staged.txt": "mine",
        "untracked.txt": "mine",
      });
      await repo.git("add", "staged.txt", "new-staged.txt");
      const store = await openFor(subject, repo.path);
      const names = ["same.txt", "edited.txt", "staged.txt", "new-staged.txt", "untracked.txt", "absent.txt"];
      await commitFiles(repo, store, Object.fromEntries(names.map((file) => [file, "new"])));
      const texts = await Promise.all(names.map((file) => readFile(join(repo.path, file), "utf8")));
      expect(texts).toEqual(["new", "mine", "mine", "mine", "mine", "new"]);
      expect(await repo.git("diff", "--cached", "--name-only")).toContain("staged.txt");
      expect(await repo.git("status", "--porcelain", "same.txt", "absent.txt")).toBe("");
      expect(await repo.git("show", ":staged.txt", ":new-staged.txt")).toBe("minemine");
    });

    it("checks nothing out in a bare repository", async () => {
      const repo = await tempRepo({ bare: true });
      const store = await openFor(subject, repo.path);
      const content = Buffer.from("x");
      await store.checkOutFiles([{ path: "x.txt", id: await store.writeBlob(content), content }]);
      await expect(readFile(join(repo.path, "x.txt"))).rejects.toThrow();
    });
  });

  if (capabilities.signedTags) describeSignedTags(name, subject);
  else describeRefusedSigning(name, subject);
}

function describeSignedTags(name: string, subject: GitStoreSubject): void {
  describe(`${name}: signed tags`, () => {
    it("are signed by git's own rules, and no ref appears", async () => {
      const repo = await tempRepo();
      const target = await repo.commit("first");
      const program = join(await tempDir(), "fake-gpg");
      await writeFile(
        program,
        "#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho '-----BEGIN PGP SIGNATURE-----'\n",
      );
      await chmod(program, 0o755);
      await git(repo.path, "config", "gpg.program", program);
      await git(repo.path, "config", "tag.gpgSign", "true");
      const store = await openFor(subject, repo.path);
      const tagger = { name: "Grace", email: "g@example.org", seconds: 1_700_000_123, zone: "+0200" };
      const input = { target, name: "team/fraud@v1.0.0", tagger, message: "team/fraud 1.0.0\n" };
      const [signed, plain] = await store.readObjects([
        await store.writeTag(input, { sign: true }),
        await store.writeTag(input),
      ]);
      expect(signed).toMatchObject({ kind: "tag", target, targetKind: "commit", name: input.name, tagger });
      expect(signed).toHaveProperty("message", `${input.message}-----BEGIN PGP SIGNATURE-----\n`);
      expect(plain).toHaveProperty("message", input.message);
      expect(await repo.git("tag", "--list")).toBe("");
    });

    it("say so when the signing program fails", async () => {
      const repo = await tempRepo();
      const target = await repo.commit("first");
      await git(repo.path, "config", "gpg.program", "/bin/false");
      await git(repo.path, "config", "tag.gpgSign", "true");
      const store = await openFor(subject, repo.path);
      const tagger = { name: "Grace", email: "g@example.org", seconds: 1, zone: "+0200" };
      const writing = store.writeTag({ target, name: "a@v1.0.0", tagger, message: "m\n" }, { sign: true });
      await expect(writing).rejects.toThrowError(withCode("git-failed"));
    });
  });
}

function describeRefusedSigning(name: string, subject: GitStoreSubject): void {
  it(`${name}: refuses to sign before anything is written`, async () => {
    const repo = await tempRepo();
    const target = await repo.commit("first");
    await repo.git("config", "tag.gpgSign", "true");
    const store = await openFor(subject, repo.path);
    const tagger = { name: "Grace", email: "g@example.org", seconds: 1, zone: "+0200" };
    const writing = store.writeTag({ target, name: "a@v1.0.0", tagger, message: "m\n" }, { sign: true });
    await expect(writing).rejects.toThrowError(withCode("git-required"));
  });
}

async function expectRefusal(subject: GitStoreSubject, directory: string): Promise<void> {
  await expect(openFor(subject, directory)).rejects.toThrowError(withCode("repository-unsupported", "git-required"));
}

/** What `init` does: a commit on the checked-out branch, then the files. */
async function commitFiles(
  repo: TempRepo,
  store: Awaited<ReturnType<typeof openFor>>,
  texts: Readonly<Record<string, string>>,
): Promise<void> {
  const files = await Promise.all(
    Object.entries(texts).map(async ([path, text]) => {
      const content = Buffer.from(text);
      return { path, content, id: await store.writeBlob(content) };
    }),
  );
  const from = await store.readRef(branch("main"));
  const input = files.map((file) => `100644 ${file.id} 0\t${file.path}\n`).join("");
  const env = { GIT_INDEX_FILE: join(await tempDir(), "index") };
  if (from !== null) await repo.gitBytes({ env }, "read-tree", from);
  await repo.gitBytes({ env, input }, "update-index", "--index-info");
  const tree = (await repo.gitBytes({ env }, "write-tree")).toString().trim();
  const commit = await repo.git("commit-tree", tree, "-m", "init", ...(from === null ? [] : ["-p", from]));
  await repo.git("update-ref", branch("main"), commit);
  await store.checkOutFiles(files);
}
