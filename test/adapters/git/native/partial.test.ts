import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openNativeGit } from "../../../../src/adapters/git/native/open-native-git.ts";
import { isolatedEnvironment } from "../../../support/run-git.ts";
import { startStageServer } from "../../../support/stage-server.ts";
import { tempDir } from "../../../support/temp-repo.ts";

/** What a mirror of ours does is a promise of the port: test/contracts/git-store/partial-fetches.ts. */
it("a person's own partial clone goes on bringing what is read, as git does it", async () => {
  const { work, url } = await startStageServer();
  const clone = join(await tempDir(), "clone");
  await work.git("clone", "-q", "--bare", "--filter=blob:none", url, clone);
  const store = await openNativeGit({ directory: clone, env: isolatedEnvironment() });
  onTestFinished(() => store.close());
  const manifest = await work.id("refs/tags/m3@v1.0.0^{commit}:models/m1/manifest.yaml");
  expect(await store.readObjects([manifest])).toMatchObject([{ kind: "blob" }]);
  const stages = { source: "refs/heads/stage/*", target: "refs/remotes/origin/stage/*", force: true } as const;
  await store.fetch("origin", [stages], { prune: true });
});
