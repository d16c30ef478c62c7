import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openNativeGit } from "../../../../src/adapters/git/native/open-native-git.ts";
import { startGitHttpServer } from "../../../support/git-http-server.ts";
import { isolatedEnvironment } from "../../../support/run-git.ts";
import { tempDir, tempRepo } from "../../../support/temp-repo.ts";

async function pair() {
  const root = await tempDir();
  const remote = await tempRepo({ bare: true, path: join(root, "a.git") });
  await remote.git("config", "http.receivepack", "true");
  const login = ["x-access-token", "secret"].join(":");
  const { origin } = await startGitHttpServer(root, login);
  const repo = await tempRepo();
  const one = await repo.commit("one");
  const two = await repo.commit("two");
  await repo.git("remote", "add", "origin", `${origin}/a.git`);
  const credentials = async () => [{ origin, username: "x-access-token", password: "secret" }];
  const store = await openNativeGit({ directory: repo.path, env: isolatedEnvironment(), credentials });
  onTestFinished(() => store.close());
  return { store, remote, repo, one, two };
}

describe("a remote over smart HTTP", () => {
  it("keeps leases, rejects whole atomic pushes, and gives everything back", async () => {
    const { store, remote, one, two } = await pair();
    const main = { ref: "refs/heads/main", from: null, to: one } as const;
    expect(await store.push("origin", [main])).toMatchObject([{ status: "pushed" }]);
    expect(await store.push("origin", [main])).toMatchObject([{ status: "up-to-date" }]);
    const late = [
      { ref: "refs/tags/a@v1.0.0", from: null, to: two },
      { ref: "refs/heads/main", from: two, to: one },
      { ref: "refs/heads/other", from: one, to: two },
    ] as const;
    expect(await store.push("origin", late, { atomic: true })).toMatchObject([
      { status: "refused" },
      { status: "up-to-date" },
      { status: "stale" },
    ]);
    expect(await remote.git("tag", "--list")).toBe("");
    expect((await store.listRemote("origin")).head).toBe("main");
    const refspecs = [{ source: "refs/heads/*", target: "refs/remotes/origin/*", force: true }] as const;
    expect(await store.fetch("origin", refspecs, { prune: true })).toEqual({ updated: [], rejected: [] });
  });

  it("tells a lost race of two pushes from a refusal", async () => {
    const { store, remote, one, two } = await pair();
    // The advertisement is older than the update: the remote itself must notice.
    await mkdir(join(remote.path, "hooks"), { recursive: true });
    const hook = join(remote.path, "hooks/pre-receive");
    await writeFile(
      hook,
      `#!/bin/sh\nunset GIT_QUARANTINE_PATH\ncp -r "$GIT_OBJECT_DIRECTORY"/?? objects/ 2>/dev/null\nexec git update-ref refs/heads/raced ${one}\n`,
    );
    await chmod(hook, 0o755);
    const [outcome] = await store.push("origin", [{ ref: "refs/heads/raced", from: null, to: two }]);
    expect(outcome).toMatchObject({ status: "stale" });
    await writeFile(hook, "#!/bin/sh\necho 'stages move by review' >&2\nexit 1\n");
    const [refused] = await store.push("origin", [{ ref: "refs/heads/x", from: null, to: two }]);
    expect(refused).toMatchObject({ status: "refused", reason: "pre-receive hook declined" });
  });
});
