/** When this clone last fetched; kept under the git directory, disposable. */
export interface FetchLog {
  /** Milliseconds since 1970, or null for never. */
  read(): Promise<number | null>;
  record(now: number): Promise<void>;
}
