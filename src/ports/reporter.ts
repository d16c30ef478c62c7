import type { Finding } from "../domain/finding.ts";

/** Where an operation says what it is doing and what it noticed; never its answer. */
export interface Reporter {
  /** A remark that does not stop the work. */
  warn(finding: Finding): void;
  /** Begins a piece of long work. `total` is in bytes. */
  progress(label: string, total: number): Progress;
}

export interface Progress {
  advance(bytes: number): void;
  done(): void;
}
