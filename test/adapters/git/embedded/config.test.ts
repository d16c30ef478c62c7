import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalKey, parseConfig, setInConfig } from "../../../../src/adapters/git/embedded/config-text.ts";
import { openEmbeddedGit } from "../../../../src/adapters/git/embedded/open-embedded-git.ts";
import { gitBytes, isolatedEnvironment } from "../../../support/run-git.ts";
import { tempDir, tempRepo } from "../../../support/temp-repo.ts";

const TEXT = `; a comment
[core]
	bare = false # behind a value
	empty =
	flag
[Remote "Ori gin\\"s"]
	URL = "https://x/y;z" ; quoted
	fetch = +refs/heads/*:refs/remotes/o/*
	long = one \\
    two "  three  " four\t
[alias] st = status # on one line
[section.Sub]
	key = a\\tb\\\\c\\"d
[core]
	again = "x" y
`;

describe("Git's configuration format", () => {
  it("is read as git reads it", async () => {
    const path = join(await tempDir(), "config");
    await writeFile(path, TEXT);
    const said = (await gitBytes({ cwd: "/" }, "config", "--file", path, "--list", "-z")).toString();
    const theirs = said
      .split("\0")
      .slice(0, -1)
      .map((row) =>
        row.includes("\n") ? [row.slice(0, row.indexOf("\n")), row.slice(row.indexOf("\n") + 1)] : [row, null],
      );
    expect(parseConfig(TEXT)?.entries.map(({ key, value }) => [key, value])).toEqual(theirs);
  });

  it("is refused where git refuses it", () => {
    for (const text of ["key = 1", "[a", "[a]\n= 1", '[a]\nb = "open', "[a]\nb = \\q", '[a "b]\n', "[a]\nb c"]) {
      expect(parseConfig(text)).toBeNull();
    }
  });

  it("keeps comments, order and everything else when a key is set", () => {
    const changed = setInConfig(TEXT, "core.AGAIN", "new") ?? "";
    expect(changed).toBe(TEXT.replace('again = "x" y', "AGAIN = new"));
    expect(setInConfig(TEXT, "core.added", "1")).toBe(TEXT.replace('= "x" y\n', '= "x" y\n\tadded = 1\n'));
    expect(setInConfig("[a]\n\tb = 1", "c.D e.f", "2")).toBe('[a]\n\tb = 1\n[c "D e"]\n\tf = 2\n');
    expect(setInConfig("", "no-section", "1")).toBeNull();
    expect(setInConfig("", "a.b\nc", "1")).toBeNull();
  });

  it("gives back whatever value was set", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }).filter((text) => !text.includes("\0")),
        (value) => {
          const text = setInConfig(TEXT, "git-model.Sub.Section.key", value) ?? "";
          const entry = parseConfig(text)?.entries.find(({ key }) => key === normalKey("git-model.Sub.Section.KEY"));
          return entry?.value === value;
        },
      ),
    );
  });
});

describe("configuration of user and repository", () => {
  it("is that of the repository first, then the user's with what it includes", async () => {
    const home = await tempDir();
    await writeFile(join(home, ".gitconfig"), "[user]\n\tname = Home\n\temail = home@x\n[include]\n\tpath = more\n");
    await writeFile(join(home, "more"), "[user]\n\tname = Included\n[git-model]\n\tforge = gitea\n");
    const repo = await tempRepo();
    await repo.git("config", "git-model.forge", "git");
    const env = { HOME: home, GIT_CONFIG_NOSYSTEM: "1" };
    const store = await openEmbeddedGit({ directory: repo.path, env });
    expect(await store.config("user.name")).toBe("Included");
    expect(await store.config("user.email")).toBe("home@x");
    expect(await store.config("git-model.forge")).toBe("git");
    const other = await openEmbeddedGit({
      directory: repo.path,
      env: { ...env, GIT_CONFIG_GLOBAL: join(home, "more") },
    });
    expect(await other.config("user.email")).toBeNull();
  });

  it("says which file is malformed, and leaves a locked one alone", async () => {
    const repo = await tempRepo();
    const env = isolatedEnvironment();
    const store = await openEmbeddedGit({ directory: repo.path, env });
    await writeFile(join(repo.gitDir, "config.lock"), "");
    await expect(store.setConfig("a.b", "c")).rejects.toMatchObject({ code: "git-failed", retryable: true });
    await expect(store.setConfig("nonsense", "c")).rejects.toMatchObject({ code: "usage" });
    await writeFile(join(repo.gitDir, "config"), "[core\n");
    const message = expect.stringContaining(join(repo.gitDir, "config"));
    await expect(openEmbeddedGit({ directory: repo.path, env })).rejects.toMatchObject({ code: "git-failed", message });
  });
});
