import { createHash } from "node:crypto";
import { lstat, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { RegistryError } from "../../errors.ts";
import { diskError, errnoOf } from "../system/disk-error.ts";
import { makeDirectory, temporaryName } from "../system/durable-directory.ts";
import { type CacheLayout, refuseInsideCache, writeNote } from "./cache-layout.ts";

/** What the cache remembers of a symlink that was made to point into it (DETAILS 39). */
export interface LinkNote {
  readonly schemaVersion: 1;
  readonly link: string;
  readonly target: string;
  readonly previous: string | null;
  /** Earlier targets, the newest first, and when each was left; those left more than a day ago are dropped. */
  readonly former: readonly { readonly target: string; readonly until: string }[];
}

const DAY = 24 * 60 * 60 * 1000;

/** See `ModelCache.link`. Both paths are absolute. */
export async function switchLink(
  layout: CacheLayout,
  { target, link }: { readonly target: string; readonly link: string },
): Promise<{ readonly changed: boolean }> {
  const current = await currentTarget(link);
  if (current === target) return { changed: false };
  const parent = dirname(link);
  const temporary = join(parent, `.${basename(link).slice(0, 100)}.git-model-${temporaryName()}`);
  await refuseInsideCache(layout.directory, link);
  await makeDirectory(parent, false);
  try {
    await symlink(target, temporary, "dir");
    // Before the switch, so that at every moment the target and the one before it are known as used.
    await noteLink({ layout, target, link }, current, (await lstat(temporary)).mtimeMs);
    await refuseUnlessLink(link);
    await rename(temporary, link);
  } catch (error) {
    throw diskError("write", link, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
  return { changed: true };
}

async function currentTarget(link: string): Promise<string | null> {
  return (await refuseUnlessLink(link)) ? readlink(link) : null;
}

/** False where there is nothing. A file or directory of the user's is never replaced by a link. */
async function refuseUnlessLink(link: string): Promise<boolean> {
  try {
    const stats = await lstat(link);
    if (stats.isSymbolicLink()) return true;
    throw new RegistryError(
      "usage",
      `${link} is a ${stats.isDirectory() ? "directory" : "file"}, not a symbolic link`,
      {
        hint: "move it away first, or choose another path for --link",
      },
    );
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw diskError("read", link, error);
  }
}

async function noteLink(
  { layout, target, link }: { readonly layout: CacheLayout; readonly target: string; readonly link: string },
  previous: string | null,
  now: number,
): Promise<void> {
  const path = layout.link(createHash("sha256").update(link).digest("hex"));
  const before = await readNote(path);
  const left = previous === null ? [] : [{ target: previous, until: new Date(now).toISOString() }];
  const recent = (before?.former ?? []).filter(({ until }) => Date.parse(until) > now - DAY);
  const former = [...left, ...recent].filter((one) => one.target !== target);
  const note: LinkNote = { schemaVersion: 1, link, target, previous, former };
  try {
    await writeNote(layout, path, note);
  } catch (error) {
    // A cache that cannot be written loses nothing that the note would protect.
    if (!["EROFS", "EACCES"].includes(errnoOf(error) ?? "")) throw error;
  }
}

async function readNote(path: string): Promise<Pick<LinkNote, "former"> | null> {
  try {
    const { former } = JSON.parse(await readFile(path, "utf8")) as { readonly former?: unknown };
    return Array.isArray(former) ? { former: former.filter(isFormer) } : null;
  } catch {
    return null;
  }
}

function isFormer(value: unknown): value is LinkNote["former"][number] {
  if (typeof value !== "object" || value === null) return false;
  const { target, until }: { readonly target?: unknown; readonly until?: unknown } = value;
  return typeof target === "string" && typeof until === "string";
}
