import { describeGitHistory } from "./git-store/history.ts";
import { describeGitObjects } from "./git-store/objects.ts";
import { describeGitPartialFetches } from "./git-store/partial-fetches.ts";
import { describeGitRefs } from "./git-store/refs.ts";
import { describeGitRemotes } from "./git-store/remotes.ts";
import { describeGitRepositories } from "./git-store/repositories.ts";
import type { GitStoreSubject } from "./git-store/subject.ts";

export type { GitStoreSubject } from "./git-store/subject.ts";

/** The promises of the Git port, on one adapter, against real repositories made by real git. */
export function describeGitStore(name: string, subject: GitStoreSubject): void {
  describeGitRepositories(name, subject);
  describeGitRefs(name, subject);
  describeGitObjects(name, subject);
  describeGitHistory(name, subject);
  describeGitRemotes(name, subject);
  describeGitRemotes(`${name} over HTTP`, subject, "http");
  describeGitPartialFetches(name, subject);
}
