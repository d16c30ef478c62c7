import { initNativeRepository, openNativeGit } from "../../../../src/adapters/git/native/open-native-git.ts";
import { describeGitStore } from "../../../contracts/git-store.ts";

describeGitStore("native git", {
  open: (directory, env) => openNativeGit({ directory, env }),
  init: initNativeRepository,
  capabilities: { sha256: true, linkedWorkTrees: true, alternates: true, remoteHooks: true, signedTags: true },
});
