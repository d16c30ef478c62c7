import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isObjectId, type ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { Commit, GitObject, Tag, TreeEntry } from "../../../ports/git-store.ts";
import { touch } from "../../system/atomic-file.ts";
import { diskError, errnoOf } from "../../system/disk-error.ts";
import { type ObjectKind, objectIdOf, parseObject } from "../object-format.ts";
import { findLooseObject, writeLooseObject } from "./loose-objects.ts";
import { openPackFile, type PackFile } from "./pack-file.ts";
import type { StoredObject } from "./stored-object.ts";

/** An object's content as it is stored, or why there is none. */
export type RawObject =
  | { readonly kind: ObjectKind; readonly bytes: Buffer }
  | Extract<GitObject, { kind: "too-large" | "malformed" }>;

/** No object larger than this is ever inflated, whoever asks. */
const LARGEST_OBJECT = 256 * 1024 * 1024;
/** git knows it even where nobody wrote it. */
const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
/** Commits and trees kept parsed, and the largest of them in bytes. */
const KEPT = 20_000;
const KEPT_SIZE = 8192;

/**
 * The objects of one repository, loose and packed. Reading is synchronous: it is many small reads of local files. Packs
 * are listed again when an object is not found, since a `git gc` may run beside. Throws `disk`, `git-failed`,
 * `repository-unsupported`.
 */
export class ObjectDatabase {
  readonly directory: string;
  #packs = new Map<string, PackFile>();
  readonly #kept = new Map<ObjectId, { readonly object: GitObject; readonly size: number }>();

  /** `directory`: the repository's `objects/`. */
  constructor(directory: string) {
    this.directory = directory;
  }

  /** Kind and size from the header alone. */
  header(id: ObjectId): { readonly kind: ObjectKind; readonly size: number } | null {
    return this.#reading(() => {
      for (const copy of this.#copies(id)) if (copy.kind !== "damaged") return copy;
      return null;
    });
  }

  /** The object, parsed, its name verified; null when absent. Larger than `limit` bytes: `too-large`, nothing inflated. */
  read(id: ObjectId, limit = LARGEST_OBJECT): GitObject | null {
    const kept = this.#kept.get(id);
    if (kept !== undefined && kept.size <= limit) return kept.object;
    const raw = this.readRaw(id, limit);
    if (raw === null || !("bytes" in raw)) return raw;
    const object = parseObject(id, raw.kind, raw.bytes);
    const worthKeeping = object.kind === "commit" || object.kind === "tree";
    if (worthKeeping && raw.bytes.length <= KEPT_SIZE) this.#keep(object, raw.bytes.length);
    return object;
  }

  /** As `read`, not parsed. A damaged copy is passed over while there is a sound one elsewhere. */
  readRaw(id: ObjectId, limit = LARGEST_OBJECT): RawObject | null {
    return this.#reading(() => {
      let fault: RawObject | null = null;
      for (const copy of this.#copies(id)) {
        const raw = soundContent(id, copy, Math.min(limit, LARGEST_OBJECT));
        if (raw.kind !== "malformed") return raw;
        fault ??= raw;
      }
      return fault ?? (id === EMPTY_TREE ? { kind: "tree", bytes: Buffer.alloc(0) } : null);
    });
  }

  /** A commit that must be there. Throws `git-failed`. */
  commit(id: ObjectId): Commit {
    const object = this.read(id);
    if (object?.kind === "commit") return object;
    throw notUsable(id, "commit", object);
  }

  /** Entries of a tree that must be there. Throws `git-failed`. */
  tree(id: ObjectId): readonly TreeEntry[] {
    const object = this.read(id);
    if (object?.kind === "tree") return object.entries;
    throw notUsable(id, "tree", object);
  }

  /** A tag object that must be there. Throws `git-failed`. */
  tag(id: ObjectId): Tag {
    const object = this.read(id);
    if (object?.kind === "tag") return object;
    throw notUsable(id, "tag", object);
  }

  /** What a chain of tag objects ends at; the id itself for anything else, null where an object is missing or no tag ends. */
  peel(id: ObjectId): ObjectId | null {
    let current = id;
    for (let depth = 0; depth < 32; depth++) {
      const kind = this.header(current)?.kind;
      if (kind === undefined) return null;
      if (kind !== "tag") return current;
      const tag = this.read(current);
      if (tag?.kind !== "tag") return null;
      current = tag.target;
    }
    return null;
  }

  /** Writes an object durably unless it is there, whole, already; answers its name. */
  async write(kind: ObjectKind, bytes: Uint8Array): Promise<ObjectId> {
    const id = objectIdOf(kind, bytes, "sha1");
    const pack = this.#packOf(id);
    if (pack !== null && this.#isSound(id, bytes.length)) {
      await touch(pack.path);
      return id;
    }
    await writeLooseObject(this.directory, id, { kind, bytes });
    return id;
  }

  /** Forgets the list of packs, after one was added. */
  relist(): void {
    this.#listPacks();
  }

  close(): void {
    for (const pack of this.#packs.values()) pack.close();
    this.#packs.clear();
    this.#kept.clear();
  }

  #isSound(id: ObjectId, size: number): boolean {
    const raw = this.readRaw(id, size);
    return raw !== null && "bytes" in raw;
  }

  #reading<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw diskError("read", this.directory, error);
    }
  }

  /** Every copy of the object; the packs are listed again before the search ends in vain. */
  *#copies(id: ObjectId): Generator<StoredObject> {
    if (!/^[0-9a-f]{40}$/.test(id)) return;
    for (const isSecond of [false, true]) {
      if (isSecond) this.#listPacks();
      for (const pack of this.#packs.values()) {
        const packed = pack.find(id);
        if (packed !== null) yield packed;
      }
      const loose = findLooseObject(this.directory, id);
      if (loose !== null) yield loose;
    }
  }

  #packOf(id: ObjectId): PackFile | null {
    if (this.#packs.size === 0) this.#listPacks();
    for (const pack of this.#packs.values()) if (pack.find(id) !== null) return pack;
    return null;
  }

  #listPacks(): void {
    const folder = join(this.directory, "pack");
    const stems = new Set(
      namesIn(folder)
        .filter((name) => /^pack-[0-9a-f]+\.idx$/.test(name))
        .map((name) => join(folder, name.slice(0, -4))),
    );
    const packs = new Map<string, PackFile>();
    for (const [stem, pack] of this.#packs) {
      if (stems.has(stem)) packs.set(stem, pack);
      else pack.close();
    }
    for (const stem of stems) {
      const pack = packs.get(stem) ?? tryOpen(stem);
      if (pack !== null) packs.set(stem, pack);
    }
    this.#packs = packs;
  }

  #keep(object: GitObject, size: number): void {
    if (this.#kept.size >= KEPT) this.#kept.clear();
    this.#kept.set(object.id, { object, size });
  }
}

/** The content of one copy, if it is what the name says. */
function soundContent(id: ObjectId, copy: StoredObject, limit: number): RawObject {
  if (copy.kind === "damaged") return { kind: "malformed", id, reason: copy.reason };
  if (copy.size > limit) return { kind: "too-large", id, size: copy.size };
  const bytes = copy.read();
  if (bytes === null) return { kind: "malformed", id, reason: "its content is damaged" };
  if (objectIdOf(copy.kind, bytes, "sha1") === id) return { kind: copy.kind, bytes };
  return { kind: "malformed", id, reason: "its content does not have the digest of its name" };
}

/** Null for a pack that git deleted between listing and opening. */
function tryOpen(stem: string): PackFile | null {
  try {
    return openPackFile(stem);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw diskError("read", `${stem}.pack`, error);
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw diskError("read", folder, error);
  }
}

function notUsable(id: ObjectId, wanted: ObjectKind, object: GitObject | null): RegistryError {
  const what = {
    absent: `the repository lacks the object ${id}, a ${wanted}`,
    malformed: `the ${wanted} ${id} is damaged`,
    "too-large": `the ${wanted} ${id} is too large to be read`,
    other: `the object ${id} is no ${wanted}`,
  };
  const state = object?.kind === "malformed" || object?.kind === "too-large" ? object.kind : "other";
  const reason = object?.kind === "malformed" ? `: it ${object.reason}` : "";
  const text = `${what[object === null ? "absent" : state]}${reason}`;
  return new RegistryError("git-failed", isObjectId(id) ? text : "an object name is malformed", {
    hint: "git fsck --full says what else is missing",
  });
}
