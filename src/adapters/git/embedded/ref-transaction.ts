import { readdirSync } from "node:fs";
import { lstat, readdir, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { RefEdit, RefName, RefOutcome } from "../../../ports/git-store.ts";
import { removeDurably, syncIfThere, writeAtomically } from "../../system/atomic-file.ts";
import { diskError, errnoOf } from "../../system/disk-error.ts";
import { inParallel } from "../../system/in-parallel.ts";
import { type LockFile, takeFreeLock, takeLock } from "../../system/lock-file.ts";
import { checkedRefName, damagedRef, readLooseRef } from "./loose-refs.ts";
import { foldersOf, formatPackedRefs, type PackedRefs, type PackedSearch, searchOf } from "./packed-refs.ts";
import { lockedRef, type RefDatabase } from "./ref-database.ts";

/** For so few edits it is cheaper to look for their names in the text of packed-refs than to parse it. */
const PARSE_FROM = 20;
/** From this many new refs on they go into packed-refs at once: one file written instead of a synced file each. */
const PACK_FROM = 100;

/**
 * Applies all edits or none, with Git's own locks: `<ref>.lock` of every ref in sorted order, packed-refs.lock too where
 * something is deleted or packed, then every value is compared under the locks, and only then written, in the order
 * given. `lost`: refs with another value, locked by others for longer than a second, or blocked by a ref above or below
 * them. Throws `usage` for names that are no refs and refs named twice, `git-failed`, `disk`.
 *
 * `oneLock`: a hundred new refs or more go into packed-refs under its lock alone, as git does it for a clone. Thousands of
 * locks cost seconds, and a killed process would leave them all. Whoever makes one of these refs in the same moment
 * wins it unnoticed, so it is for fetches, which compare afterwards what is there.
 */
export async function updateRefs(
  refs: RefDatabase,
  edits: readonly RefEdit[],
  options: { readonly oneLock?: boolean } = {},
): Promise<RefOutcome> {
  if (edits.length === 0) return { ok: true };
  const transaction = new Transaction(refs, edits, options.oneLock === true);
  try {
    return await transaction.run();
  } finally {
    await transaction.release();
  }
}

class Transaction {
  readonly #refs: RefDatabase;
  readonly #edits: readonly RefEdit[];
  readonly #locks = new Map<RefName, LockFile>();
  readonly #packs: boolean;
  readonly #oneLock: boolean;
  /** What was seen of the folders of refs since all locks are held. */
  readonly #namesAt = new Map<string, ReadonlySet<string>>();
  readonly #isFileAt = new Map<string, boolean>();
  #packedLock: LockFile | null = null;

  constructor(refs: RefDatabase, edits: readonly RefEdit[], oneLock: boolean) {
    this.#refs = refs;
    this.#edits = edits;
    this.#oneLock = oneLock;
    const created = edits.filter(({ from, to }) => from === null && to !== null).length;
    this.#packs = created >= PACK_FROM;
    const names = new Set(edits.map(({ ref }) => checkedRefName(ref)));
    if (names.size < edits.length) throw new RegistryError("usage", "a ref is edited twice in one update");
  }

  async run(): Promise<RefOutcome> {
    const locked = await this.#takeLocks();
    if (locked.length > 0) return this.#lost(locked);
    const isRewritten = this.#packedLock !== null;
    const packed = isRewritten || this.#edits.length > PARSE_FROM ? await this.#refs.packed.readAfresh() : null;
    const there = packed === null ? await this.#refs.packed.search() : searchOf(packed);
    const here = searchOf(new Map(this.#edits.map(({ ref }) => [ref, null])));
    const lost = new Set<RefName>();
    for (const edit of this.#edits) {
      const now = await this.#valueUnderLock(edit.ref, there);
      if (now !== edit.from || (await this.#isBlocked(edit, [here, there]))) lost.add(edit.ref);
    }
    if (lost.size > 0) return this.#lost([...lost]);
    await this.#write(packed ?? new Map());
    return { ok: true };
  }

  async release(): Promise<void> {
    for (const lock of this.#locks.values()) await lock.release();
    await this.#packedLock?.release();
  }

  #lost(names: readonly RefName[]): RefOutcome {
    const set = new Set(names);
    return { ok: false, lost: this.#edits.map(({ ref }) => ref).filter((ref) => set.has(ref)) };
  }

  /** Sorted, so that two processes that want the same refs cannot wait for each other. */
  async #takeLocks(): Promise<readonly RefName[]> {
    const isPacked = ({ from, to }: RefEdit) => this.#oneLock && this.#packs && from === null && to !== null;
    const single = this.#edits.filter((edit) => !isPacked(edit));
    for (const { ref } of single.toSorted((a, b) => (a.ref < b.ref ? -1 : 1))) {
      const path = join(this.#refs.gitDir, ref);
      const lock = takeFreeLock(path) ?? (await takeLock(path));
      if (lock === null) return [ref];
      this.#locks.set(ref, lock);
    }
    const deleted = this.#edits.filter(({ to }) => to === null).map(({ ref }) => ref);
    if (deleted.length === 0 && !this.#packs) return [];
    // Taken even when the ref seems not to be packed: a `git pack-refs` may be about to pack what it read before.
    this.#packedLock = await takeLock(this.#refs.packed.path);
    return this.#packedLock === null ? this.#edits.map(({ ref }) => ref) : [];
  }

  /** Undefined for what cannot be compared with an expected value: a symbolic ref. */
  async #valueUnderLock(ref: RefName, packed: PackedSearch): Promise<ObjectId | null | undefined> {
    const loose = this.#isAbsent(ref) ? null : await readLooseRef(this.#refs.gitDir, ref);
    if (loose === null) return packed.idOf(ref);
    if (loose.kind === "damaged") throw damagedRef(ref);
    return loose.kind === "direct" ? loose.id : undefined;
  }

  /** A ref cannot stand above or below another, packed, in its own file, or in the same update. */
  async #isBlocked({ ref, from, to }: RefEdit, names: readonly PackedSearch[]): Promise<boolean> {
    if (from !== null || to === null) return false;
    if (names.some((some) => some.isFolder(ref))) return true;
    for (const above of foldersOf(ref)) {
      if (names.some((some) => some.has(above)) || (await this.#isFile(above))) return true;
    }
    return !this.#isAbsent(ref) && !(await removeEmptyDirectories(join(this.#refs.gitDir, ref)));
  }

  async #isFile(folder: string): Promise<boolean> {
    const known = this.#isFileAt.get(folder);
    if (known !== undefined) return known;
    const found = await lstat(join(this.#refs.gitDir, folder)).catch(() => null);
    const isFile = found !== null && !found.isDirectory();
    this.#isFileAt.set(folder, isFile);
    return isFile;
  }

  /** Whether nothing has this name in its folder: under its lock that stays so. Folders are listed once for many refs. */
  #isAbsent(ref: RefName): boolean {
    if (this.#edits.length <= PARSE_FROM) return false;
    const folder = dirname(ref);
    const names = this.#namesAt.get(folder) ?? namesIn(join(this.#refs.gitDir, folder));
    this.#namesAt.set(folder, names);
    return !names.has(basename(ref));
  }

  async #write(packed: PackedRefs): Promise<void> {
    const written = this.#edits.filter(({ to }) => to !== null);
    const intoPack = this.#packs ? written.filter(({ from }) => from === null) : [];
    const intoFiles = this.#packs ? written.filter(({ from }) => from !== null) : written;
    const deleted = this.#edits.filter(({ to }) => to === null).map(({ ref }) => ref);
    await inParallel(intoFiles, 8, async ({ ref, to }) => this.#locks.get(ref)?.write(`${to}\n`));
    await this.#moveFiles(intoFiles.map(({ ref }) => ref));
    await this.#rewritePacked(packed, { added: intoPack, deleted: new Set(deleted) });
    for (const ref of deleted) {
      await removeDurably(join(this.#refs.gitDir, ref));
      await this.#refs.forgetLog(ref);
    }
  }

  async #moveFiles(names: readonly RefName[]): Promise<void> {
    const folders = new Set<string>();
    for (const ref of names) {
      const path = join(this.#refs.gitDir, ref);
      try {
        await this.#locks.get(ref)?.moveIntoPlace();
      } catch (error) {
        // Somebody made a folder of that name since it was compared.
        throw errnoOf(error) === "EISDIR" ? lockedRef(ref) : diskError("write", path, error);
      }
      for (let folder = dirname(ref); folder !== "."; folder = dirname(folder)) folders.add(folder);
    }
    for (const folder of folders) await syncIfThere(join(this.#refs.gitDir, folder));
  }

  /** The lock stays a lock beside the file until the refs' own files are gone too: else git could pack them again. */
  async #rewritePacked(
    packed: PackedRefs,
    change: { readonly added: readonly RefEdit[]; readonly deleted: ReadonlySet<RefName> },
  ): Promise<void> {
    const stays = [...packed].filter(([name]) => !change.deleted.has(name));
    if (stays.length === packed.size && change.added.length === 0) return;
    const rows = new Map(
      stays.map(([name, { id, peeled }]) => [
        name,
        { id, peeled: peeled === undefined ? this.#refs.peeled(name, id) : peeled },
      ]),
    );
    for (const { ref, to } of change.added) {
      if (to !== null) rows.set(ref, { id: to, peeled: this.#refs.peeled(ref, to) });
    }
    await writeAtomically(this.#refs.packed.path, formatPackedRefs(rows), { prefix: "packed-refs.new-" });
  }
}

function namesIn(folder: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(folder));
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return new Set();
    throw diskError("read", folder, error);
  }
}

/** Makes room for a file where only empty directories are in the way; false when something is in them. */
async function removeEmptyDirectories(path: string): Promise<boolean> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isDirectory() || !(await removeEmptyDirectories(join(path, entry.name)))) return false;
    }
    await rmdir(path);
    return true;
  } catch (error) {
    const code = errnoOf(error) ?? "";
    if (["ENOENT", "ENOTDIR"].includes(code)) return true;
    if (["ENOTEMPTY", "EEXIST", "EBUSY"].includes(code)) return false;
    throw diskError("write", path, error);
  }
}
