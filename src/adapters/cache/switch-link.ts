import { lstat, readlink, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { RegistryError } from "../../errors.ts";
import { systemClock } from "../system/clock.ts";
import { diskError, errnoOf } from "../system/disk-error.ts";
import { makeDirectory, temporaryName } from "../system/durable-directory.ts";
import { type CacheLayout, refuseInsideCache, writeNote } from "./cache-layout.ts";
import { keptFormer, type LinkNote, noteOf, readLinkNote } from "./link-notes.ts";

/** See `ModelCache.link`. Both paths are absolute. */
export async function switchLink(
  layout: CacheLayout,
  { target, link }: { readonly target: string; readonly link: string },
): Promise<{ readonly changed: boolean }> {
  const current = await currentTarget(link);
  if (current === target) {
    await noteAgain({ layout, target, link }, current);
    return { changed: false };
  }
  const parent = dirname(link);
  const temporary = join(parent, `.${basename(link).slice(0, 100)}.git-model-${temporaryName()}`);
  await refuseInsideCache(layout.directory, link);
  await makeDirectory(parent, false);
  try {
    await symlink(target, temporary, "dir");
    // Before the switch, so that at every moment the target and the one before it are known as used.
    await noteLink({ layout, target, link }, current);
    await refuseUnlessLink(link);
    await rename(temporary, link);
    await noteAgain({ layout, target, link }, current);
  } catch (error) {
    throw diskError("write", link, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
  return { changed: true };
}

interface Noting {
  readonly layout: CacheLayout;
  readonly target: string;
  readonly link: string;
}

/** Who drops what is unused takes the note of a link that is not there yet for that of a removed one. */
async function noteAgain(noting: Noting, previous: string | null): Promise<void> {
  if ((await readLinkNote(noteOf(noting.layout, noting.link))) !== null) return;
  await noteLink(noting, previous === noting.target ? null : previous);
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

async function noteLink({ layout, target, link }: Noting, previous: string | null): Promise<void> {
  const now = systemClock.now();
  const path = noteOf(layout, link);
  const left = previous === null ? [] : [{ target: previous, until: new Date(now).toISOString() }];
  const recent = keptFormer((await readLinkNote(path))?.former ?? [], now);
  const former = [...left, ...recent].filter((one) => one.target !== target);
  const note: LinkNote = { schemaVersion: 1, link, target, previous, former };
  try {
    await writeNote(layout, path, note);
  } catch (error) {
    // A cache that cannot be written loses nothing that the note would protect.
    if (!["EROFS", "EACCES"].includes(errnoOf(error) ?? "")) throw error;
  }
}
