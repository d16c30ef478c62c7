import type { ObjectId } from "../../../domain/object-id.ts";
import { isObjectId } from "../../../domain/object-id.ts";
import type { ObjectKind } from "../object-format.ts";

/** How an object is referred to; a tree's entry that is no folder is a blob. */
export type ReferenceKind = "tree" | "blob" | "parent" | "target";

/**
 * Shows the objects that an object refers to, in its own words: gitlinks left out, since what they name is of another
 * repository. False for content that is too damaged to tell.
 */
export function visitReferences(
  { kind, bytes }: { readonly kind: ObjectKind; readonly bytes: Buffer },
  visit: (id: ObjectId, as: ReferenceKind) => void,
): boolean {
  if (kind === "blob") return true;
  if (kind === "tree") return visitEntries(bytes, visit);
  const lines = bytes.toString("latin1", 0, headerEnd(bytes)).split("\n");
  const [first, ...parents] = kind === "commit" ? idsOfCommit(lines) : [idBehind("object ", lines[0])];
  if (first === undefined || first === null) return false;
  visit(first, kind === "commit" ? "tree" : "target");
  for (const id of parents) {
    if (id === null) return false;
    visit(id, "parent");
  }
  return true;
}

function headerEnd(bytes: Buffer): number {
  const blank = bytes.indexOf("\n\n");
  return blank < 0 ? bytes.length : blank;
}

/** The tree, then the parents. */
function idsOfCommit(lines: readonly string[]): readonly (ObjectId | null)[] {
  const end = lines.findIndex((line, index) => index > 0 && !line.startsWith("parent "));
  const parents = lines.slice(1, end < 0 ? lines.length : end);
  return [idBehind("tree ", lines[0]), ...parents.map((line) => idBehind("parent ", line))];
}

function idBehind(key: string, line: string | undefined): ObjectId | null {
  const id = line?.slice(key.length) ?? "";
  return line?.startsWith(key) && id.length === 40 && isObjectId(id) ? id : null;
}

function visitEntries(bytes: Buffer, visit: (id: ObjectId, as: ReferenceKind) => void): boolean {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at);
    if (end < 0 || end + 21 > bytes.length) return false;
    const mode = bytes.toString("latin1", at, Math.min(at + 6, end));
    const isTree = mode.startsWith("40000") || mode === "040000";
    if (mode !== "160000") visit(bytes.toString("hex", end + 1, end + 21) as ObjectId, isTree ? "tree" : "blob");
    at = end + 21;
  }
  return true;
}
