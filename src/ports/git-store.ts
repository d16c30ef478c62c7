import type { ObjectId } from "../domain/object-id.ts";

/**
 * What git-model needs from Git (DESIGN section 6). Two adapters answer it, `native` and `embedded`, and one
 * contract suite runs on both. Every method throws RegistryError only: `git-failed`, `git-required`,
 * `repository-unsupported`, `shallow-history`, `network`, `auth-failed`, `disk`, and `usage` for names, identities and
 * paths that Git would not take (nothing is written then).
 */
export interface GitStore {
  readonly adapter: "native" | "embedded";
  readonly location: RepositoryLocation;

  /** All refs under the prefixes (`refs/tags/`, `refs/heads/stage/`), or every ref; sorted by name. Symbolic refs are left out. */
  listRefs(prefixes?: readonly RefName[]): Promise<readonly Ref[]>;
  /** What the ref points at, symbolic refs followed; null when absent. */
  readRef(name: RefName): Promise<ObjectId | null>;
  /** The target of a symbolic ref (`HEAD`, `refs/remotes/origin/HEAD`) whether or not it exists; null when the ref is absent or direct. */
  readSymbolicRef(name: RefName | "HEAD"): Promise<RefName | null>;
  /** Points a symbolic ref at a branch, which need not exist; `HEAD` only while nothing is checked out. */
  writeSymbolicRef(name: RefName | "HEAD", target: RefName): Promise<void>;
  /**
   * Applies all edits or none (native: one transaction; embedded: under all locks, each compared before any is
   * written). `lost` names the refs that did not have the expected value or could not be locked: nothing was changed then.
   */
  updateRefs(edits: readonly RefEdit[]): Promise<RefOutcome>;

  /** Objects in the order asked; null for one that is absent. An object larger than `limit` bytes answers `{kind: "too-large"}` without being read. */
  readObjects(ids: readonly ObjectId[], options?: { readonly limit?: number }): Promise<readonly (GitObject | null)[]>;
  writeBlob(bytes: Uint8Array): Promise<ObjectId>;
  /** Entries in any order; they are written in Git's. */
  writeTree(entries: readonly TreeEntry[]): Promise<ObjectId>;
  writeCommit(commit: NewCommit): Promise<ObjectId>;
  /** Writes a tag object; no ref. `sign`: honour `tag.gpgSign` (native only; embedded refuses with `git-required` when it is set). */
  writeTag(tag: NewTag, options?: { readonly sign?: boolean }): Promise<ObjectId>;

  /** The best common ancestor, or null for unrelated histories. */
  mergeBase(a: ObjectId, b: ObjectId): Promise<ObjectId | null>;
  /**
   * First-parent history, newest first. With `path`, only commits whose entry at that path differs from their
   * first parent's (a root commit counts when it has the path). Throws `shallow-history` where a graft cuts it off.
   */
  firstParents(
    tip: ObjectId,
    options?: { readonly path?: string; readonly limit?: number },
  ): Promise<readonly WalkedCommit[]>;
  isShallow(): Promise<boolean>;

  /** Configured remotes, in the order of the configuration. */
  remotes(): Promise<readonly Remote[]>;
  /** Last value of a configuration key of any scope, or null. */
  config(key: string): Promise<string | null>;
  /** Every value of every scope in Git's order (the last one of a key counts); section and variable in lower case. */
  configEntries(): Promise<readonly ConfigEntry[]>;
  /** Sets a key in the repository's own configuration. */
  setConfig(key: string, value: string): Promise<void>;

  /** What the remote advertises, asked for as little as adapter and patterns allow; `head` is the branch its HEAD names (`main`), when it says so and the branch exists; it may be null where only tags were asked for. A pattern is a full name or has one `*`. */
  listRemote(remote: string, patterns?: readonly RefName[]): Promise<RemoteAdvertisement>;
  /**
   * Fetches by refspec. Branch refspecs may be forced; a tag that exists locally with another object is never
   * moved but listed in `rejected`. `prune` removes tracking refs below the destinations of forced refspecs.
   * No tags follow by themselves. A source without `*` that the remote lacks is `not-found`.
   * `depth` and `filter` bring less where remote and adapter can: that many commits of each history, and no blobs
   * (`blob:none`) or neither blobs nor trees (`tree:0`). The repository is shallow or partial afterwards, so they are for
   * mirrors alone.
   */
  fetch(remote: string, refspecs: readonly Refspec[], options?: FetchOptions): Promise<FetchOutcome>;
  /**
   * Brings objects by their ids with the trees and blobs that they reach, into a mirror that was fetched with a `filter`;
   * those that are there are not asked for. Throws `not-found` for one that the remote lacks or does not give.
   */
  fetchObjects(remote: string, ids: readonly ObjectId[]): Promise<void>;
  /**
   * Pushes with a lease on every ref: `from` is the value expected there, null for absent. With `atomic` all or none
   * (embedded: in the order given, compared first); where one is lost, those that would have gone through are `refused`.
   * On success tracking refs of pushed branches follow. `up-to-date`: the remote has that value already (for a
   * deletion: has no such ref). Outcomes are in the order of the updates.
   */
  push(
    remote: string,
    updates: readonly RefEdit[],
    options?: { readonly atomic?: boolean },
  ): Promise<readonly PushOutcome[]>;

  /** Writes files into the working tree and the index where they are absent or unchanged, for `init`. No-op in a bare repository. */
  checkOutFiles(
    files: readonly { readonly path: string; readonly id: ObjectId; readonly content: Uint8Array }[],
  ): Promise<void>;
  /** Facts of the source code in the working directory, for a manifest's `source`; null outside a repository or in an unborn one. */
  describeHead(): Promise<HeadDescription | null>;

  /** Ends child processes; the store is not used afterwards. */
  close(): Promise<void>;
}

/** A full ref name: begins with `refs/`. */
export type RefName = `refs/${string}`;

export interface RepositoryLocation {
  /** Absolute path of this working tree's git directory. */
  readonly gitDir: string;
  /** Absolute path of the directory that holds objects and shared refs; equals gitDir but in linked working trees. */
  readonly commonDir: string;
  /** Absolute path, or null for a bare repository. */
  readonly workTree: string | null;
  readonly objectFormat: "sha1" | "sha256";
}

export interface Ref {
  readonly name: RefName;
  readonly id: ObjectId;
  /** What an annotated tag points at in the end; null for anything else. */
  readonly peeled: ObjectId | null;
}

/** A compare-and-swap on one ref: from the expected old value (null: absent) to the new one (null: delete). */
export interface RefEdit {
  readonly ref: RefName;
  readonly from: ObjectId | null;
  readonly to: ObjectId | null;
}

export type RefOutcome = { readonly ok: true } | { readonly ok: false; readonly lost: readonly RefName[] };

export type GitObject =
  | { readonly kind: "blob"; readonly id: ObjectId; readonly bytes: Uint8Array }
  | { readonly kind: "tree"; readonly id: ObjectId; readonly entries: readonly TreeEntry[] }
  | ({ readonly kind: "commit" } & Commit)
  | ({ readonly kind: "tag" } & Tag)
  | { readonly kind: "too-large"; readonly id: ObjectId; readonly size: number }
  /** An object that does not follow its own format: damaged or forged. */
  | { readonly kind: "malformed"; readonly id: ObjectId; readonly reason: string };

export type TreeMode = "100644" | "100755" | "120000" | "160000" | "40000";

export interface TreeEntry {
  readonly name: string;
  readonly mode: TreeMode;
  readonly id: ObjectId;
}

export interface Signature {
  readonly name: string;
  readonly email: string;
  /** Seconds since 1970. */
  readonly seconds: number;
  /** `+0000` */
  readonly zone: string;
  /** The bytes of `name <email>` as latin1, where they came from an object: written again as they were. */
  readonly raw?: string;
}

export interface Commit {
  readonly id: ObjectId;
  readonly tree: ObjectId;
  readonly parents: readonly ObjectId[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

export interface WalkedCommit extends Commit {
  /** Entry at the asked path in the first parent and here; null where absent, or when no path was asked. */
  readonly before: ObjectId | null;
  readonly after: ObjectId | null;
}

export interface Tag {
  readonly id: ObjectId;
  readonly target: ObjectId;
  readonly targetKind: "commit" | "tree" | "blob" | "tag";
  /** The name written inside the object, which need not be the ref's. */
  readonly name: string;
  readonly tagger: Signature | null;
  readonly message: string;
}

export interface NewCommit {
  readonly tree: ObjectId;
  readonly parents: readonly ObjectId[];
  readonly author: Signature;
  readonly committer: Signature;
  /** Written as given; ends with a line feed. */
  readonly message: string;
}

export interface NewTag {
  readonly target: ObjectId;
  readonly name: string;
  readonly tagger: Signature;
  readonly message: string;
}

export interface Remote {
  readonly name: string;
  /** As configured, `insteadOf` applied where the adapter can. */
  readonly url: string;
}

export interface ConfigEntry {
  /** `section.variable` or `section.subsection.variable`; the subsection keeps its case. */
  readonly key: string;
  readonly value: string;
}

export interface RemoteAdvertisement {
  readonly head: string | null;
  readonly refs: readonly Ref[];
}

export interface Refspec {
  /** A full name, or a pattern with one `*`. */
  readonly source: RefName;
  readonly target: RefName;
  readonly force: boolean;
}

export interface FetchOptions {
  readonly prune?: boolean;
  readonly depth?: number;
  readonly filter?: "blob:none" | "tree:0";
}

export interface FetchOutcome {
  /** Refs that changed here; `to` null: pruned. */
  readonly updated: readonly { readonly ref: RefName; readonly from: ObjectId | null; readonly to: ObjectId | null }[];
  /** Tags that exist here with another object, and branches of refspecs without `force` that do not fast-forward. */
  readonly rejected: readonly { readonly ref: RefName; readonly here: ObjectId; readonly there: ObjectId }[];
}

export type PushOutcome =
  | { readonly ref: RefName; readonly status: "pushed" | "up-to-date" }
  /** The lease did not hold (`stale`), or the remote refused it (`refused`, with its reason). */
  | { readonly ref: RefName; readonly status: "stale" | "refused"; readonly reason: string };

export interface HeadDescription {
  readonly commit: ObjectId;
  readonly dirty: boolean;
  /** URL of `origin`, userinfo stripped; null without one. */
  readonly origin: string | null;
  readonly workTree: string;
}
