import { randomBytes } from "node:crypto";
import { mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { diskError, errnoOf } from "./disk-error.ts";

/** A name that no other process chooses, for a file that is renamed later. */
export function temporaryName(): string {
  return randomBytes(12).toString("hex");
}

/**
 * Moves a finished file or directory to its place, over what is there, making the place's directories. With `durable`
 * the new directories and the new name are on the disk before it answers.
 */
export async function putInPlace(temporary: string, target: string, durable: boolean): Promise<void> {
  const parent = dirname(target);
  try {
    await renameInto(temporary, target, durable);
    if (durable) await syncDirectory(parent);
  } catch (error) {
    throw diskError("write", target, error);
  }
}

async function renameInto(temporary: string, target: string, durable: boolean): Promise<void> {
  try {
    await rename(temporary, target);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    await makeDirectory(dirname(target), durable);
    await rename(temporary, target);
  }
}

/** Makes a directory and those above it; with `durable` their names are on the disk before it answers. Throws `disk`. */
export async function makeDirectory(path: string, durable: boolean): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined || !durable) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
  } catch (error) {
    throw diskError("write", path, error);
  }
}

/** Waits until the names in a directory are on the disk; does nothing where the system cannot. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r").catch((error: unknown) => {
    if (process.platform === "win32") return null;
    throw error;
  });
  if (handle === null) return;
  try {
    await handle.sync();
  } catch (error) {
    if (!["EINVAL", "EPERM", "ENOTSUP", "EISDIR"].includes(errnoOf(error) ?? "")) throw error;
  } finally {
    await handle.close();
  }
}
