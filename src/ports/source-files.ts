/** The files a person hands over: what `register` copies in. Throws `artifact-invalid`, `usage`, `disk`. */
export interface SourceFiles {
  /**
   * A file gives itself under its base name; a directory everything below it, dot files skipped, its README.md as the
   * card. Links and special files are refused.
   */
  collect(path: string): Promise<CollectedFiles>;
  /** The bytes of a small file; larger than `limit` bytes is refused. */
  read(path: string, limit: number): Promise<Uint8Array>;
}

export interface CollectedFiles {
  readonly files: readonly CollectedFile[];
  /** Absolute path of the directory's README.md, or null. */
  readonly card: string | null;
  /** Dot files that were passed over. */
  readonly skipped: readonly string[];
}

export interface CollectedFile {
  /** Path that the artifact will have, `/` between segments. */
  readonly path: string;
  /** Absolute path of the file. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
}
