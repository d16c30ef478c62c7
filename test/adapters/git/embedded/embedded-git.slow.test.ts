import { initEmbeddedRepository } from "../../../../src/adapters/git/embedded/init-embedded-repository.ts";
import { openEmbeddedGit } from "../../../../src/adapters/git/embedded/open-embedded-git.ts";
import { describeGitStore } from "../../../contracts/git-store.ts";
import { testHttpClient } from "../../../support/http-client.ts";

describeGitStore("embedded", {
  open: (directory, env) => openEmbeddedGit({ directory, env, http: testHttpClient }),
  init: (directory, { branch }) => initEmbeddedRepository(directory, { branch }),
  capabilities: { sha256: false, linkedWorkTrees: false, alternates: false, remoteHooks: false, signedTags: false },
});
