import { parseArtifactPath } from "../../domain/artifact/artifact-path.ts";
import { parsePointer, type Pointer, POINTER_LIMIT } from "../../domain/artifact/pointer.ts";
import { type Finding, finding } from "../../domain/finding.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import type { GitStore, TreeEntry } from "../../ports/git-store.ts";
import { walkTree } from "../load/trees.ts";
import type { VersionDetails } from "../load/version-details.ts";

const TOP_FILES = new Set(["manifest.yaml", "README.md", ".gitattributes"]);

/**
 * Holds a version's tree against its manifest: canonical pointers that say what the manifest says, nothing missing,
 * nothing beside. Findings `manifest-mismatch`; empty when all is well.
 */
export async function checkVersionTree(git: GitStore, version: VersionDetails): Promise<readonly Finding[]> {
  const problem = (what: string) =>
    finding("manifest-mismatch", `${formatVersionId(version)}: ${what}`, { ref: `refs/tags/${version.tag}` });
  const files = await walkTree(git, version.tree);
  const odd = files.filter(({ mode }) => mode !== "100644").map(({ name }) => problem(`${name} is not a plain file`));
  const beside = files
    .filter(({ name }) => !name.startsWith("artifacts/") && !TOP_FILES.has(name))
    .map(({ name }) => problem(`${name} does not belong into a version`));
  const pointers = await readPointers(
    git,
    files.filter(({ name, mode }) => name.startsWith("artifacts/") && mode === "100644"),
  );
  const wrong = [...pointers].flatMap(([path, pointer]) => {
    if (!parseArtifactPath(path).ok) return [problem(`${path} cannot name an artifact`)];
    if (typeof pointer === "string") return [problem(`${path} is ${pointer}`)];
    const said = version.manifest.artifacts.find((one) => one.path === path);
    if (said === undefined) return [problem(`${path} is not in the manifest`)];
    const equal = said.sha256 === pointer.sha256 && said.size === pointer.size;
    return equal ? [] : [problem(`the pointer of ${path} is not what the manifest says`)];
  });
  const missing = version.manifest.artifacts
    .filter(({ path }) => !pointers.has(path))
    .map(({ path }) => problem(`the manifest names ${path}, which is not in the tree`));
  return [...odd, ...beside, ...wrong, ...missing];
}

/** Artifact path to its pointer, or to what is wrong with it. */
async function readPointers(git: GitStore, files: readonly TreeEntry[]): Promise<ReadonlyMap<string, Pointer | string>> {
  const objects = await git.readObjects(
    files.map(({ id }) => id),
    { limit: POINTER_LIMIT },
  );
  return new Map(
    files.map(({ name }, index) => {
      const path = name.slice("artifacts/".length);
      const object = objects[index];
      if (object?.kind === "too-large") return [path, "raw bytes instead of a Git LFS pointer"] as const;
      if (object?.kind !== "blob") return [path, "missing"] as const;
      const parsed = parsePointer(new TextDecoder().decode(object.bytes));
      return [path, parsed.ok ? parsed.value : parsed.message] as const;
    }),
  );
}
