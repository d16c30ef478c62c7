import { readManifest } from "../../documents/manifest.ts";
import { POINTER_LIMIT } from "../../domain/artifact/pointer.ts";
import { type Finding, finding } from "../../domain/finding.ts";
import { MANIFEST_LIMIT } from "../../domain/model/manifest.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { GitObject, GitStore, TreeEntry } from "../../ports/git-store.ts";
import type { RegistryContext } from "../context.ts";
import { isJudgedFile, judgeVersionTree } from "../judge/check-version-tree.ts";
import { tagRef } from "../load/ref-names.ts";
import { MANIFEST_FILE, type VersionDetails, type VersionObjects } from "../load/version-details.ts";
import { detailedVersions, type Survey, type SurveyedVersion } from "./survey.ts";

/**
 * Holds every version against itself: an annotated tag of its own name (`tag-invalid`), a valid manifest of this
 * version (`manifest-invalid`, `manifest-mismatch`), canonical pointers that agree with it (`manifest-mismatch`).
 */
export async function checkVersions(context: RegistryContext, survey: Survey): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const version of survey.versions) {
    if (version.objects === null) found.push(await tagFinding(context.git, version));
    else if (version.manifest === null) found.push(...(await manifestFindings(context.git, version.objects)));
  }
  return [...found, ...(await treeFindings(context.git, detailedVersions(survey)))];
}

async function tagFinding(git: GitStore, { entry }: SurveyedVersion): Promise<Finding> {
  const problem = (what: string) =>
    finding("tag-invalid", `the tag ${entry.tag} ${what}, so it is no version`, {
      ref: tagRef(entry.tag),
      hint: `git cat-file -p "refs/tags/${entry.tag}"`,
    });
  const [tag] = await git.readObjects([entry.tagId], { limit: 1024 * 1024 });
  if (!tag) return problem("names an object that is missing");
  if (tag.kind !== "tag") return problem("is not annotated");
  if (tag.name !== entry.tag) return problem(`is the tag object of ${JSON.stringify(tag.name.slice(0, 200))}`);
  if (tag.targetKind !== "commit") return problem(`names a ${tag.targetKind} instead of a commit`);
  return problem("names a commit that cannot be read");
}

async function manifestFindings(git: GitStore, version: VersionObjects): Promise<readonly Finding[]> {
  const ref = tagRef(version.tag);
  const [tree] = await git.readObjects([version.tree]);
  const entry = tree?.kind === "tree" ? tree.entries.find(({ name }) => name === MANIFEST_FILE) : undefined;
  if (entry === undefined || entry.mode !== "100644") {
    return [finding("tag-invalid", `the tag ${version.tag} names a commit without a ${MANIFEST_FILE}`, { ref })];
  }
  const [blob] = await git.readObjects([entry.id], { limit: MANIFEST_LIMIT });
  const file = `${version.tag}:${MANIFEST_FILE}`;
  if (blob?.kind !== "blob") {
    const what = blob?.kind === "too-large" ? `is larger than ${MANIFEST_LIMIT} bytes` : "cannot be read";
    return [finding("manifest-invalid", `the manifest of ${formatVersionId(version)} ${what}`, { ref, file })];
  }
  const read = readManifest(blob.bytes, { file });
  if (!read.ok) return read.findings.map((one) => ({ ...one, code: "manifest-invalid", ref }));
  const said = formatVersionId(read.manifest);
  return [finding("manifest-mismatch", `the tag ${version.tag} holds the manifest of ${said}`, { ref, file })];
}

/** Versions whose trees are read at once: bounds memory. */
const BATCH = 1000;
const DEEPEST = 10;

async function treeFindings(git: GitStore, versions: readonly VersionDetails[]): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (let start = 0; start < versions.length; start += BATCH) {
    const batch = versions.slice(start, start + BATCH);
    const trees = await walkTrees(
      git,
      batch.map(({ tree }) => tree),
    );
    const objects = await readPointers(
      git,
      trees.flatMap(({ files }) => files.filter(isJudgedFile)),
    );
    for (const [index, version] of batch.entries()) {
      const tree = trees[index];
      if (tree === undefined) continue;
      if (tree.damage !== null) found.push(damaged(version, tree.damage));
      else found.push(...judgeVersionTree(version, { files: tree.files, objects }));
    }
  }
  return found;
}

function damaged(version: VersionDetails, damage: string): Finding {
  return finding("manifest-mismatch", `${formatVersionId(version)}: ${damage}`, {
    ref: tagRef(version.tag),
    hint: "git fsck",
  });
}

interface WalkedTree {
  readonly files: TreeEntry[];
  damage: string | null;
}

interface Folder {
  readonly of: WalkedTree;
  readonly prefix: string;
  readonly id: ObjectId;
}

/** All files of many trees, a level of all of them at a time. */
async function walkTrees(git: GitStore, roots: readonly ObjectId[]): Promise<readonly WalkedTree[]> {
  const walked = roots.map((): WalkedTree => ({ files: [], damage: null }));
  let level: readonly Folder[] = walked.map((of, index) => ({ of, prefix: "", id: roots[index] as ObjectId }));
  for (let depth = 0; level.length > 0; depth++) {
    const here: readonly Folder[] = level;
    const trees = await git.readObjects(here.map(({ id }) => id));
    level = here.flatMap((folder, index) => takeIn(folder, trees[index] ?? null, depth));
  }
  return walked;
}

/** Notes a folder's files and answers the folders below it. */
function takeIn({ of, prefix, id }: Folder, tree: GitObject | null, depth: number): readonly Folder[] {
  if (tree?.kind !== "tree") {
    of.damage = `the tree ${id} of ${prefix === "" ? "its root" : prefix} cannot be read`;
    return [];
  }
  const named = tree.entries.map((entry) => ({ ...entry, name: `${prefix}${entry.name}` }));
  of.files.push(...named.filter(({ mode }) => mode !== "40000"));
  const folders = named.filter(({ mode }) => mode === "40000");
  if (depth < DEEPEST) return folders.map((folder) => ({ of, prefix: `${folder.name}/`, id: folder.id }));
  if (folders.length > 0) of.damage = "its tree is deeper than a version's can be";
  return [];
}

async function readPointers(
  git: GitStore,
  files: readonly TreeEntry[],
): Promise<ReadonlyMap<ObjectId, GitObject | null>> {
  const ids = [...new Set(files.map(({ id }) => id))];
  const objects = await git.readObjects(ids, { limit: POINTER_LIMIT });
  return new Map(ids.map((id, index) => [id, objects[index] ?? null]));
}
