import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { isObjectId, type ObjectId } from "../../src/domain/object-id.ts";
import { type GitCall, git, gitBytes } from "./run-git.ts";

const made: string[] = [];

// Importing this file registers the clean-up of its test file; vitest gives each test file its own copy.
afterAll(async () => {
  await Promise.all(made.splice(0).map((path) => rm(path, { recursive: true, force: true, maxRetries: 3 })));
});

/** An empty directory of real path, removed after the test file. */
export async function tempDir(prefix = "git-model-"): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), prefix)));
  made.push(path);
  return path;
}

export interface TempRepoOptions {
  readonly bare?: boolean;
  readonly branch?: string;
  readonly objectFormat?: "sha1" | "sha256";
  /** Where to make it; a new temporary directory by default. */
  readonly path?: string;
}

/** A real repository made by real git. All calls are isolated from the machine's configuration. */
export interface TempRepo {
  readonly path: string;
  /** The git directory: `path` itself when bare. */
  readonly gitDir: string;
  git(...args: readonly string[]): Promise<string>;
  gitBytes(call: Omit<GitCall, "cwd">, ...args: readonly string[]): Promise<Buffer>;
  /** Writes files into the working tree. */
  write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
  /** Writes files, commits everything, answers the commit. Dates are fixed: see TEST_TIME. */
  commit(message: string, files?: Readonly<Record<string, string | Uint8Array>>): Promise<ObjectId>;
  /** The object that a revision expression names. */
  id(revision: string): Promise<ObjectId>;
  /** Git's own verdict on the whole repository; throws unless it is clean. */
  fsck(): Promise<void>;
}

export async function tempRepo(options: TempRepoOptions = {}): Promise<TempRepo> {
  const path = options.path ?? (await tempDir());
  const format = options.objectFormat ?? "sha1";
  const kind = options.bare ? ["--bare"] : [];
  await mkdir(path, { recursive: true });
  await git(path, "init", "-q", "-b", options.branch ?? "main", `--object-format=${format}`, ...kind);
  return repoAt(path, options.bare ?? false);
}

/** The same handle on a repository that exists: a clone, a linked working tree. */
export function repoAt(path: string, bare = false): TempRepo {
  const run = (...args: readonly string[]) => git(path, ...args);
  const write: TempRepo["write"] = async (files) => {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), content);
    }
  };
  const id = async (revision: string) => checkedId(await run("rev-parse", "--verify", "--end-of-options", revision));
  return {
    path,
    gitDir: bare ? path : join(path, ".git"),
    git: run,
    gitBytes: (call, ...args) => gitBytes({ ...call, cwd: path }, ...args),
    write,
    id,
    async commit(message, files = {}) {
      await write(files);
      await run("add", "-A");
      await run("commit", "-q", "--allow-empty", "-m", message);
      return id("HEAD");
    },
    async fsck() {
      const said = await run("fsck", "--strict", "--no-dangling", "--full", "--no-progress");
      if (said !== "") throw new Error(`git fsck of ${path} says: ${said}`);
    },
  };
}

/** What git printed, as an object id. */
export function checkedId(text: string): ObjectId {
  if (isObjectId(text)) return text;
  throw new Error(`not an object id: ${text}`);
}
