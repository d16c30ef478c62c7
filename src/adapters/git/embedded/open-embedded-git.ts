import { stripUserinfo } from "../../../documents/strip-userinfo.ts";
import type { ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type {
  ConfigEntry,
  GitStore,
  HeadDescription,
  RefEdit,
  RefName,
  RepositoryLocation,
} from "../../../ports/git-store.ts";
import type { HttpClient } from "../../http/http-client.ts";
import { configuredRemotes } from "../configured-remotes.ts";
import { formatCommit, formatTag, formatTree, type ObjectKind } from "../object-format.ts";
import { checkOutFiles } from "./check-out-files.ts";
import { type ConfigValues, type Environment, isTrue, lastValue, readConfigOf, setConfigIn } from "./config-files.ts";
import { type EmbeddedRepository, openRepository } from "./embedded-repository.ts";
import { fetchRefs } from "./fetch-refs.ts";
import { walkFirstParents } from "./history.ts";
import type { KnownServers } from "./http/http-remote.ts";
import { findMergeBase } from "./merge-base.ts";
import { withRemote } from "./open-remote.ts";
import { updateRefs } from "./ref-transaction.ts";
import { type EmbeddedRemote, starOf } from "./remote.ts";
import { locateRepository } from "./repository-location.ts";
import { isDirty } from "./work-tree-state.ts";

export interface EmbeddedGitOptions {
  /** Any directory of the repository. */
  readonly directory: string;
  /** Names the user's configuration (HOME, XDG_CONFIG_HOME, GIT_CONFIG_GLOBAL …); nothing else of it is used. */
  readonly env: Environment;
  /** The client for http and https remotes, asked for when one is first talked to, and closed by whoever gave it. Without it they are refused with `git-required`. */
  readonly http?: (configuration: readonly ConfigEntry[]) => HttpClient | Promise<HttpClient>;
}

/**
 * The repository that holds the directory, without a git program (DESIGN section 6, SECURITY section 1). Throws
 * `not-a-registry` where there is none; `repository-unsupported`, before anything is read or written, for formats that
 * only git handles. Remotes over ssh, signing and hooks are refused with `git-required`.
 */
export async function openEmbeddedGit(options: EmbeddedGitOptions): Promise<GitStore> {
  return new EmbeddedGitStore(openRepository(await locateRepository(options.directory)), options);
}

class EmbeddedGitStore implements GitStore {
  readonly adapter = "embedded";
  readonly location: RepositoryLocation;
  readonly #repository: EmbeddedRepository;
  readonly #env: Environment;
  readonly #http: EmbeddedGitOptions["http"];
  readonly #servers: KnownServers = new Map();
  #config: Promise<ConfigValues> | null = null;
  #writable: Promise<void> | null = null;

  constructor(repository: EmbeddedRepository, { env, http }: EmbeddedGitOptions) {
    this.#repository = repository;
    this.#env = env;
    this.#http = http;
    this.location = repository.location;
  }

  listRefs: GitStore["listRefs"] = (prefixes) => this.#repository.refs.list(prefixes);
  readRef: GitStore["readRef"] = (name) => this.#repository.refs.read(name);
  readSymbolicRef: GitStore["readSymbolicRef"] = (name) => this.#repository.refs.readSymbolic(name);
  writeSymbolicRef: GitStore["writeSymbolicRef"] = async (name, target) => {
    await this.#requireWritable();
    await this.#repository.refs.writeSymbolic(name, target);
  };
  updateRefs: GitStore["updateRefs"] = async (edits) => {
    await this.#requireWritable();
    for (const { ref, to } of edits) this.#requireTarget(ref, to);
    return updateRefs(this.#repository.refs, edits);
  };

  readObjects: GitStore["readObjects"] = async (ids, { limit } = {}) =>
    ids.map((id) => this.#repository.objects.read(id, limit));

  writeBlob: GitStore["writeBlob"] = (bytes) => this.#write("blob", bytes);
  writeTree: GitStore["writeTree"] = async (entries) => this.#write("tree", formatTree(entries));
  writeCommit: GitStore["writeCommit"] = async (commit) => this.#write("commit", formatCommit(commit));
  writeTag: GitStore["writeTag"] = async (tag, { sign = false } = {}) => {
    if (sign && isTrue(await this.#readConfig(), "tag.gpgSign")) {
      throw new RegistryError("git-required", "tags are to be signed (tag.gpgSign), which needs the git program", {
        hint: "install git and set GIT_MODEL_GIT=native, or git config tag.gpgSign false",
      });
    }
    const target = this.#repository.objects.header(tag.target);
    if (target === null) throw missing(tag.target);
    return this.#write("tag", formatTag(tag, target.kind));
  };

  mergeBase: GitStore["mergeBase"] = async (a, b) => {
    const { objects } = this.#repository;
    return findMergeBase({ objects, edge: await this.#repository.edge() }, a, b);
  };
  firstParents: GitStore["firstParents"] = async (tip, options = {}) =>
    walkFirstParents(this.#repository.objects, tip, { ...options, edge: await this.#repository.edge() });
  isShallow: GitStore["isShallow"] = async () => (await this.#repository.edge()).size > 0;

  remotes: GitStore["remotes"] = async () => configuredRemotes(await this.#readConfig());
  config: GitStore["config"] = async (key) => lastValue(await this.#readConfig(), key);
  configEntries: GitStore["configEntries"] = () => this.#readConfig();
  setConfig: GitStore["setConfig"] = async (key, value) => {
    await this.#requireWritable();
    await setConfigIn(this.location.gitDir, key, value);
    this.#config = null;
  };

  listRemote: GitStore["listRemote"] = async (remote, patterns) =>
    this.#withRemote({ remote, direction: "fetch" }, (there) => there.list(patterns));

  fetch: GitStore["fetch"] = async (remote, refspecs, options = {}) =>
    this.#withRemote({ remote, direction: "fetch" }, (there) =>
      fetchRefs({ ...options, local: this.#repository, remote: there, refspecs }),
    );

  fetchObjects: GitStore["fetchObjects"] = async (remote, ids) => {
    await this.#requireWritable();
    await this.#withRemote({ remote, direction: "fetch" }, (there) => there.bringObjects(ids));
  };

  push: GitStore["push"] = async (remote, updates, { atomic = false } = {}) => {
    // The tracking refs follow.
    await this.#requireWritable();
    const outcomes = await this.#withRemote({ remote, direction: "push" }, (there) => there.push(updates, { atomic }));
    const done = updates.filter((_, index) => ["pushed", "up-to-date"].includes(outcomes[index]?.status ?? ""));
    await this.#follow(remote, done);
    return outcomes;
  };

  checkOutFiles: GitStore["checkOutFiles"] = async (files) => {
    const { gitDir, workTree } = this.location;
    if (workTree === null || files.length === 0) return;
    await this.#requireWritable();
    const head = await this.#repository.refs.read("HEAD");
    const walked = head === null ? [] : walkFirstParents(this.#repository.objects, head, { edge: new Set(), limit: 2 });
    // HEAD may have moved to the new commit already, so what a person has not touched is what HEAD or its parent has.
    const committed = (path: string): readonly ObjectId[] =>
      walked.flatMap(({ tree }) => this.#entryAt(tree, path) ?? []);
    await checkOutFiles({ gitDir, workTree, committed }, files);
  };

  describeHead: GitStore["describeHead"] = async (): Promise<HeadDescription | null> => {
    const { gitDir, workTree } = this.location;
    const commit = workTree === null ? null : await this.#repository.refs.read("HEAD");
    if (workTree === null || commit === null) return null;
    const { objects } = this.#repository;
    const origin = (await this.remotes()).find(({ name }) => name === "origin")?.url ?? null;
    const dirty = await isDirty({ objects, gitDir, workTree, head: objects.commit(commit).tree });
    return { commit, dirty, origin: origin === null ? null : stripUserinfo(origin), workTree };
  };

  close: GitStore["close"] = async () => this.#repository.close();

  #readConfig(): Promise<ConfigValues> {
    this.#config ??= readConfigOf(this.location.gitDir, this.#env);
    return this.#config;
  }

  #requireWritable(): Promise<void> {
    this.#writable ??= this.#repository.requireWritable();
    return this.#writable;
  }

  async #write(kind: ObjectKind, bytes: Uint8Array): Promise<ObjectId> {
    await this.#requireWritable();
    return this.#repository.objects.write(kind, bytes);
  }

  /** A ref names an object that is here, a branch a commit. */
  #requireTarget(ref: RefName, to: ObjectId | null): void {
    if (to === null) return;
    const kind = this.#repository.objects.header(to)?.kind;
    if (kind === undefined) throw missing(to);
    if (kind === "commit" || !ref.startsWith("refs/heads/")) return;
    throw new RegistryError("git-failed", `the branch ${ref} cannot name the ${kind} ${to}`);
  }

  #entryAt(tree: ObjectId, path: string): ObjectId | null {
    const { objects } = this.#repository;
    let current: ObjectId | null = tree;
    for (const segment of path.split("/")) {
      const entries: readonly { readonly name: string; readonly id: ObjectId }[] =
        current !== null && objects.header(current)?.kind === "tree" ? objects.tree(current) : [];
      current = entries.find(({ name }) => name === segment)?.id ?? null;
    }
    return current;
  }

  async #withRemote<T>(
    call: { readonly remote: string; readonly direction: "fetch" | "push" },
    work: (there: EmbeddedRemote) => Promise<T>,
  ): Promise<T> {
    const config = await this.#readConfig();
    const http = async () => (await this.#http?.(config)) ?? null;
    return withRemote({ ...call, local: this.#repository, config, http, servers: this.#servers }, work);
  }

  /** Tracking refs of pushed branches, as the remote's fetch refspecs map them; one that moved meanwhile is left. */
  async #follow(remote: string, pushed: readonly RefEdit[]): Promise<void> {
    const specs = (await this.#readConfig()).filter(({ key }) => key === `remote.${remote}.fetch`);
    for (const { ref, to } of pushed) {
      for (const { value } of specs) {
        const [source = "", target = ""] = value.replace(/^\+/, "").split(":");
        const star = starOf(ref, source);
        if (star === null || !target.startsWith("refs/") || !ref.startsWith("refs/heads/")) continue;
        const tracking = target.replace("*", () => star) as RefName;
        const from = await this.#repository.refs.read(tracking);
        if (from !== to) await updateRefs(this.#repository.refs, [{ ref: tracking, from, to }]);
      }
    }
  }
}

function missing(id: ObjectId): RegistryError {
  return new RegistryError("git-failed", `the object ${id} is not in the repository`, { hint: "git fsck" });
}
