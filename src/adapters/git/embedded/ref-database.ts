import { dirname, join } from "node:path";
import type { ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { Ref, RefName } from "../../../ports/git-store.ts";
import { removeDurably, syncIfThere } from "../../system/atomic-file.ts";
import { diskError } from "../../system/disk-error.ts";
import { takeLock } from "../../system/lock-file.ts";
import { isRefName } from "../ref-name.ts";
import { checkedRefName, damagedRef, listLooseRefs, readLooseRef } from "./loose-refs.ts";
import { type PackedRef, PackedRefsFile } from "./packed-refs.ts";

const MOST_LINKS = 5;
const KEPT_PEELED = 100_000;

/**
 * The refs of one repository, read by our own code: a ref's own file first, then packed-refs, which is the order in
 * which a `git pack-refs` beside us loses none. Throws `usage` for names that are no refs, `git-failed`, `disk`.
 */
export class RefDatabase {
  readonly gitDir: string;
  readonly packed: PackedRefsFile;
  readonly #peel: (id: ObjectId) => ObjectId | null;
  readonly #peeled = new Map<ObjectId, ObjectId | null>();

  /** `peel`: what a chain of tags ends at, the id itself for anything else, null where that is unknown. */
  constructor(gitDir: string, peel: (id: ObjectId) => ObjectId | null) {
    this.gitDir = gitDir;
    this.packed = new PackedRefsFile(gitDir);
    this.#peel = peel;
  }

  /** Refs whose names begin with a prefix, sorted by name; symbolic and damaged ones are left out. */
  async list(prefixes: readonly string[] = ["refs/"]): Promise<readonly Ref[]> {
    const found = await this.#find(prefixes);
    const refs = [...found].map(([name, { id, peeled }]): Ref => {
      return { name, id, peeled: peeled === undefined ? this.peeled(name, id) : peeled };
    });
    return refs.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** As `list`, in no order and without looking at what the refs name. */
  async values(prefixes: readonly string[] = ["refs/"]): Promise<ReadonlyMap<RefName, ObjectId>> {
    return new Map([...(await this.#find(prefixes))].map(([name, { id }]) => [name, id]));
  }

  /** The object that the ref names in the end; null when it is absent, or no name that a ref could have. */
  async read(name: RefName | "HEAD"): Promise<ObjectId | null> {
    if (name !== "HEAD" && !isRefName(name)) return null;
    let current: RefName | "HEAD" = name;
    for (let links = 0; links <= MOST_LINKS; links++) {
      const loose = await readLooseRef(this.gitDir, current);
      if (loose === null) return current === "HEAD" ? null : ((await this.packed.read()).get(current)?.id ?? null);
      if (loose.kind === "damaged") throw damagedRef(current);
      if (loose.kind === "direct") return loose.id;
      current = loose.target;
    }
    throw new RegistryError("git-failed", `the symbolic ref ${name} leads in a circle`);
  }

  async readSymbolic(name: RefName | "HEAD"): Promise<RefName | null> {
    if (name !== "HEAD" && !isRefName(name)) return null;
    const loose = await readLooseRef(this.gitDir, name);
    return loose?.kind === "symbolic" ? loose.target : null;
  }

  async writeSymbolic(name: RefName | "HEAD", target: RefName): Promise<void> {
    const path = join(this.gitDir, checkedRefName(name));
    const lock = await takeLock(path);
    if (lock === null) throw lockedRef(name);
    try {
      await lock.write(`ref: ${checkedRefName(target)}\n`);
      await lock.moveIntoPlace();
      await syncIfThere(dirname(path));
    } catch (error) {
      throw diskError("write", path, error);
    } finally {
      await lock.release();
    }
  }

  /** Removes a lock-free leftover, such as the reflog of a deleted ref. */
  async forgetLog(name: RefName): Promise<void> {
    await removeDurably(join(this.gitDir, "logs", name)).catch(() => undefined);
  }

  /** What a tag at this ref points at in the end; null for anything else. */
  peeled(name: RefName, id: ObjectId): ObjectId | null {
    // Branches are commits: none has to be opened to know it.
    if (name.startsWith("refs/heads/") || name.startsWith("refs/remotes/")) return null;
    const known = this.#peeled.get(id);
    if (known !== undefined) return known;
    const end = this.#peel(id);
    const peeled = end === id ? null : end;
    if (this.#peeled.size >= KEPT_PEELED) this.#peeled.clear();
    if (end !== null) this.#peeled.set(id, peeled);
    return peeled;
  }

  async #find(prefixes: readonly string[]): Promise<ReadonlyMap<RefName, PackedRef>> {
    const loose = await listLooseRefs(this.gitDir, prefixes);
    const found = new Map<RefName, PackedRef>();
    for (const [name, ref] of await this.packed.read()) {
      if (prefixes.some((prefix) => name.startsWith(prefix))) found.set(name, ref);
    }
    for (const [name, ref] of loose) {
      if (ref.kind === "direct") found.set(name, { id: ref.id, peeled: undefined });
      else found.delete(name);
    }
    return found;
  }
}

export function lockedRef(name: string): RegistryError {
  return new RegistryError("git-failed", `the ref ${name} is locked by another process`, {
    retryable: true,
    hint: `if no git command is running, remove the file ${name}.lock in the git directory`,
  });
}
