import { readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openFetchLog } from "../../../src/adapters/system/fetch-log.ts";
import { cacheDirectory, ciRunUrl, inventedIdentity } from "../../../src/adapters/system/process-world.ts";
import { tempDir } from "../../support/temp-repo.ts";

describe("what the environment says", () => {
  test("the cache lies where XDG says, absolute paths only, else below the home", () => {
    expect(cacheDirectory({ XDG_CACHE_HOME: "/x", HOME: "/h" })).toBe("/x/git-model");
    expect(cacheDirectory({ XDG_CACHE_HOME: "x", HOME: "/h" })).toBe("/h/.cache/git-model");
    expect(cacheDirectory({ XDG_CACHE_HOME: "", HOME: "/h" })).toBe("/h/.cache/git-model");
  });

  test("somebody is the actor of a workflow, else the login at this host", () => {
    const actions = { GITHUB_ACTIONS: "true", GITHUB_ACTOR: "octocat" };
    expect(inventedIdentity({ ...actions, GITHUB_ACTOR_ID: "583231" })).toEqual({
      name: "octocat",
      email: "583231+octocat@users.noreply.github.com",
    });
    expect(inventedIdentity(actions).email).toBe("octocat@users.noreply.github.com");
    expect(inventedIdentity({ GITHUB_ACTOR: "octocat", USER: "ada" })).toEqual({
      name: "ada",
      email: `ada@${hostname()}`,
    });
  });

  test("a run of CI has a URL, a laptop has none", () => {
    const run = { GITHUB_RUN_ID: "7", GITHUB_REPOSITORY: "acme/train" };
    expect(ciRunUrl(run)).toBe("https://github.com/acme/train/actions/runs/7");
    expect(ciRunUrl({ ...run, GITHUB_SERVER_URL: "https://ghe.example.org" })).toBe(
      "https://ghe.example.org/acme/train/actions/runs/7",
    );
    expect(ciRunUrl({})).toBeNull();
  });
});

describe("the fetch log", () => {
  test("remembers the last fetch, and forgets rather than fails", async () => {
    const gitDir = await tempDir();
    const log = openFetchLog(gitDir);
    expect(await log.read()).toBeNull();
    await log.record(1_700_000_000_123);
    expect(await openFetchLog(gitDir).read()).toBe(1_700_000_000_123);
    expect(await readFile(join(gitDir, "git-model", "fetched-at"), "utf8")).toBe("1700000000123\n");
    await writeFile(join(gitDir, "git-model", "fetched-at"), "yesterday\n");
    expect(await log.read()).toBeNull();
    const blocked = await tempDir();
    await writeFile(join(blocked, "git-model"), "a file in the way");
    await openFetchLog(blocked).record(1);
    expect(await openFetchLog(blocked).read()).toBeNull();
  });
});
