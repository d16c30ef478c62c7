import type { Artifact } from "../domain/artifact/artifact.ts";
import type { Pointer } from "../domain/artifact/pointer.ts";
import type { ObjectId } from "../domain/object-id.ts";
import type { ArtifactSink } from "./artifact-store.ts";

/** A version as a reader wants it: the files to lay out, beside `manifest.yaml` and `README.md`. */
export interface Materialisation {
  /** Tree of the version: the key of its directory in the cache. */
  readonly tree: ObjectId;
  readonly artifacts: readonly Artifact[];
  /** Exact bytes of manifest.yaml and, where there is one, of the card. */
  readonly manifest: Uint8Array;
  readonly card: Uint8Array | null;
  /** Null: all artifacts; else only those of this role (another directory in the cache). */
  readonly role: string | null;
}

/** How an object can be had when the cache lacks it. Must give verified bytes or throw. */
export interface ObjectSource {
  /** Absolute path of a local file that should hold the object (it is hashed while copied), or null. */
  locate(pointer: Pointer): Promise<string | null>;
  /** Fetches objects that are nowhere local into the sink, which is the cache itself. Throws `lfs-missing` etc. */
  fetch(pointers: readonly Pointer[], sink: ArtifactSink): Promise<void>;
  /** Told when the located file turned out to be damaged, so that it is quarantined and fetched again. */
  reportCorrupt(pointer: Pointer): Promise<void>;
}

export type FileOrigin = "cache" | "lfs";

export interface LaidOutFile {
  readonly artifact: Artifact;
  readonly origin: FileOrigin;
}

/**
 * The reader's per-user cache, `$XDG_CACHE_HOME/git-model` (DESIGN section 5, DETAILS 39): verified objects and
 * read-only materialised versions. Every hand-out is checked against the digest: by hash, or by the stamp
 * (inode, size, mtime, ctime) recorded when the hash was last checked, in this boot of the machine or on bytes that came
 * through one; `verify` always hashes. Safe under parallel processes: one of them fetches a version, the others wait.
 * What outgrows its limit is dropped, the longest unused first, never what a link or a living process uses. Throws `disk`, `digest-mismatch`, `lfs-missing`, `usage`.
 */
export interface ModelCache {
  /** The read-only directory of the version in the cache, made if absent, and where each file came from. */
  materialise(
    version: Materialisation,
    source: ObjectSource,
    options: LayOutOptions,
  ): Promise<{ readonly path: string; readonly files: readonly LaidOutFile[] }>;
  /**
   * Writes the version's files to a directory of the user's: beside it first, then renamed. A directory with
   * something in it is refused (`usage`) without `force`; with it, exactly the files of this version remain. A symlink is
   * never written through (`usage`): neither `directory` nor, with `within`, anything from `within` down to it.
   */
  copyOut(
    version: Materialisation,
    directory: string,
    source: ObjectSource,
    options: LayOutOptions & Replacing,
  ): Promise<{ readonly files: readonly LaidOutFile[] }>;
  /** The files of a local directory, sorted, for a PATH as fallback (DETAILS 47). Throws `not-found`; `artifact-invalid` for a symlink or a special file in it. */
  listDirectory(path: string): Promise<readonly PlainFile[]>;
  /** Copies a local directory as it is, unverified, to a directory of the user's, with the rules of `copyOut`. Throws like it and like `listDirectory`. */
  copyDirectory(from: string, to: string, options: Replacing): Promise<{ readonly files: readonly PlainFile[] }>;
  /** Makes `link` a symlink to the directory, atomically, and notes it. A `link` that is no symlink is `usage`. Answers whether it changed. */
  link(directory: string, link: string): Promise<{ readonly changed: boolean }>;
}

export interface Replacing {
  readonly force: boolean;
  /** Absolute path of the directory that the user named, where the files go below it. */
  readonly within?: string;
}

/** A file of no version. */
export interface PlainFile {
  /** `/` between segments. */
  readonly path: string;
  readonly size: number;
}

export interface LayOutOptions {
  /** Hash every file, even where the stamp still matches. */
  readonly verify: boolean;
  readonly onBytes?: (bytes: number) => void;
}
