import { writeManifest } from "../../documents/manifest.ts";
import { formatPointer } from "../../domain/artifact/pointer.ts";
import type { Manifest } from "../../domain/model/manifest.ts";
import { formatVersionTag } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { GitStore, Signature, TreeEntry } from "../../ports/git-store.ts";
import { CARD_FILE, MANIFEST_FILE } from "../load/version-details.ts";

export const ATTRIBUTES_FILE = ".gitattributes";
/** The one line of a version's .gitattributes (DESIGN section 1). */
export const ATTRIBUTES = "/artifacts/** filter=lfs diff=lfs merge=lfs -text linguist-generated=true\n";

/** What a version consists of, before it is Git objects. */
export interface VersionContent {
  readonly manifest: Manifest;
  /** Bytes of the model card, or null. */
  readonly card: Uint8Array | null;
}

/** Writes the root tree of a version: a pure function of its content. */
export async function writeVersionTree(git: GitStore, { manifest, card }: VersionContent): Promise<ObjectId> {
  const encoder = new TextEncoder();
  const files: TreeEntry[] = [
    file(MANIFEST_FILE, await git.writeBlob(encoder.encode(writeManifest(manifest)))),
    file(ATTRIBUTES_FILE, await git.writeBlob(encoder.encode(ATTRIBUTES))),
  ];
  if (card !== null) files.push(file(CARD_FILE, await git.writeBlob(card)));
  if (manifest.artifacts.length > 0) {
    const pointers: TreeEntry[] = [];
    for (const artifact of manifest.artifacts) {
      pointers.push(file(artifact.path, await git.writeBlob(encoder.encode(formatPointer(artifact)))));
    }
    files.push({ name: "artifacts", mode: "40000", id: await writeFolder(git, pointers) });
  }
  return git.writeTree(files);
}

/** Writes the commit and the annotated tag object of a version; no ref. */
export async function writeVersionObjects(
  git: GitStore,
  version: { readonly manifest: Manifest; readonly tree: ObjectId; readonly parent: ObjectId | null },
  by: Signature,
): Promise<{ readonly commit: ObjectId; readonly tagId: ObjectId }> {
  const { model, version: number } = version.manifest;
  const message = `${model} ${number}\n`;
  const parents = version.parent === null ? [] : [version.parent];
  const commit = await git.writeCommit({ tree: version.tree, parents, author: by, committer: by, message });
  const name = formatVersionTag(version.manifest);
  const tagId = await git.writeTag({ target: commit, name, tagger: by, message }, { sign: true });
  return { commit, tagId };
}

/** Writes nested trees for entries whose names are paths. */
async function writeFolder(git: GitStore, entries: readonly TreeEntry[]): Promise<ObjectId> {
  const here = entries.filter(({ name }) => !name.includes("/"));
  const folders = new Set(
    entries.flatMap(({ name }) => (name.includes("/") ? [name.slice(0, name.indexOf("/"))] : [])),
  );
  const below: TreeEntry[] = [];
  for (const name of folders) {
    const inside = entries.filter((entry) => entry.name.startsWith(`${name}/`));
    const stripped = inside.map((entry) => ({ ...entry, name: entry.name.slice(name.length + 1) }));
    below.push({ name, mode: "40000", id: await writeFolder(git, stripped) });
  }
  return git.writeTree([...here, ...below]);
}

function file(name: string, id: ObjectId): TreeEntry {
  return { name, mode: "100644", id };
}
