import { stat } from "node:fs/promises";
import type { ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { FetchOptions, GitObject, GitStore, NewTag, RepositoryLocation } from "../../../ports/git-store.ts";
import { configuredRemotes } from "../configured-remotes.ts";
import { formatCommit, formatTag, formatTree, type ObjectKind, parseObject } from "../object-format.ts";
import { fetchRefs } from "./fetch.ts";
import { fetchObjects } from "./fetch-objects.ts";
import { type GitCommand, gitCommand, gitEnvironment, runTranslated } from "./git-command.ts";
import { isTrue, lastValue } from "./git-config.ts";
import { gitFailure } from "./git-failure.ts";
import { type GitVersion, isAtLeast, parseGitVersion } from "./git-version.ts";
import { firstParents, isShallow, mergeBase } from "./history.ts";
import { ObjectReader, type RawObject } from "./object-reader.ts";
import { hashObjectWriter, looseObjectWriter, type ObjectWriter } from "./object-writer.ts";
import { partialSettings } from "./partial.ts";
import { pushRefs } from "./push.ts";
import { listRefs, readRef, readSymbolicRef, updateRefs, writeSymbolicRef } from "./refs.ts";
import type { RemoteCredential } from "./remote-credentials.ts";
import { listRemote } from "./remote-refs.ts";
import { setConfig } from "./set-config.ts";
import { signTag } from "./sign-tag.ts";
import { checkOutFiles, describeHead } from "./working-tree.ts";

export interface NativeGitOptions {
  /** Any directory of the repository. */
  readonly directory: string;
  /** The directory is the git directory itself: nothing is looked for, so that `safe.bareRepository=explicit` is content. */
  readonly isGitDir?: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Logins for http remotes that come before those of git's own helpers (DETAILS 13); asked for by the first command that talks to a remote. */
  readonly credentials?: () => Promise<readonly RemoteCredential[]>;
  /** How long such a command may take; ten minutes by default. */
  readonly remoteTimeoutMs?: number;
}

/**
 * The repository that holds the directory, by the git binary on the PATH. Throws `not-a-registry` where there is none,
 * `git-required` without a git, `repository-unsupported` for a git older than 2.34 and for what git itself refuses.
 */
export async function openNativeGit(options: NativeGitOptions): Promise<GitStore> {
  const { directory, isGitDir = false, env, ...remotes } = options;
  await assertDirectory(directory);
  const clean = gitEnvironment(env);
  const locating = locate(directory, isGitDir ? { ...clean, GIT_DIR: directory } : clean);
  // An old git fails at both; its version is the better answer.
  locating.catch(() => undefined);
  const version = await requireGit(directory, clean);
  const location = await locating;
  const cwd = location.workTree ?? location.gitDir;
  // Git checked the owner while it looked for the repository; from here on no child has to look again.
  const workTree = location.workTree === null ? {} : { GIT_WORK_TREE: location.workTree };
  const surroundings = { ...clean, GIT_DIR: location.gitDir, ...workTree };
  const git = gitCommand({ cwd, version, env: surroundings, ...remotes });
  return new NativeGitStore(git, location);
}

/** Makes an empty repository whose HEAD names the branch. Throws like `openNativeGit`. */
export async function initNativeRepository(
  directory: string,
  { branch, env, bare = false }: { readonly branch: string; readonly env: NodeJS.ProcessEnv; readonly bare?: boolean },
): Promise<void> {
  await assertDirectory(directory);
  const clean = gitEnvironment(env);
  const git = gitCommand({ cwd: directory, env: clean, version: await requireGit(directory, clean) });
  const args = ["init", "-q", ...(bare ? ["--bare"] : []), `--initial-branch=${branch}`];
  await git.run(args, { doing: `make a repository in ${directory}` });
}

/** The version of the git on the PATH, however old; null without one. */
export async function findNativeGit(env: NodeJS.ProcessEnv, cwd = "/"): Promise<GitVersion | null> {
  try {
    const call = { command: "git", args: ["version"], cwd, env: gitEnvironment(env), timeoutMs: 10_000 };
    const { stdout } = await runTranslated(call, "say its version");
    return parseGitVersion(stdout.toString("utf8"));
  } catch (error) {
    if (error instanceof RegistryError) return null;
    throw error;
  }
}

async function requireGit(cwd: string, env: NodeJS.ProcessEnv): Promise<GitVersion> {
  const version = await findNativeGit(env, cwd);
  if (version === null) {
    throw new RegistryError("git-required", "There is no git on the PATH.", { hint: "Install git 2.34 or newer" });
  }
  if (isAtLeast(version, 2, 34)) return version;
  throw new RegistryError("repository-unsupported", `Git ${version.text} is too old.`, {
    hint: "Install git 2.34 or newer",
  });
}

async function assertDirectory(directory: string): Promise<void> {
  const stats = await stat(directory).catch(() => null);
  if (stats?.isDirectory() !== true) throw new RegistryError("not-a-registry", `${directory} is no directory.`);
}

async function locate(directory: string, env: NodeJS.ProcessEnv): Promise<RepositoryLocation> {
  const flags = [
    "--absolute-git-dir",
    "--git-common-dir",
    "--show-object-format",
    "--is-bare-repository",
    "--show-toplevel",
  ];
  const call = { command: "git", args: ["rev-parse", "--path-format=absolute", ...flags], cwd: directory, env };
  const result = await runTranslated(call, "find the repository");
  const [gitDir, commonDir, objectFormat, , top] = result.stdout.toString("utf8").split("\n");
  // A bare repository has no top level: git says so last, after all else was answered.
  if (result.exitCode !== 0 && !/must be run in a work tree/.test(result.stderr)) throw notFound(directory, result);
  if (!gitDir || !commonDir) throw notFound(directory, result);
  if (objectFormat !== "sha1" && objectFormat !== "sha256") {
    throw new RegistryError("repository-unsupported", `${directory} uses the unknown object format ${objectFormat}.`);
  }
  return { gitDir, commonDir, objectFormat, workTree: top || null };
}

function notFound(directory: string, result: Parameters<typeof gitFailure>[1]): RegistryError {
  const failure = gitFailure("find the repository", result);
  if (failure.code !== "not-a-registry") return failure;
  return new RegistryError("not-a-registry", `There is no Git repository in ${directory}.`, { hint: "git model init" });
}

class NativeGitStore implements GitStore {
  readonly adapter = "native";
  readonly location: RepositoryLocation;
  readonly #git: GitCommand;
  readonly #reader: ObjectReader;
  #writer: Promise<ObjectWriter> | null = null;

  constructor(git: GitCommand, location: RepositoryLocation) {
    this.#git = git;
    this.location = location;
    this.#reader = new ObjectReader(git, location.objectFormat);
  }

  listRefs: GitStore["listRefs"] = (prefixes) => listRefs(this.#git, prefixes);
  readRef: GitStore["readRef"] = (name) => readRef(this.#git, name);
  readSymbolicRef: GitStore["readSymbolicRef"] = (name) => readSymbolicRef(this.#git, name);
  writeSymbolicRef: GitStore["writeSymbolicRef"] = (name, target) => writeSymbolicRef(this.#git, name, target);
  updateRefs: GitStore["updateRefs"] = (edits) => updateRefs(this.#git, edits);

  readObjects: GitStore["readObjects"] = async (ids, { limit = Number.POSITIVE_INFINITY } = {}) => {
    const answers = await this.#reader.read(ids, limit);
    return ids.map((id, index) => typed(id, answers[index] ?? null));
  };

  writeBlob: GitStore["writeBlob"] = (bytes) => this.#write("blob", bytes);
  writeTree: GitStore["writeTree"] = async (entries) => this.#write("tree", formatTree(entries));
  writeCommit: GitStore["writeCommit"] = async (commit) => this.#write("commit", formatCommit(commit));

  writeTag: GitStore["writeTag"] = async (tag, { sign = false } = {}) => {
    const bytes = formatTag(tag, await this.#kindOf(tag.target));
    return sign && isTrue(await this.config("tag.gpgSign")) ? this.#sign(tag) : this.#write("tag", bytes);
  };

  mergeBase: GitStore["mergeBase"] = (a, b) => mergeBase(this.#git, a, b);
  firstParents: GitStore["firstParents"] = (tip, options = {}) =>
    firstParents({ git: this.#git, readObjects: this.readObjects }, tip, options);
  isShallow: GitStore["isShallow"] = () => isShallow(this.#git);

  remotes: GitStore["remotes"] = async () => configuredRemotes(await this.#git.config());
  config: GitStore["config"] = async (key) => lastValue(await this.#git.config(), key);
  configEntries: GitStore["configEntries"] = () => this.#git.config();
  setConfig: GitStore["setConfig"] = (key, value) => setConfig(this.#git, key, value);

  listRemote: GitStore["listRemote"] = (remote, patterns) => listRemote(this.#git, remote, patterns);
  fetch: GitStore["fetch"] = async (remote, refspecs, { prune = false, depth, filter } = {}) => {
    const config = await this.#partial(remote, filter);
    return fetchRefs(this.#git, { remote, refspecs, prune, depth, filter, config });
  };
  fetchObjects: GitStore["fetchObjects"] = async (remote, ids) =>
    fetchObjects(this.#git, { remote, ids, config: await this.#partial(remote) });
  push: GitStore["push"] = (remote, updates, { atomic = false } = {}) =>
    pushRefs(this.#git, { remote, updates, atomic });

  checkOutFiles: GitStore["checkOutFiles"] = (files) =>
    checkOutFiles({ git: this.#git, location: this.location }, files);
  describeHead: GitStore["describeHead"] = async () => {
    const origin = (await this.remotes()).find(({ name }) => name === "origin")?.url ?? null;
    return describeHead({ git: this.#git, location: this.location }, origin);
  };

  close: GitStore["close"] = () => this.#reader.close();

  async #partial(remote: string, filter?: FetchOptions["filter"]): Promise<readonly string[]> {
    return partialSettings({ location: this.location, config: await this.#git.config() }, remote, filter);
  }

  async #write(kind: ObjectKind, bytes: Uint8Array): Promise<ObjectId> {
    this.#writer ??= this.#chooseWriter();
    return (await this.#writer)(kind, bytes);
  }

  async #chooseWriter(): Promise<ObjectWriter> {
    const config = await this.#git.config();
    const shared = lastValue(config, "core.sharedRepository") ?? "umask";
    const plain =
      /^(umask|false|no|off|0)$/i.test(shared) && lastValue(config, "extensions.compatObjectFormat") === null;
    return plain ? looseObjectWriter(this.location) : hashObjectWriter(this.#git);
  }

  async #kindOf(id: ObjectId): Promise<ObjectKind> {
    const [object] = await this.#reader.read([id], 0);
    if (object && object.kind !== "unreadable") return object.kind;
    throw new RegistryError("git-failed", `The object ${id} that a tag names is not in the repository.`, {
      hint: "git fsck",
    });
  }

  async #sign(tag: NewTag): Promise<ObjectId> {
    const keys = /^(gpg\.|user\.signingkey$)/;
    const config = (await this.#git.config()).filter(({ key }) => keys.test(key));
    const settings = config.map(({ key, value }) => `${key}=${value}`);
    return signTag({ git: this.#git, location: this.location, config: settings }, tag);
  }
}

function typed(id: ObjectId, raw: RawObject | null): GitObject | null {
  if (raw === null) return null;
  if (raw.kind === "unreadable") return { kind: "malformed", id, reason: raw.reason };
  if (raw.bytes === null) return { kind: "too-large", id, size: raw.size };
  return parseObject(id, raw.kind, raw.bytes);
}
