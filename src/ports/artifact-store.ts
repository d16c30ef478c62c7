import type { Sha256 } from "../domain/artifact/digest.ts";
import type { Pointer } from "../domain/artifact/pointer.ts";

/**
 * The repository's own Git LFS store, `.git/lfs/objects/aa/bb/<sha256>`, exactly git-lfs's (DESIGN section 5).
 * Throws `disk`, `digest-mismatch`, `artifact-invalid`.
 */
export interface ArtifactStore {
  /**
   * Copies a file into the store, hashing while it copies; fsynced and renamed into place before it answers.
   * A file that changes while it is read is refused (`artifact-invalid`). Bytes already there are not written again.
   */
  ingest(file: string, onBytes?: (bytes: number) => void): Promise<Pointer>;
  /** The pointer that `ingest` would give; nothing is stored. */
  measure(file: string, onBytes?: (bytes: number) => void): Promise<Pointer>;
  /** Takes a stream that must be exactly this object; anything else is `digest-mismatch` and leaves nothing. */
  receive(pointer: Pointer, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** `present` by size alone; `corrupt` when the size differs, or with `hash` the digest. */
  check(pointer: Pointer, options?: { readonly hash?: boolean }): Promise<ObjectState>;
  /** Absolute path where the object is or would be. */
  pathOf(sha256: Sha256): string;
  /** Moves a corrupt object out of the way, into `lfs/bad/`, so that it can be fetched again. */
  quarantine(pointer: Pointer): Promise<void>;
}

export type ObjectState = "present" | "missing" | "corrupt";

/** Where the bytes of a remote live. Here: a plain directory, as git-lfs lays it out; over the network in its own adapter. */
export interface ArtifactRemote {
  /** For messages; never with credentials. */
  readonly name: string;
  /** Which of the objects the remote lacks (by existence and size); nothing is downloaded. */
  missing(pointers: readonly Pointer[]): Promise<readonly Pointer[]>;
  /** Sends what is missing, re-hashing what is read, and asks again afterwards. Answers the objects that were sent. Throws `lfs-missing` naming every object that the local store lacks, `lfs-failed`, `disk`. */
  upload(pointers: readonly Pointer[], progress?: TransferProgress): Promise<readonly Pointer[]>;
  /** Brings the objects into the local store, verified. Throws `lfs-missing` naming all that the remote lacks, `digest-mismatch`, `lfs-failed`. */
  download(pointers: readonly Pointer[], progress?: TransferProgress): Promise<void>;
}

export type TransferProgress = (bytes: number) => void;
