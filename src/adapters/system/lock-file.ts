import { randomInt } from "node:crypto";
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { diskError, errnoOf } from "./disk-error.ts";

/** A lock that Git understands: the file `<path>.lock`, made with O_EXCL. */
export interface LockFile {
  /** The locked file. */
  readonly path: string;
  /** Replaces what the lock holds, durably. */
  write(content: string | Uint8Array): Promise<void>;
  /** Renames the lock onto the file, which releases it. Raw system errors; the directory is not synced. */
  moveIntoPlace(): Promise<void>;
  /** Removes the lock if it is still ours. */
  release(): Promise<void>;
}

/** How long a lock in the way is waited for. */
export const LOCK_PATIENCE_MS = 1000;

/**
 * Takes `<path>.lock`, waiting a bounded time for another holder. Null when it stays taken, or when a file stands where
 * the path needs a directory. Throws `disk` for everything else.
 *
 * A killed process leaves its lock behind, and we never break one: nothing in the file says whether its maker lives, a
 * pid means nothing on a shared disk or in another container, and git writes none. A later breaker has to be pid-free:
 * note inode, size and mtime of the lock, watch them unchanged by the file system's own clock (that of a file made beside
 * it) for far longer than any ref update lasts, `rename` it to a unique name (one breaker wins), and compare the inode
 * of what was renamed with the one watched, putting it back with `link` if a living process had replaced it meanwhile.
 */
export async function takeLock(path: string, patience = LOCK_PATIENCE_MS): Promise<LockFile | null> {
  const lockPath = `${path}.lock`;
  const deadline = performance.now() + patience;
  for (;;) {
    const outcome = await tryLock(lockPath);
    if (outcome === "taken") return lockFile(path, lockPath);
    if (outcome === "blocked" || performance.now() >= deadline) return null;
    await sleep(randomInt(2, 25));
  }
}

/**
 * The lock, if it is free at this moment; null for anything in the way, which `takeLock` knows to deal with. Waiting for
 * the disk is a tenth of what a promise costs: thousands of locks are taken at once when a registry is fetched.
 */
export function takeFreeLock(path: string): LockFile | null {
  const lockPath = `${path}.lock`;
  for (const isSecond of [false, true]) {
    try {
      if (isSecond) mkdirSync(dirname(lockPath), { recursive: true });
      closeSync(openSync(lockPath, "wx", 0o666));
      return lockFile(path, lockPath);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") return null;
    }
  }
  return null;
}

async function tryLock(lockPath: string): Promise<"taken" | "held" | "blocked"> {
  try {
    await mkdir(dirname(lockPath), { recursive: true });
    const handle = await open(lockPath, "wx", 0o666);
    await handle.close();
    return "taken";
  } catch (error) {
    const code = errnoOf(error);
    // git removes empty directories, also one that was made a moment ago.
    if (code === "ENOENT") return "held";
    if (code === "ENOTDIR") return "blocked";
    // From mkdir: a file in the way. From open: somebody's lock.
    if (code === "EEXIST") return isFromMkdir(error) ? "blocked" : "held";
    throw diskError("write", lockPath, error);
  }
}

function isFromMkdir(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "mkdir";
}

function lockFile(path: string, lockPath: string): LockFile {
  // Once renamed or removed, the name may be another process's lock.
  let held = true;
  return {
    path,
    async write(content) {
      try {
        await overwriteDurably(lockPath, content);
      } catch (error) {
        throw diskError("write", lockPath, error);
      }
    },
    async moveIntoPlace() {
      await rename(lockPath, path);
      held = false;
    },
    async release() {
      if (!held) return;
      held = false;
      try {
        rmSync(lockPath, { force: true });
      } catch {
        // A lock that cannot be removed is waited for by whoever comes next.
      }
    },
  };
}

async function overwriteDurably(path: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.truncate();
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
