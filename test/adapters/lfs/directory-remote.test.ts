import { link, mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { openDirectoryRemote } from "../../../src/adapters/lfs/directory-remote.ts";
import { isDirectoryUrl } from "../../../src/adapters/lfs/git-directory.ts";
import { openLocalStore } from "../../../src/adapters/lfs/local-store.ts";
import type { Pointer } from "../../../src/domain/artifact/pointer.ts";
import { describeWith } from "../../support/oracles.ts";
import { repoAt, tempDir, tempRepo } from "../../support/temp-repo.ts";
import { failure, flipByte, pointerTo } from "./objects.ts";

async function storeWith(...contents: readonly string[]) {
  const directory = await tempDir();
  const store = openLocalStore({ commonDir: directory });
  const pointers: Pointer[] = [];
  for (const content of contents) {
    await writeFile(join(directory, "file"), content);
    pointers.push(await store.ingest(join(directory, "file")));
  }
  return { store, pointers };
}

/** A bare repository (by path) or one with a working tree (by URL), and where git-lfs puts an object there. */
async function remoteRepo(kind: "bare" | "with a working tree") {
  const bare = kind === "bare";
  const repo = await tempRepo({ bare });
  const url = bare ? repo.path : pathToFileURL(repo.path).href;
  const pathOf = ({ sha256 }: Pointer) =>
    join(repo.gitDir, "lfs/objects", sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  return { repo, url, pathOf };
}

const KINDS = ["bare", "with a working tree"] as const;

describe.each(KINDS)("a directory remote that is %s", (kind) => {
  it("receives what it lacks, as copies of their own, and answers what was sent", async () => {
    const { url, pathOf, repo } = await remoteRepo(kind);
    const { store, pointers } = await storeWith("one", "two", "");
    const [one, two, empty] = pointers as [Pointer, Pointer, Pointer];
    const remote = await openDirectoryRemote({ url, base: "/", store });
    expect(await remote.missing([one, two, one, empty])).toEqual([one, two]);
    expect(await remote.upload([one])).toEqual([one]);
    let bytes = 0;
    expect(await remote.upload(pointers, (more) => (bytes += more))).toEqual([two]);
    expect(bytes).toBe(3);
    expect(await readFile(pathOf(two), "utf8")).toBe("two");
    expect((await stat(pathOf(two))).nlink).toBe(1);
    expect((await stat(pathOf(two))).ino).not.toBe((await stat(store.pathOf(two.sha256))).ino);
    expect(await readdir(join(repo.gitDir, "lfs/tmp"))).toEqual([]);
    const reader = await storeWith();
    await (await openDirectoryRemote({ url, base: "/", store: reader.store })).download(pointers, reader.store);
    expect(await reader.store.check(one, { hash: true })).toBe("present");
    expect(await reader.store.check(two, { hash: true })).toBe("present");
  });

  describeWith(["git-lfs"], "beside git-lfs", () => {
    it("speaks git-lfs's layout both ways", async () => {
      const { url, repo } = await remoteRepo(kind);
      const writer = await tempRepo();
      for (const args of [
        ["install", "--local"],
        ["track", "*.bin"],
      ])
        await writer.git("lfs", ...args);
      await writer.commit("Add models", { "a.bin": "sent by us", "b.bin": "sent by git-lfs", "empty.bin": "" });
      const [ours, theirs] = [pointerTo("sent by us"), pointerTo("sent by git-lfs")];
      const store = openLocalStore({ commonDir: writer.gitDir });
      const remote = await openDirectoryRemote({ url, base: "/", store });
      await remote.upload([ours]);
      await writer.git("remote", "add", "origin", url);
      await writer.git("push", "-q", "origin", "HEAD:refs/heads/lfs");
      expect(await remote.missing([ours, theirs])).toEqual([]);

      const ourReader = await storeWith();
      await (await openDirectoryRemote({ url, base: "/", store: ourReader.store })).download(
        [ours, theirs],
        ourReader.store,
      );
      expect(await readFile(ourReader.store.pathOf(theirs.sha256), "utf8")).toBe("sent by git-lfs");

      const path = await tempDir();
      await repo.git("-c", "filter.lfs.smudge=", "clone", "-q", "--no-checkout", "-b", "lfs", url, path);
      const clone = repoAt(path);
      await clone.git("lfs", "install", "--local");
      await clone.git("checkout", "-q", "lfs");
      await clone.git("lfs", "pull");
      expect(await readFile(join(path, "a.bin"), "utf8")).toBe("sent by us");
      expect(await readFile(join(path, "b.bin"), "utf8")).toBe("sent by git-lfs");
      expect(await clone.git("lfs", "fsck")).toContain("OK");
    });
  });

  it("finds the repository's own lfs.storage", async () => {
    const { url, repo } = await remoteRepo(kind);
    await repo.git("config", "lfs.storage", "big");
    const { store, pointers } = await storeWith("one");
    await (await openDirectoryRemote({ url, base: "/", store })).upload(pointers);
    const { sha256 } = pointers[0] as Pointer;
    const path = join(repo.gitDir, "big/objects", sha256.slice(0, 2), sha256.slice(2, 4), sha256);
    expect(await readFile(path, "utf8")).toBe("one");
  });
});

describe("a directory remote", () => {
  async function pair(...contents: readonly string[]) {
    const { url, pathOf, repo } = await remoteRepo("bare");
    const { store, pointers } = await storeWith(...contents);
    const remote = await openDirectoryRemote({ url, base: "/", store });
    return { remote, store, pointers, pathOf, repo, first: pointers[0] as Pointer };
  }

  it("is found by relative path, without its .git ending, and through a linked working tree", async () => {
    const { store } = await storeWith();
    const parent = await tempDir();
    const repo = await tempRepo({ path: join(parent, "models") });
    await repo.commit("First");
    await repo.git("worktree", "add", "-q", "--detach", join(parent, "linked"));
    await rename(join(parent, "models/.git"), join(parent, "bare.git"));
    await writeFile(join(parent, "models/.git"), "gitdir: ../bare.git\n");
    await writeFile(join(parent, "linked/.git"), `gitdir: ${join(parent, "bare.git/worktrees/linked")}\n`);
    const object = pointerTo("shared");
    await mkdir(join(parent, "bare.git/lfs/objects", object.sha256.slice(0, 2), object.sha256.slice(2, 4)), {
      recursive: true,
    });
    const path = join(parent, "bare.git/lfs/objects", object.sha256.slice(0, 2), object.sha256.slice(2, 4));
    await writeFile(join(path, object.sha256), "shared");
    for (const url of ["models", "./models/", "bare", "bare.git", `../${parent.split("/").at(-1)}/linked`]) {
      const remote = await openDirectoryRemote({ url, base: parent, store });
      expect(await remote.missing([object]), url).toEqual([]);
    }
    expect(await failure(openDirectoryRemote({ url: "nowhere", base: parent, store }))).toMatchObject({
      code: "lfs-failed",
      message: `${join(parent, "nowhere")} holds no Git repository`,
    });
  });

  it("names every object that the local store lacks before anything is sent", async () => {
    const { remote, store, pointers, repo } = await pair("one", "two", "three");
    const [, two, three] = pointers as [Pointer, Pointer, Pointer];
    await rm(store.pathOf(two.sha256));
    await truncate(store.pathOf(three.sha256), 1);
    const error = await failure(remote.upload(pointers));
    expect(error).toMatchObject({ code: "lfs-missing" });
    expect(error.message).toContain(two.sha256);
    expect(error.message).toContain(three.sha256);
    expect(await readdir(repo.gitDir)).not.toContain("lfs");
  });

  it("names every object that the remote lacks and brings none", async () => {
    const { remote, store, pointers, pathOf, first } = await pair("one", "two", "three");
    await remote.upload(pointers);
    for (const pointer of pointers) await rm(store.pathOf(pointer.sha256));
    for (const pointer of pointers.slice(1)) await rm(pathOf(pointer));
    const error = await failure(remote.download(pointers, store));
    expect(error).toMatchObject({ code: "lfs-missing" });
    for (const { sha256 } of pointers.slice(1)) expect(error.message).toContain(sha256);
    expect(error.message).not.toContain(first.sha256);
    expect(await store.check(first)).toBe("missing");
  });

  it("refuses to send a damaged local object, and sets it aside", async () => {
    const { remote, store, first, pathOf } = await pair("one");
    await flipByte(store.pathOf(first.sha256));
    const error = await failure(remote.upload([first]));
    expect(error).toMatchObject({ code: "digest-mismatch" });
    expect(error.message).toContain(first.sha256);
    expect(await store.check(first)).toBe("missing");
    await expect(stat(pathOf(first))).rejects.toThrow("ENOENT");
  });

  it("heals an object of the wrong size when it is sent again", async () => {
    const { remote, first, pathOf } = await pair("one");
    await remote.upload([first]);
    await truncate(pathOf(first), 1);
    expect(await remote.missing([first])).toEqual([first]);
    await remote.upload([first]);
    expect(await readFile(pathOf(first), "utf8")).toBe("one");
  });

  it.each(["a flipped byte", "a cut end"])(
    "finds %s when it reads, sets it aside, and brings the others",
    async (what) => {
      const { remote, store, pointers, pathOf, first, repo } = await pair("one", "two");
      await remote.upload(pointers);
      for (const pointer of pointers) await rm(store.pathOf(pointer.sha256));
      if (what === "a cut end") await truncate(pathOf(first), 1);
      else await flipByte(pathOf(first));
      const error = await failure(remote.download(pointers, store));
      expect(error).toMatchObject({ code: "digest-mismatch" });
      expect(error.message).toContain(first.sha256);
      expect(await store.check(first)).toBe("missing");
      expect(await store.check(pointers[1] as Pointer, { hash: true })).toBe("present");
      expect(await readdir(join(repo.gitDir, "lfs/bad"))).toEqual([first.sha256]);
      expect(await remote.missing(pointers)).toEqual([first]);
    },
  );

  it("does not set a good object aside because a pointer lies about its size", async () => {
    const { remote, store, first, pathOf } = await pair("one");
    await remote.upload([first]);
    await rm(store.pathOf(first.sha256));
    expect(await failure(remote.download([{ ...first, size: 99 }], store))).toMatchObject({ code: "digest-mismatch" });
    expect(await readFile(pathOf(first), "utf8")).toBe("one");
  });

  it("writes beside an object that git-lfs hard-linked, never into it", async () => {
    const { remote, store, first, pathOf } = await pair("one");
    await remote.upload([first]);
    await rm(store.pathOf(first.sha256));
    await link(pathOf(first), store.pathOf(first.sha256));
    await truncate(pathOf(first), 1);
    await rm(store.pathOf(first.sha256));
    await writeFile(store.pathOf(first.sha256), "one");
    await remote.upload([first]);
    expect((await stat(pathOf(first))).nlink).toBe(1);
    expect(await readFile(pathOf(first), "utf8")).toBe("one");
  });
});

describe("isDirectoryUrl", () => {
  it.each([
    ["/srv/models.git", true],
    ["../models", true],
    ["file:///srv/models.git", true],
    ["./a:b", true],
    ["C:\\models", true],
    ["host:models.git", false],
    ["git@github.com:acme/models.git", false],
    ["https://github.com/acme/models.git", false],
    ["ssh://git@host/models.git", false],
  ])("%s: %s", (url, expected) => {
    expect(isDirectoryUrl(url)).toBe(expected);
  });
});
