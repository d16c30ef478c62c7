import { createHash } from "node:crypto";
import { isObjectId, type ObjectId } from "../../domain/object-id.ts";
import { RegistryError } from "../../errors.ts";
import type {
  GitObject,
  NewCommit,
  NewTag,
  RepositoryLocation,
  Tag,
  TreeEntry,
  TreeMode,
} from "../../ports/git-store.ts";
import { decodeName, decodeText, encodeName } from "./git-text.ts";
import { isTagName } from "./ref-name.ts";
import { formatSignature, parseSignature } from "./signature-format.ts";

export type ObjectKind = Tag["targetKind"];

/** The object's content (without Git's header) as the port's type; `malformed` when it breaks its own format. */
export function parseObject(id: ObjectId, kind: ObjectKind, bytes: Uint8Array): GitObject {
  try {
    return PARSERS[kind](id, bytes);
  } catch (error) {
    if (error instanceof MalformedObject) return { kind: "malformed", id, reason: error.message };
    throw error;
  }
}

/** Content of a tree object: entries in Git's order. Throws `usage` for what Git would not accept in a tree. */
export function formatTree(entries: readonly TreeEntry[]): Buffer {
  const rows = entries.map((entry) => ({ ...entry, key: sortKey(entry.mode, encodeName(entry.name)) }));
  rows.sort((a, b) => Buffer.compare(a.key, b.key));
  const names = new Set<string>();
  const parts = rows.map(({ name, mode, id }) => {
    const doubled = names.has(name) ? "is there twice" : null;
    const fault = MODES.has(mode) ? (doubled ?? nameFault(name)) : "has an unknown mode";
    if (fault !== null) throw new RegistryError("usage", `The tree entry ${JSON.stringify(name)} ${fault}.`);
    names.add(name);
    return [Buffer.from(`${mode} `), encodeName(name), NUL, Buffer.from(id, "hex")];
  });
  return Buffer.concat(parts.flat());
}

/** Content of a commit object. Throws `usage` for identities that would forge headers. */
export function formatCommit(commit: NewCommit): Buffer {
  const parents = commit.parents.map((parent) => `parent ${parent}\n`).join("");
  return Buffer.concat([
    Buffer.from(`tree ${commit.tree}\n${parents}author `),
    formatSignature(commit.author),
    Buffer.from("\ncommitter "),
    formatSignature(commit.committer),
    Buffer.from(`\n\n${checkedMessage(commit.message)}`),
  ]);
}

/** Content of a tag object. The kind of its target is the caller's to know. */
export function formatTag(tag: NewTag, targetKind: ObjectKind): Buffer {
  if (!isTagName(tag.name)) throw new RegistryError("usage", `${JSON.stringify(tag.name)} is no name for a tag.`);
  return Buffer.concat([
    Buffer.from(`object ${tag.target}\ntype ${targetKind}\ntag ${tag.name}\ntagger `),
    formatSignature(tag.tagger),
    Buffer.from(`\n\n${checkedMessage(tag.message)}`),
  ]);
}

/** The name that Git gives an object of this kind and content. */
export function objectIdOf(kind: ObjectKind, bytes: Uint8Array, format: RepositoryLocation["objectFormat"]): ObjectId {
  const digest = createHash(format).update(`${kind} ${bytes.length}\0`).update(bytes).digest("hex");
  if (!isObjectId(digest)) throw new TypeError(`${format} gave no object name`);
  return digest;
}

class MalformedObject extends Error {}

const NUL = Buffer.from([0]);
const MODES: ReadonlySet<string> = new Set<TreeMode>(["100644", "100755", "120000", "160000", "40000"]);

const PARSERS: Readonly<Record<ObjectKind, (id: ObjectId, bytes: Uint8Array) => GitObject>> = {
  blob: (id, bytes) => ({ kind: "blob", id, bytes }),
  tree: parseTree,
  commit: parseCommit,
  tag: parseTag,
};

function parseTree(id: ObjectId, content: Uint8Array): GitObject {
  const bytes = asBuffer(content);
  const entries: TreeEntry[] = [];
  const names = new Set<string>();
  let last: Buffer | null = null;
  for (let at = 0; at < bytes.length; ) {
    const { entry, key, next } = readEntry(bytes, at, id.length / 2);
    if (names.has(entry.name)) throw new MalformedObject(`has ${JSON.stringify(entry.name)} twice`);
    if (last !== null && Buffer.compare(last, key) >= 0) throw new MalformedObject("is not sorted");
    names.add(entry.name);
    entries.push(entry);
    last = key;
    at = next;
  }
  return { kind: "tree", id, entries };
}

function readEntry(bytes: Buffer, at: number, idSize: number) {
  const space = bytes.indexOf(0x20, at);
  const end = bytes.indexOf(0, at);
  const next = end + 1 + idSize;
  if (space < 0 || end < space || next > bytes.length) throw new MalformedObject("is cut off in an entry");
  const mode = bytes.toString("latin1", at, space);
  const nameBytes = bytes.subarray(space + 1, end);
  const name = decodeName(nameBytes);
  if (!isMode(mode)) throw new MalformedObject(`has the unknown mode ${JSON.stringify(mode.slice(0, 12))}`);
  const fault = nameFault(name);
  if (fault !== null) throw new MalformedObject(`has an entry whose name ${JSON.stringify(name)} ${fault}`);
  const entry: TreeEntry = { name, mode, id: checkedId(bytes.toString("hex", end + 1, next)) };
  return { entry, key: sortKey(mode, nameBytes), next };
}

function isMode(text: string): text is TreeMode {
  return MODES.has(text);
}

function nameFault(name: string): string | null {
  if (name === "") return "is empty";
  if (name.includes("/") || name.includes("\0")) return "has a slash or a NUL in it";
  return name === "." || name === ".." || name.toLowerCase() === ".git" ? "is reserved" : null;
}

/** Git sorts a folder as if its name ended in a slash. */
function sortKey(mode: string, name: Buffer): Buffer {
  return mode === "40000" ? Buffer.concat([name, Buffer.from("/")]) : name;
}

function parseCommit(id: ObjectId, content: Uint8Array): GitObject {
  const { headers, body } = splitHeaders(content);
  const cursor = headers[Symbol.iterator]();
  const tree = checkedId(headerValue("tree", cursor.next().value), id);
  const parents: ObjectId[] = [];
  let line = cursor.next().value;
  for (; line?.startsWith("parent "); line = cursor.next().value) parents.push(checkedId(line.slice(7), id));
  const author = checkedSignature("author", line);
  const committer = checkedSignature("committer", cursor.next().value);
  const encoding = headers.find((header) => header.startsWith("encoding "))?.slice("encoding ".length);
  return { kind: "commit", id, tree, parents, author, committer, message: decodeText(body, encoding) };
}

function parseTag(id: ObjectId, content: Uint8Array): GitObject {
  const { headers, body } = splitHeaders(content);
  const target = checkedId(headerValue("object", headers[0]), id);
  const targetKind = headerValue("type", headers[1]);
  const name = decodeText(Buffer.from(headerValue("tag", headers[2]), "latin1"));
  if (!isObjectKind(targetKind)) throw new MalformedObject("has a target of an unknown type");
  // Tags older than 2005 have no tagger.
  const tagger = headers[3]?.startsWith("tagger ") ? checkedSignature("tagger", headers[3]) : null;
  return { kind: "tag", id, target, targetKind, name, tagger, message: decodeText(body) };
}

/** Header lines as latin1, so that identities keep their bytes; the body begins after the first empty line. */
function splitHeaders(content: Uint8Array): { readonly headers: readonly string[]; readonly body: Uint8Array } {
  const bytes = asBuffer(content);
  const blank = bytes.indexOf("\n\n");
  const end = blank < 0 ? bytes.length : blank;
  const headers = bytes.toString("latin1", 0, end).split("\n");
  return { headers, body: blank < 0 ? Buffer.alloc(0) : bytes.subarray(blank + 2) };
}

function headerValue(key: string, line: string | undefined): string {
  if (line?.startsWith(`${key} `)) return line.slice(key.length + 1);
  throw new MalformedObject(`lacks its ${key} line`);
}

function checkedSignature(key: string, line: string | undefined) {
  const signature = parseSignature(headerValue(key, line));
  if (signature === null) throw new MalformedObject(`has a broken ${key} line`);
  return signature;
}

/** `like`: an id of the same repository, whose length it must have. */
function checkedId(text: string, like: string = text): ObjectId {
  if (isObjectId(text) && text.length === like.length) return text;
  throw new MalformedObject(`names ${JSON.stringify(text.slice(0, 64))}, which is no object name`);
}

function isObjectKind(text: string): text is ObjectKind {
  return Object.hasOwn(PARSERS, text);
}

function checkedMessage(message: string): string {
  if (message.includes("\0")) throw new RegistryError("usage", "A message cannot hold the character NUL.");
  return message;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
