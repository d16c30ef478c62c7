import type { BigIntStats } from "node:fs";
import { lstat, rm } from "node:fs/promises";
import type { Pointer } from "../../domain/artifact/pointer.ts";
import { diskError } from "./disk-error.ts";
import { type CopyOptions, copyByKernel, copyHashed, hashFile, syncFile } from "./durable-copy.ts";
import { changing, isUnchanged } from "./regular-file.ts";

/** From here on two threads are worth their start. */
const LARGE = 4 * 1024 * 1024;

/**
 * As `copyHashed`, for a file that nobody writes to, such as an object of a store: the kernel copies it while it is hashed
 * here. That the copy has the bytes that were hashed follows from a look of the file that did not change; where it did,
 * the copy is refused (`artifact-invalid`).
 */
export async function copyUntouched(source: string, target: string, options: CopyOptions): Promise<Pointer> {
  const before = await lookAt(source);
  if (before === null || !before.isFile() || before.size < BigInt(LARGE)) return copyHashed(source, target, options);
  const [hashed, copied] = await Promise.allSettled([
    hashFile(source, options.onBytes),
    copyByKernel(source, target, { ...options, size: Number(before.size) }),
  ]);
  try {
    if (copied.status === "rejected") throw copied.reason;
    if (hashed.status === "rejected") throw hashed.reason;
    const after = await lookAt(source);
    if (!copied.value || after === null || !isSameLook(before, after)) throw changing(source);
    if (options.durable) await syncFile(target);
    return hashed.value;
  } catch (error) {
    await rm(target, { force: true }).catch(() => undefined);
    throw diskError("write", options.as ?? target, error);
  }
}

async function lookAt(path: string): Promise<BigIntStats | null> {
  return lstat(path, { bigint: true }).catch(() => null);
}

function isSameLook(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.ctimeNs === b.ctimeNs && isUnchanged(a, b);
}
