import { parseArtifactPath } from "../../domain/artifact/artifact-path.ts";
import { POINTER_LIMIT, type Pointer, parsePointer } from "../../domain/artifact/pointer.ts";
import { type Finding, finding } from "../../domain/finding.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { GitObject, GitStore, TreeEntry } from "../../ports/git-store.ts";
import { ATTRIBUTES, ATTRIBUTES_FILE } from "../apply/write-version.ts";
import { walkTree } from "../load/trees.ts";
import type { VersionDetails } from "../load/version-details.ts";

const TOP_FILES = new Set(["manifest.yaml", "README.md", ATTRIBUTES_FILE]);

/**
 * Holds a version's tree against its manifest: canonical pointers that say what the manifest says, nothing missing,
 * nothing beside. Findings `manifest-mismatch`; empty when all is well.
 */
export async function checkVersionTree(git: GitStore, version: VersionDetails): Promise<readonly Finding[]> {
  const files = await walkTree(git, version.tree);
  const judged = files.filter(isJudgedFile);
  const objects = await git.readObjects(
    judged.map(({ id }) => id),
    { limit: POINTER_LIMIT },
  );
  return judgeVersionTree(version, {
    files,
    objects: new Map(judged.map(({ id }, index) => [id, objects[index] ?? null])),
  });
}

/** True for the files of a version's tree whose content `judgeVersionTree` looks at; none is larger than a pointer. */
export function isJudgedFile(entry: TreeEntry): boolean {
  return isPointerFile(entry) || (entry.name === ATTRIBUTES_FILE && entry.mode === "100644");
}

function isPointerFile({ name, mode }: TreeEntry): boolean {
  return name.startsWith("artifacts/") && mode === "100644";
}

/** As `checkVersionTree`, where the tree's files and the blobs of the judged ones are at hand. */
export function judgeVersionTree(
  version: VersionDetails,
  tree: { readonly files: readonly TreeEntry[]; readonly objects: ReadonlyMap<ObjectId, GitObject | null> },
): readonly Finding[] {
  const { files } = tree;
  const problem = (what: string) =>
    finding("manifest-mismatch", `${formatVersionId(version)}: ${what}`, { ref: `refs/tags/${version.tag}` });
  const odd = files.filter(({ mode }) => mode !== "100644").map(({ name }) => problem(`${name} is not a plain file`));
  const beside = files
    .filter(({ name }) => !name.startsWith("artifacts/") && !TOP_FILES.has(name))
    .map(({ name }) => problem(`${name} does not belong into a version`));
  const pointers = parsePointers(files.filter(isPointerFile), tree.objects);
  const said = new Map<string, Pointer>(version.manifest.artifacts.map((one) => [one.path, one]));
  const wrong = [...pointers].flatMap(([path, pointer]) => {
    if (!parseArtifactPath(path).ok) return [problem(`${path} cannot name an artifact`)];
    if (typeof pointer === "string") return [problem(`${path} is ${pointer}`)];
    const artifact = said.get(path);
    if (artifact === undefined) return [problem(`${path} is not in the manifest`)];
    const equal = artifact.sha256 === pointer.sha256 && artifact.size === pointer.size;
    return equal ? [] : [problem(`the pointer of ${path} is not what the manifest says`)];
  });
  const missing = version.manifest.artifacts
    .filter(({ path }) => !pointers.has(path))
    .map(({ path }) => problem(`the manifest names ${path}, which is not in the tree`));
  const attributes = hasForeignAttributes(files, tree.objects)
    ? [problem(`${ATTRIBUTES_FILE} says more than that artifacts are kept by Git LFS`)]
    : [];
  return [...odd, ...beside, ...attributes, ...wrong, ...missing];
}

/** Other attributes could hide the manifest's lines from who reviews a promotion, or have a filter run on a checkout. */
function hasForeignAttributes(files: readonly TreeEntry[], objects: ReadonlyMap<ObjectId, GitObject | null>): boolean {
  const entry = files.find(({ name }) => name === ATTRIBUTES_FILE);
  if (entry === undefined) return false;
  const object = objects.get(entry.id);
  return object?.kind !== "blob" || new TextDecoder().decode(object.bytes) !== ATTRIBUTES;
}

/** Artifact path to its pointer, or to what is wrong with it. */
function parsePointers(
  files: readonly TreeEntry[],
  objects: ReadonlyMap<ObjectId, GitObject | null>,
): ReadonlyMap<string, Pointer | string> {
  return new Map(
    files.map(({ name, id }) => {
      const path = name.slice("artifacts/".length);
      const object = objects.get(id);
      if (object?.kind === "too-large") return [path, "raw bytes instead of a Git LFS pointer"] as const;
      if (object?.kind !== "blob") return [path, "missing"] as const;
      const parsed = parsePointer(new TextDecoder().decode(object.bytes));
      return [path, parsed.ok ? parsed.value : parsed.message] as const;
    }),
  );
}
