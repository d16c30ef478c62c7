import { isObjectId, type ObjectId } from "../../../domain/object-id.ts";
import type { ObjectKind } from "../object-format.ts";

/** How an object is referred to; a tree's entry that is no folder is a blob. */
export type ReferenceKind = "tree" | "blob" | "parent" | "target";

/** Told of a reference: the 20 bytes at a place of these. */
export type ReferenceVisitor = (bytes: Buffer, at: number, as: ReferenceKind) => void;

const ID = 20;
const [ZERO, ONE, FOUR, SIX] = [0x30, 0x31, 0x34, 0x36];

/**
 * Shows the objects that an object refers to, in its own words: gitlinks left out, since what they name is of another
 * repository. False for content that is too damaged to tell.
 */
export function visitReferences(
  { kind, bytes }: { readonly kind: ObjectKind; readonly bytes: Buffer },
  visit: ReferenceVisitor,
): boolean {
  if (kind === "blob") return true;
  if (kind === "tree") return visitEntries(bytes, visit);
  const lines = bytes.toString("latin1", 0, headerEnd(bytes)).split("\n");
  const [first, ...parents] = kind === "commit" ? idsOfCommit(lines) : [idBehind("object ", lines[0])];
  if (first === undefined || first === null) return false;
  visit(first, 0, kind === "commit" ? "tree" : "target");
  for (const id of parents) {
    if (id === null) return false;
    visit(id, 0, "parent");
  }
  return true;
}

/** The name at a place of these bytes. */
export function idAt(bytes: Buffer, at: number): ObjectId {
  return bytes.toString("hex", at, at + ID) as ObjectId;
}

function headerEnd(bytes: Buffer): number {
  const blank = bytes.indexOf("\n\n");
  return blank < 0 ? bytes.length : blank;
}

/** The tree, then the parents. */
function idsOfCommit(lines: readonly string[]): readonly (Buffer | null)[] {
  const end = lines.findIndex((line, index) => index > 0 && !line.startsWith("parent "));
  const parents = lines.slice(1, end < 0 ? lines.length : end);
  return [idBehind("tree ", lines[0]), ...parents.map((line) => idBehind("parent ", line))];
}

function idBehind(key: string, line: string | undefined): Buffer | null {
  const id = line?.slice(key.length) ?? "";
  return line?.startsWith(key) && id.length === 2 * ID && isObjectId(id) ? Buffer.from(id, "hex") : null;
}

/** `<mode> <name> NUL <id>`; the mode's first digits say what it is: 40000 (or 040000) a folder, 160000 a gitlink. */
function visitEntries(bytes: Buffer, visit: ReferenceVisitor): boolean {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at);
    if (end < 0 || end + 1 + ID > bytes.length) return false;
    const first = bytes[at] === ZERO ? bytes[at + 1] : bytes[at];
    const isGitlink = first === ONE && bytes[at + 1] === SIX;
    if (!isGitlink) visit(bytes, end + 1, first === FOUR ? "tree" : "blob");
    at = end + 1 + ID;
  }
  return true;
}
