import { expect, onTestFinished } from "vitest";
import type { ErrorCode } from "../../../src/errors.ts";
import type { GitStore, RefName } from "../../../src/ports/git-store.ts";
import { isolatedEnvironment } from "../../support/run-git.ts";

/** An adapter as the contract suite sees it, and what it may refuse with `git-required` or `repository-unsupported`. */
export interface GitStoreSubject {
  /** Opens the repository that holds the directory; throws `not-a-registry` when there is none. */
  readonly open: (directory: string, env: NodeJS.ProcessEnv) => Promise<GitStore>;
  /** Makes an empty repository whose HEAD names the branch. */
  readonly init: (
    directory: string,
    options: { readonly branch: string; readonly env: NodeJS.ProcessEnv },
  ) => Promise<void>;
  /** Each true: it works. False: refused clearly, before any write. */
  readonly capabilities: {
    readonly sha256: boolean;
    readonly linkedWorkTrees: boolean;
    readonly alternates: boolean;
    /** Runs the hooks of a directory remote. */
    readonly remoteHooks: boolean;
    readonly signedTags: boolean;
  };
}

/** Opens a store that is closed when the test ends. */
export async function openFor(
  subject: GitStoreSubject,
  directory: string,
  env: NodeJS.ProcessEnv = {},
): Promise<GitStore> {
  const store = await subject.open(directory, isolatedEnvironment(env));
  onTestFinished(() => store.close());
  return store;
}

export function branch(name: string): RefName {
  return `refs/heads/${name}`;
}

export function tag(name: string): RefName {
  return `refs/tags/${name}`;
}

export function withCode(...codes: readonly ErrorCode[]) {
  return expect.objectContaining({
    name: "RegistryError",
    code: expect.toSatisfy((code: ErrorCode) => codes.includes(code)),
  });
}
