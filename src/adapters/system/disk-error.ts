import { RegistryError } from "../../errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBUSY: "it is in use or a mount point",
  EDQUOT: "the disk quota is used up",
  EIO: "the disk reports an input/output error",
  EMFILE: "too many open files",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on the disk",
  ENOTDIR: "a part of the path is no directory",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
};

const RETRYABLE: ReadonlySet<string> = new Set(["EBUSY", "EDQUOT", "EIO", "EMFILE", "ENOSPC"]);

/**
 * A failed file operation as RegistryError `disk`, with the path and the reason in words.
 * Anything but a system error (a RegistryError, a bug) passes through unchanged.
 */
export function diskError(action: "read" | "write", path: string, cause: unknown): Error {
  const code = errnoOf(cause);
  if (cause instanceof RegistryError || code === null) return cause instanceof Error ? cause : new Error(String(cause));
  const reason = REASONS[code] ?? code;
  const done = action === "read" ? "read" : "written";
  return new RegistryError("disk", `${path} cannot be ${done}: ${reason}`, {
    cause,
    retryable: RETRYABLE.has(code),
  });
}

/** The system's error code (`ENOENT` …) of an error or of the error that caused it, or null. */
export function errnoOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code: unknown = "code" in error ? error.code : undefined;
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) return code;
  return error.cause === undefined ? null : errnoOf(error.cause);
}
