import { RegistryError } from "../../../errors.ts";
import { type LockFile, takeLock } from "../../system/lock-file.ts";

/** Takes Git's lock on one of its files; `git-failed` (retryable) where it stays taken. */
export async function requireLock(path: string): Promise<LockFile> {
  const lock = await takeLock(path);
  if (lock !== null) return lock;
  throw new RegistryError("git-failed", `${path} is locked by another process`, {
    retryable: true,
    hint: `if no git command is running, remove ${path}.lock`,
  });
}
