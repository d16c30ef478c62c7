import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { deflate, inflate } from "node:zlib";
import { isObjectId, type ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { RepositoryLocation } from "../../../ports/git-store.ts";
import { writeAtomically } from "../../system/atomic-file.ts";
import { diskError, errnoOf } from "../../system/disk-error.ts";
import { syncFile } from "../../system/durable-copy.ts";
import { type ObjectKind, objectIdOf } from "../object-format.ts";
import type { GitCommand } from "./git-command.ts";

export type ObjectWriter = (kind: ObjectKind, bytes: Uint8Array) => Promise<ObjectId>;

/**
 * Writes loose objects, synced and renamed into place: bulk registering would need thousands of processes otherwise.
 * Where permissions or a second object format need git's own care, `hash-object -w` writes.
 */
export function looseObjectWriter(location: RepositoryLocation): ObjectWriter {
  return async (kind, bytes) => {
    const id = objectIdOf(kind, bytes, location.objectFormat);
    const file = join(location.commonDir, "objects", id.slice(0, 2), id.slice(2));
    const whole = Buffer.concat([Buffer.from(`${kind} ${bytes.length}\0`), bytes]);
    try {
      if (await holds(file, whole)) await syncFile(file);
      else await writeAtomically(file, await deflated(whole), { mode: 0o444, prefix: GITS_PREFIX });
    } catch (error) {
      throw diskError("write", file, error);
    }
    return id;
  };
}

export function hashObjectWriter(git: GitCommand): ObjectWriter {
  return async (kind, bytes) => {
    const args = ["hash-object", "-t", kind, "-w", "--stdin"];
    const { stdout } = await git.run(args, { doing: `write a ${kind}`, input: bytes });
    const id = stdout.toString("latin1").trim();
    if (!isObjectId(id)) throw new RegistryError("git-failed", `Git did not say which ${kind} it wrote.`);
    return id;
  };
}

const deflated = promisify<Buffer, Buffer>(deflate);
const inflated = promisify<Buffer, { readonly maxOutputLength: number }, Buffer>(inflate);

/** A file that merely exists may be damaged: only the very bytes count, and anything else is replaced. */
async function holds(file: string, whole: Buffer): Promise<boolean> {
  try {
    return (await inflated(await readFile(file), { maxOutputLength: whole.length + 1 })).equals(whole);
  } catch (error) {
    const code = errnoOf(error);
    if (code === null || code === "ENOENT" || code === "ERR_BUFFER_TOO_LARGE") return false;
    throw error;
  }
}

/** Git's name for unfinished objects: `git prune` removes what a crash leaves. */
const GITS_PREFIX = "tmp_obj_";
