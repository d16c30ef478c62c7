import { initNativeRepository, openNativeGit } from "../../../../src/adapters/git/native/open-native-git.ts";
import { describeGitRemotes } from "../../../contracts/git-store/remotes.ts";
import { describeWith } from "../../../support/oracles.ts";

describeWith(["sshd"], "native git", () => {
  describeGitRemotes(
    "over ssh",
    {
      open: (directory, env) => openNativeGit({ directory, env }),
      init: initNativeRepository,
      capabilities: { sha256: true, linkedWorkTrees: true, alternates: true, remoteHooks: true, signedTags: true },
    },
    "ssh",
  );
});
