import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isObjectId, type ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { RefName } from "../../../ports/git-store.ts";
import { diskError, errnoOf } from "../../system/disk-error.ts";
import { isRefName } from "../ref-name.ts";

export interface PackedRef {
  readonly id: ObjectId;
  /** Null: no tag object. Undefined: the file does not say. */
  readonly peeled: ObjectId | null | undefined;
}

export type PackedRefs = ReadonlyMap<RefName, PackedRef>;

/** What a transaction asks of a set of refs. */
export interface PackedSearch {
  idOf(name: string): ObjectId | null;
  has(name: string): boolean;
  /** Whether there are refs below this name. */
  isFolder(name: string): boolean;
}

/** The search of parsed refs. */
export function searchOf(refs: ReadonlyMap<RefName, { readonly id: ObjectId } | null>): PackedSearch {
  const byName = new Map<string, { readonly id: ObjectId } | null>(refs);
  const folders = new Set([...refs.keys()].flatMap(foldersOf));
  return {
    idOf: (name) => byName.get(name)?.id ?? null,
    has: (name) => byName.has(name),
    isFolder: (name) => folders.has(name),
  };
}

/** `refs/heads/a` and `refs/heads` for `refs/heads/a/b`. */
export function foldersOf(ref: string): readonly string[] {
  const folders: string[] = [];
  for (let above = dirname(ref); above !== "refs" && above !== "."; above = dirname(above)) folders.push(above);
  return folders;
}

/** The file of packed refs: parsed once for each state that it has on the disk. Throws `disk`, `git-failed`. */
export class PackedRefsFile {
  readonly path: string;
  #seen: { readonly stamp: string; readonly refs: PackedRefs } | null = null;

  constructor(gitDir: string) {
    this.path = join(gitDir, "packed-refs");
  }

  /** For reading: a stamp of the file (inode, size, times) says whether the last parse still holds. */
  async read(): Promise<PackedRefs> {
    const stamp = await stampOf(this.path);
    if (stamp === null) return new Map();
    if (this.#seen?.stamp === stamp) return this.#seen.refs;
    const refs = await this.readAfresh();
    if ((await stampOf(this.path)) === stamp) this.#seen = { stamp, refs };
    return refs;
  }

  /** For comparing and rewriting under a lock: never from memory. */
  async readAfresh(): Promise<PackedRefs> {
    return parsePackedRefs((await this.#text()).toString("utf8"), this.path);
  }

  /** For comparing a few refs under their locks: looks for their lines, without parsing the others. */
  async search(): Promise<PackedSearch> {
    const text = Buffer.concat([Buffer.from("\n"), await this.#text(), Buffer.from("\n")]);
    const idOf = (name: string): ObjectId | null => {
      const at = text.indexOf(` ${name}\n`);
      const id = at < 41 ? "" : text.toString("latin1", at - 40, at);
      return isObjectId(id) && text[at - 41] === 0x0a ? id : null;
    };
    return { idOf, has: (name) => idOf(name) !== null, isFolder: (name) => text.includes(` ${name}/`) };
  }

  async #text(): Promise<Buffer> {
    try {
      return await readFile(this.path);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return Buffer.alloc(0);
      throw diskError("read", this.path, error);
    }
  }
}

/** Text of a packed-refs file in which every tag object has its peeled value. */
export function formatPackedRefs(
  refs: Iterable<readonly [RefName, { id: ObjectId; peeled: ObjectId | null }]>,
): string {
  const rows = [...refs].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const lines = rows.map(([name, { id, peeled }]) => `${id} ${name}\n${peeled === null ? "" : `^${peeled}\n`}`);
  return `# pack-refs with: peeled fully-peeled sorted \n${lines.join("")}`;
}

function parsePackedRefs(text: string, path: string): PackedRefs {
  const refs = new Map<RefName, PackedRef>();
  const traits = /^# pack-refs with:([^\n]*)/.exec(text)?.[1]?.split(" ") ?? [];
  const known = traits.includes("fully-peeled");
  let last: { readonly name: RefName; readonly id: ObjectId } | null = null;
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("^")) {
      const peeled = line.slice(1);
      if (last === null || !isObjectId(peeled)) throw damagedPackedRefs(path);
      refs.set(last.name, { id: last.id, peeled });
      continue;
    }
    const id = line.slice(0, 40);
    const name = line.slice(41);
    if (line[40] !== " " || !isObjectId(id)) throw damagedPackedRefs(path);
    // A name that Git itself would not accept is no ref of ours.
    last = isRefName(name) ? { name, id } : null;
    if (last !== null) refs.set(last.name, { id, peeled: known ? null : undefined });
  }
  return refs;
}

async function stampOf(path: string): Promise<string | null> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw diskError("read", path, error);
  }
}

function damagedPackedRefs(path: string): RegistryError {
  return new RegistryError("git-failed", `${path} is damaged: it has a line that is no ref`, {
    hint: "git fsck says more",
  });
}
