import { expect, it, onTestFinished } from "vitest";
import { openNativeGit } from "../../../../src/adapters/git/native/open-native-git.ts";
import { describeWith } from "../../../support/oracles.ts";
import { isolatedEnvironment } from "../../../support/run-git.ts";
import { startSshServer } from "../../../support/ssh-server.ts";
import { tempDir, tempRepo } from "../../../support/temp-repo.ts";

async function open(url: string, environment: NodeJS.ProcessEnv) {
  const repo = await tempRepo();
  await repo.commit("one");
  await repo.git("remote", "add", "origin", url);
  const store = await openNativeGit({ directory: repo.path, env: isolatedEnvironment(environment) });
  onTestFinished(() => store.close());
  return { repo, store };
}

describeWith(["sshd"], "a remote over ssh", () => {
  it("takes what is pushed and gives it back", async () => {
    const server = await startSshServer();
    const remote = await tempRepo({ bare: true });
    const { repo, store } = await open(server.url(remote.path), server.environment);
    const one = await repo.id("HEAD");
    expect(await store.push("origin", [{ ref: "refs/heads/main", from: null, to: one }], { atomic: true })).toEqual([
      { ref: "refs/heads/main", status: "pushed" },
    ]);
    expect(await store.listRemote("origin")).toEqual({
      head: "main",
      refs: [{ name: "refs/heads/main", id: one, peeled: null }],
    });
    expect(await server.commands()).toEqual([`git-receive-pack '${remote.path}'`, `git-upload-pack '${remote.path}'`]);
  });
});
