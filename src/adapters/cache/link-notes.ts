import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "../system/disk-error.ts";
import { inParallel } from "../system/in-parallel.ts";
import type { CacheLayout } from "./cache-layout.ts";

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
const AT_ONCE = 8;

/** Where the note of a link is. */
export function noteOf(layout: CacheLayout, link: string): string {
  return layout.link(createHash("sha256").update(link).digest("hex"));
}

/** A note that is absent or torn is null. */
export async function readLinkNote(path: string): Promise<LinkNote | null> {
  try {
    const note = JSON.parse(await readFile(path, "utf8")) as Partial<Record<keyof LinkNote, unknown>>;
    const { link, target, previous = null, former } = note;
    if (typeof link !== "string" || typeof target !== "string" || !Array.isArray(former)) return null;
    const before = typeof previous === "string" ? previous : null;
    return { schemaVersion: 1, link, target, previous: before, former: former.filter(isFormer) };
  } catch {
    return null;
  }
}

/** The former targets that are still kept at a moment. */
export function keptFormer(former: LinkNote["former"], now: number): LinkNote["former"] {
  return former.filter(({ until }) => Date.parse(until) > now - DAY);
}

/**
 * Names of the versions that a link points at, pointed at before, or left less than a day ago. A link that its user has
 * removed keeps none, and its note goes; one whose folder is not there either may stand on a disk that is not mounted here.
 */
export async function linkedVersions(layout: CacheLayout, now: number): Promise<ReadonlySet<string>> {
  const names = await readdir(layout.links).catch(() => []);
  const targets = await inParallel(names, AT_ONCE, async (name) => {
    const path = join(layout.links, name);
    const note = await readLinkNote(path);
    if (note === null) return [];
    const present = await presentTarget(note.link);
    if (present === "removed") {
      await rm(path, { force: true }).catch(() => undefined);
      return [];
    }
    const former = keptFormer(note.former, now).map(({ target }) => target);
    return [note.target, ...(note.previous === null ? [] : [note.previous]), ...former, ...present];
  });
  return new Set(
    targets
      .flat()
      .filter(isVersion)
      .map((target) => basename(target)),
  );
}

/** The cache may have another path for who made the link, in another container; the name of a version is its tree. */
function isVersion(target: string): boolean {
  return basename(dirname(target)) === "versions";
}

/** Where the link points now, if that can be seen. */
async function presentTarget(link: string): Promise<readonly string[] | "removed"> {
  try {
    return (await lstat(link)).isSymbolicLink() ? [await readlink(link)] : "removed";
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") return [];
    return (await lstat(dirname(link)).catch(() => null)) === null ? [] : "removed";
  }
}

function isFormer(value: unknown): value is LinkNote["former"][number] {
  if (typeof value !== "object" || value === null) return false;
  const { target, until }: { readonly target?: unknown; readonly until?: unknown } = value;
  return typeof target === "string" && typeof until === "string";
}
