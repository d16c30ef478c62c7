import { createHash } from "node:crypto";
import { type BigIntStats, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Sha256 } from "../../domain/artifact/digest.ts";
import type { Pointer } from "../../domain/artifact/pointer.ts";
import { RegistryError } from "../../errors.ts";
import { diskError, errnoOf } from "../system/disk-error.ts";
import { temporaryName } from "../system/durable-directory.ts";

/** The bytes of a stream in memory, with their size and digest. More than the pointer's size are `digest-mismatch`. */
export async function gatherHashed(
  bytes: AsyncIterable<Uint8Array>,
  pointer: Pointer,
): Promise<Pointer & { readonly content: Uint8Array }> {
  const gathered = new Uint8Array(pointer.size);
  let size = 0;
  for await (const chunk of bytes) {
    if (size + chunk.length > pointer.size) {
      const more = `object ${pointer.sha256}: more than the expected ${pointer.size} bytes arrived`;
      throw new RegistryError("digest-mismatch", more);
    }
    gathered.set(chunk, size);
    size += chunk.length;
  }
  const content = gathered.subarray(0, size);
  return { content, size, sha256: createHash("sha256").update(content).digest("hex") as Sha256 };
}

/** Writes bytes beside, in the folder, and renames them to the path, at once; answers the look of what it wrote. Nothing is fsynced. Throws `disk`. */
export function writeInPlace(
  content: Uint8Array,
  { path, folder, mode }: { readonly path: string; readonly folder: string; readonly mode: number },
): BigIntStats {
  const temporary = join(folder, temporaryName());
  try {
    inFolder(temporary, () => writeFileSync(temporary, content, { flag: "wx", mode }));
    const written = lstatSync(temporary, { bigint: true });
    inFolder(path, () => renameSync(temporary, path));
    return written;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw diskError("write", path, error);
  }
}

/** Makes the folder of a file where it turns out to be missing. */
function inFolder(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    mkdirSync(dirname(path), { recursive: true });
    work();
  }
}
