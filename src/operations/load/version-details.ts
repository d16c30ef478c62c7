import { readManifest } from "../../documents/manifest.ts";
import { type Finding, finding } from "../../domain/finding.ts";
import { MANIFEST_LIMIT, type Manifest } from "../../domain/model/manifest.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import { RegistryError } from "../../errors.ts";
import type { Commit, GitStore, Tag, TreeEntry } from "../../ports/git-store.ts";
import type { VersionEntry } from "./catalog.ts";
import { readTree } from "./trees.ts";

/** A version with the objects behind its tag. */
export interface VersionObjects extends VersionEntry {
  readonly commit: ObjectId;
  readonly tree: ObjectId;
  readonly commitObject: Commit;
  readonly tagObject: Tag;
}

/** … and with its manifest. */
export interface VersionDetails extends VersionObjects {
  readonly manifest: Manifest;
}

/** Where a version's files lie in its tree. */
export const MANIFEST_FILE = "manifest.yaml";
export const CARD_FILE = "README.md";
export const CARD_LIMIT = 1024 * 1024;

/** Reads tag and commit objects of versions in bulk; null for one whose tag is not a version's (wrong name, no commit). */
export async function tryReadVersions(
  git: GitStore,
  entries: readonly VersionEntry[],
): Promise<readonly (VersionObjects | null)[]> {
  const ids = entries.flatMap(({ tagId, commit }) => [tagId, commit ?? tagId]);
  const objects = await git.readObjects(ids, { limit: 1024 * 1024 });
  return entries.map((entry, index) => {
    const tag = objects[2 * index];
    const commit = objects[2 * index + 1];
    if (tag?.kind !== "tag" || commit?.kind !== "commit") return null;
    if (tag.name !== entry.tag || tag.target !== commit.id) return null;
    return { ...entry, commit: commit.id, tree: commit.tree, commitObject: commit, tagObject: tag };
  });
}

/** As `tryReadVersions`, for one version that must be sound. */
export async function readVersion(git: GitStore, entry: VersionEntry): Promise<VersionObjects> {
  const [version] = await tryReadVersions(git, [entry]);
  if (version) return version;
  throw new RegistryError("git-failed", `the tag ${entry.tag} is not what a version's tag is`, {
    hint: "git model doctor",
  });
}

/** Manifests of versions in bulk, null where it is absent or invalid. */
export async function tryReadManifests(
  git: GitStore,
  versions: readonly VersionObjects[],
): Promise<readonly (Manifest | null)[]> {
  const trees = await git.readObjects(versions.map(({ tree }) => tree));
  const blobs = trees.map((tree) => (tree?.kind === "tree" ? blobId(tree.entries, MANIFEST_FILE) : null));
  const wanted = blobs.filter((id): id is ObjectId => id !== null);
  const objects = await git.readObjects(wanted, { limit: MANIFEST_LIMIT });
  const bytes = new Map(
    objects.flatMap((object) => (object?.kind === "blob" ? [[object.id, object.bytes] as const] : [])),
  );
  return blobs.map((id, index) => {
    const content = id === null ? undefined : bytes.get(id);
    const read = content === undefined ? null : readManifest(content);
    if (!read?.ok) return null;
    const version = versions[index];
    return read.manifest.model === version?.model && read.manifest.version === version.version ? read.manifest : null;
  });
}

/** What a listing says of a version that it has to leave out. */
export function manifestUnreadable({ tag, ...id }: VersionEntry): Finding {
  return finding(
    "manifest-invalid",
    `the manifest of ${formatVersionId(id)} cannot be read, so its numbers are left out`,
    {
      severity: "warning",
      hint: "git model doctor",
      ref: `refs/tags/${tag}`,
    },
  );
}

/** A version with its manifest; `manifest-invalid` with every finding where it cannot be read. */
export async function readDetails(git: GitStore, entry: VersionEntry): Promise<VersionDetails> {
  const version = await readVersion(git, entry);
  const bytes = await readFile(git, version, { name: MANIFEST_FILE, limit: MANIFEST_LIMIT });
  if (bytes === null) throw manifestInvalid(version, "has no manifest.yaml");
  const read = readManifest(bytes, { file: `${entry.tag}:${MANIFEST_FILE}` });
  if (!read.ok) {
    throw new RegistryError("manifest-invalid", `the manifest of ${formatVersionId(entry)} is not valid`, {
      findings: read.findings,
    });
  }
  if (read.manifest.model !== entry.model || read.manifest.version !== entry.version) {
    throw manifestInvalid(version, `has the manifest of ${read.manifest.model}@${read.manifest.version}`);
  }
  return { ...version, manifest: read.manifest };
}

/** Bytes of one of the version's small files at the top of its tree; null where it has none. */
export async function readFile(
  git: GitStore,
  version: Pick<VersionObjects, "tree" | "tag">,
  file: { readonly name: string; readonly limit: number },
): Promise<Uint8Array | null> {
  const id = blobId(await readTree(git, version.tree), file.name);
  if (id === null) return null;
  const [object] = await git.readObjects([id], { limit: file.limit });
  if (object?.kind === "blob") return object.bytes;
  const problem = object?.kind === "too-large" ? `is larger than ${file.limit} bytes` : "cannot be read";
  throw new RegistryError("manifest-invalid", `${file.name} of ${version.tag} ${problem}`);
}

function blobId(entries: readonly TreeEntry[], name: string): ObjectId | null {
  const entry = entries.find((one) => one.name === name);
  return entry !== undefined && entry.mode === "100644" ? entry.id : null;
}

function manifestInvalid(version: VersionEntry, what: string): RegistryError {
  return new RegistryError("manifest-invalid", `${formatVersionId(version)} ${what}`, { hint: "git model doctor" });
}
