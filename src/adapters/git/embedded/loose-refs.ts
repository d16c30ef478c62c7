import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isObjectId, type ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { RefName } from "../../../ports/git-store.ts";
import { diskError, errnoOf } from "../../system/disk-error.ts";
import { inParallel } from "../../system/in-parallel.ts";
import { isRefName } from "../ref-name.ts";

/** What a ref's own file says. */
export type LooseRef =
  | { readonly kind: "direct"; readonly id: ObjectId }
  | { readonly kind: "symbolic"; readonly target: RefName }
  | { readonly kind: "damaged" };

const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
/** More than any ref needs. */
const LARGEST = 4096;
const PARALLEL = 16;

/** The ref's own file; null when there is none. The name is checked: no path outside `refs/` can come of it. */
export async function readLooseRef(gitDir: string, name: RefName | "HEAD"): Promise<LooseRef | null> {
  const path = join(gitDir, checkedRefName(name));
  try {
    const handle = await open(path, READ_FLAGS);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(LARGEST), 0, LARGEST, 0);
      return parseLooseRef(buffer.toString("utf8", 0, bytesRead));
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = errnoOf(error) ?? "";
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(code)) return null;
    if (code === "ELOOP") return { kind: "damaged" };
    throw diskError("read", path, error);
  }
}

/** All loose refs whose names begin with a prefix, in no order. */
export async function listLooseRefs(
  gitDir: string,
  prefixes: readonly string[],
): Promise<readonly (readonly [RefName, LooseRef])[]> {
  const folders = new Set(prefixes.map((prefix) => /^refs\/(?:[^/]+\/)*/.exec(prefix)?.[0] ?? "refs/"));
  const found = await Promise.all([...folders].map((folder) => namesBelow(gitDir, folder.slice(0, -1))));
  const begins = (name: string): boolean => prefixes.some((prefix) => name.startsWith(prefix));
  const names = [...new Set(found.flat())].filter(begins);
  const refs = await inParallel(names, PARALLEL, async (name) => [name, await readLooseRef(gitDir, name)] as const);
  return refs.flatMap(([name, ref]) => (ref === null ? [] : [[name, ref] as const]));
}

/** The name, if Git would accept it. Throws `usage`. */
export function checkedRefName<Name extends RefName | "HEAD">(name: Name): Name {
  if (name === "HEAD" || isRefName(name)) return name;
  throw new RegistryError("usage", `${JSON.stringify(String(name).slice(0, 300))} is no valid name of a ref`);
}

export function damagedRef(name: string): RegistryError {
  return new RegistryError("git-failed", `the ref ${name} is damaged: its file holds no object name`, {
    hint: `git reflog show ${name} may know its last value; then git update-ref ${name} <object>`,
  });
}

function parseLooseRef(text: string): LooseRef {
  if (text.startsWith("ref:")) {
    const target = text.slice(4).trim();
    return isRefName(target) ? { kind: "symbolic", target } : { kind: "damaged" };
  }
  const id = /^([0-9a-f]{40})(?:\s|$)/.exec(text)?.[1];
  return id !== undefined && isObjectId(id) ? { kind: "direct", id } : { kind: "damaged" };
}

async function namesBelow(gitDir: string, folder: string): Promise<readonly RefName[]> {
  const entries = await readdir(join(gitDir, folder), { withFileTypes: true }).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return [];
    throw diskError("read", join(gitDir, folder), error);
  });
  const below = entries.map(async (entry): Promise<readonly RefName[]> => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return namesBelow(gitDir, name);
    return entry.isFile() && isRefName(name) ? [name] : [];
  });
  return (await Promise.all(below)).flat();
}
