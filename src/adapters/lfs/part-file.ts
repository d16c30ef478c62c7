import type { BigIntStats } from "node:fs";
import {
  constants,
  copyFile,
  type FileHandle,
  lstat,
  open,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { RegistryError } from "../../errors.ts";
import { errnoOf } from "../system/disk-error.ts";
import { temporaryName } from "../system/durable-directory.ts";

const WRITING_MODE = 0o644;
/** Reasons for which a part is not worth a refusal. */
const GIVEN_UP_AFTER: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "ENOENT", "EACCES", "EIO"]);
const OPEN_FLAGS = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0);

/**
 * Opens a file that nobody else writes to, with what has arrived of an object of this size. A part is taken as it is only
 * if its writer let go of it and said so (`<part>.idle`, with the inode), and continued on a copy otherwise, because a
 * writer that merely stood still may come back. A link in the part's place is refused.
 */
export async function openPart(part: string, size: number): Promise<FileHandle> {
  const found = await lstat(part, { bigint: true }).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  });
  if (found !== null && !found.isFile()) throw irregular(part, found);
  const isUsable = found !== null && found.size > 0n && found.size <= BigInt(size);
  if ((await isLeftIdle(part, found)) && isUsable) {
    const handle = await open(part, OPEN_FLAGS).catch(() => null);
    if (handle !== null) return handle;
  }
  await removeUnfinished(part);
  const fresh = `${part}.${temporaryName()}`;
  try {
    const copied = isUsable ? await openCopy(part, fresh) : null;
    const handle = copied ?? (await open(fresh, "wx+", WRITING_MODE));
    await rename(fresh, part);
    return handle;
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Copies that a killed process did not finish, as large as what they are copies of. */
async function removeUnfinished(part: string): Promise<void> {
  const folder = dirname(part);
  const beginning = `${basename(part)}.`;
  for (const name of await readdir(folder)) {
    const isCopy = name.startsWith(beginning) && /^[0-9a-f]{24}$/.test(name.slice(beginning.length));
    if (isCopy) await rm(join(folder, name), { force: true });
  }
}

/** Only one can remove the note, and with it takes the file over. */
async function isLeftIdle(part: string, found: BigIntStats | null): Promise<boolean> {
  const note = `${part}.idle`;
  try {
    const noted = await readFile(note, "utf8");
    await rm(note);
    return found !== null && found.nlink === 1n && noted === `${found.dev}:${found.ino}`;
  } catch {
    return false;
  }
}

/** Null where the disk has no room for a second copy: what has arrived can be had again, and room cannot. */
async function openCopy(part: string, fresh: string): Promise<FileHandle | null> {
  const handle = await open(fresh, "wx+", WRITING_MODE);
  try {
    const { mode } = await handle.stat();
    await copyFile(part, fresh, constants.COPYFILE_FICLONE);
    await handle.chmod(mode & WRITING_MODE);
    return handle;
  } catch (error) {
    await handle.close();
    if (!GIVEN_UP_AFTER.has(errnoOf(error) ?? "")) throw error;
    await rm(fresh, { force: true });
    return null;
  }
}

/** Says that a part, closed by now, has no writer; an empty one goes. */
export async function letGo(part: string, found: BigIntStats): Promise<void> {
  if (found.size === 0n) await rm(part, { force: true }).catch(() => undefined);
  else await writeFile(`${part}.idle`, `${found.dev}:${found.ino}`).catch(() => undefined);
}

function irregular(part: string, found: BigIntStats): RegistryError {
  const kind = found.isSymbolicLink() ? "a symbolic link" : "no plain file";
  return new RegistryError("disk", `${part} is ${kind}, and a download is not written through it`, {
    hint: `rm ${part}`,
  });
}
