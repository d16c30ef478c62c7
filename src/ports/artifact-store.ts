import type { Sha256 } from "../domain/artifact/digest.ts";
import type { Pointer } from "../domain/artifact/pointer.ts";

/**
 * The repository's own Git LFS store, `.git/lfs/objects/aa/bb/<sha256>`, exactly git-lfs's (DESIGN section 5).
 * Throws `disk`, `digest-mismatch`, `artifact-invalid`.
 */
export interface ArtifactStore extends ArtifactSink {
  /**
   * Copies a file into the store, hashing while it copies; fsynced and renamed into place before it answers.
   * A file that changes while it is read is refused (`artifact-invalid`). Bytes already there are not written again.
   */
  ingest(file: string, onBytes?: (bytes: number) => void): Promise<Pointer>;
  /** The pointer that `ingest` would give; nothing is stored. */
  measure(file: string, onBytes?: (bytes: number) => void): Promise<Pointer>;
  /** Absolute path where the object is or would be. */
  pathOf(sha256: Sha256): string;
  /** Moves a corrupt object out of the way, into `lfs/bad/`, so that it can be fetched again. */
  quarantine(pointer: Pointer): Promise<void>;
}

/** Where objects arrive, verified: the repository's store, or the reader's cache. Throws `disk`, `digest-mismatch`. */
export interface ArtifactSink {
  /** `present` by size alone; `corrupt` when the size differs, or with `hash` the digest. */
  check(pointer: Pointer, options?: { readonly hash?: boolean }): Promise<ObjectState>;
  /** Takes a stream that must be exactly this object; anything else is `digest-mismatch` and leaves nothing. */
  receive(pointer: Pointer, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * Opens the place where a large object arrives in pieces and survives a crash: `incomplete/<sha256>.part`. One process
   * holds it at a time; another one waits for it, for as long as the holder lives. Null: the object is there by now.
   */
  resume(pointer: Pointer): Promise<Arrival | null>;
}

/** A large object on its way. What has arrived is hashed as it comes. */
export interface Arrival {
  /** Bytes there already; the next byte to ask for. */
  readonly received: number;
  /** Appends what the stream gives; whatever ends the stream, what came before is kept. More than the object's size is `digest-mismatch`, and all of it is dropped. */
  append(bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Forgets what has arrived: the server begins anew. */
  restart(): Promise<void>;
  /**
   * Everything is there: puts the object in place. Other bytes than the pointer's are `digest-mismatch`, and dropped; too
   * few are `digest-mismatch`, and kept. `disk`, retryable, when another process took over because this one stood still.
   */
  complete(): Promise<void>;
  /** Lets go; what has arrived stays for the next `resume`. Does nothing after `complete`. */
  release(): Promise<void>;
}

export type ObjectState = "present" | "missing" | "corrupt";

/** Where the bytes of a remote live: a plain directory, as git-lfs lays it out, or an LFS server. */
export interface ArtifactRemote {
  /** For messages; never with credentials. */
  readonly name: string;
  /** Which of the objects the remote lacks (by existence and size); nothing is downloaded. Throws `lfs-failed`, `auth-failed`, `network`. */
  missing(pointers: readonly Pointer[]): Promise<readonly Pointer[]>;
  /** Sends what is missing, re-hashing what is read, and asks again afterwards. Answers the objects that were sent. Throws `lfs-missing` naming every object that the local store lacks, `lfs-failed`, `disk`. */
  upload(pointers: readonly Pointer[], progress?: TransferProgress): Promise<readonly Pointer[]>;
  /** Brings the objects that the sink lacks, verified. Throws `lfs-missing` naming all that the remote lacks, `digest-mismatch`, `lfs-failed`, `auth-failed`, `network`. */
  download(pointers: readonly Pointer[], sink: ArtifactSink, progress?: TransferProgress): Promise<void>;
}

export type TransferProgress = (bytes: number) => void;
