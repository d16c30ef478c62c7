import { readManifest } from "../../documents/manifest.ts";
import { type Finding, finding } from "../../domain/finding.ts";
import type { Manifest } from "../../domain/model/manifest.ts";
import { MANIFEST_LIMIT } from "../../domain/model/manifest.ts";
import { parseVersion } from "../../domain/model/version.ts";
import { formatVersionId, formatVersionTag, parseVersionTag, type VersionId } from "../../domain/model/version-tag.ts";
import { isObjectId, type ObjectId } from "../../domain/object-id.ts";
import type { GitStore } from "../../ports/git-store.ts";
import type { RegistryContext } from "../context.ts";
import { tagRef } from "../load/ref-names.ts";
import { MANIFEST_FILE } from "../load/version-details.ts";
import type { Survey, SurveyedRelease } from "./survey.ts";

/** Something in the registry that names a version, with what it remembers of it. */
export interface Memory {
  readonly version: VersionId;
  /** The tag object that it remembers, or null. */
  readonly tagId: ObjectId | null;
  /** The commit that it remembers, or null. */
  readonly commit: ObjectId | null;
  /** Who remembers: `the release fraud#production#7`. */
  readonly by: string;
  /** The release tag that remembers, or null. */
  readonly release: string | null;
}

export interface Remembered {
  readonly findings: readonly Finding[];
  /** Release tags that tell of a moved or missing version: what else is odd about them follows from that. */
  readonly explained: ReadonlySet<string>;
}

/**
 * Version tags that were moved (`tag-moved`) or are gone (`tag-missing`), as far as a release tag, a child version, an
 * evaluation or a stage remembers them (DETAILS 33).
 */
export async function checkRememberedTags(
  context: RegistryContext,
  survey: Survey,
  others: readonly Memory[],
): Promise<Remembered> {
  const parents = await parentMemories(context.git, survey);
  const memories = [...survey.releases.flatMap(releaseMemory), ...parents.memories, ...others];
  const findings: Finding[] = [...parents.findings];
  const explained = new Set<string>();
  for (const [tag, all] of groupByTag(memories)) {
    const entry = survey.byTag.get(tag)?.entry ?? null;
    const contradicting = entry === null ? all : all.filter((one) => contradicts(one, entry));
    if (contradicting.length === 0) continue;
    for (const { release } of contradicting) if (release !== null) explained.add(release);
    findings.push(entry === null ? missing(context, tag, contradicting) : moved(tag, contradicting));
  }
  return { findings, explained };
}

/** The two facts of a release tag's message that the doctor holds against the version tag. */
export function releaseMemory({ entry, object }: SurveyedRelease): readonly Memory[] {
  const version = parseVersion(/^Version: (\S+)$/m.exec(object?.message ?? "")?.[1] ?? "");
  const tagId = /^Version-Tag: ([0-9a-f]+)$/m.exec(object?.message ?? "")?.[1] ?? "";
  if (object === null || !version.ok || !isObjectId(tagId)) return [];
  return [
    {
      version: { model: entry.model, version: version.value },
      tagId,
      commit: null,
      by: `the release ${entry.tag}`,
      release: entry.tag,
    },
  ];
}

function groupByTag(memories: readonly Memory[]): ReadonlyMap<string, readonly Memory[]> {
  const groups = new Map<string, Memory[]>();
  for (const memory of memories) {
    const tag = formatVersionTag(memory.version);
    const group = groups.get(tag);
    if (group === undefined) groups.set(tag, [memory]);
    else group.push(memory);
  }
  return groups;
}

function contradicts(memory: Memory, entry: { readonly tagId: ObjectId; readonly commit: ObjectId | null }): boolean {
  if (memory.tagId !== null && memory.tagId !== entry.tagId) return true;
  return memory.commit !== null && memory.commit !== entry.commit;
}

function missing({ remote }: RegistryContext, tag: string, memories: readonly Memory[]): Finding {
  const known = memories.find(({ tagId }) => tagId !== null)?.tagId ?? null;
  const restore = known === null ? "restore it from a clone that has it" : `git update-ref "refs/tags/${tag}" ${known}`;
  const hint = remote === null || known === null ? restore : `${restore} && git push ${remote.name} "refs/tags/${tag}"`;
  return finding("tag-missing", `the tag ${tag} is gone, but ${witnesses(memories)} it`, { ref: tagRef(tag), hint });
}

function moved(tag: string, memories: readonly Memory[]): Finding {
  const [first] = memories;
  const before = first?.tagId ?? first?.commit ?? "";
  return finding("tag-moved", `the tag ${tag} was moved: ${witnesses(memories)} another object`, {
    ref: tagRef(tag),
    hint: `git diff ${before} "refs/tags/${tag}" shows what changed; git update-ref "refs/tags/${tag}" <the right one> restores it`,
  });
}

function witnesses(memories: readonly Memory[]): string {
  const names = [...new Set(memories.map(({ by }) => by))];
  const shown = names.slice(0, 3).join(", ");
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return `${shown}${more} ${names.length === 1 ? "remembers" : "remember"}`;
}

/** A version's commit continues the commit of an earlier version; what else it continues was one once. */
async function parentMemories(
  git: GitStore,
  survey: Survey,
): Promise<{ readonly memories: readonly Memory[]; readonly findings: readonly Finding[] }> {
  const commits = new Set(survey.versions.map(({ entry }) => entry.commit));
  const memories: Memory[] = [];
  const findings: Finding[] = [];
  for (const { objects } of survey.versions) {
    const parent = objects?.commitObject.parents[0];
    if (objects === null || parent === undefined || commits.has(parent)) continue;
    const manifest = await manifestOfCommit(git, parent);
    const by = `the version ${formatVersionId(objects)}`;
    if (manifest !== null && manifest.model === objects.model) {
      memories.push({ version: manifest, tagId: null, commit: parent, by, release: null });
      continue;
    }
    findings.push(
      finding(
        "tag-invalid",
        `${formatVersionId(objects)} continues the commit ${parent}, which is no version of ${objects.model}`,
        {
          ref: tagRef(objects.tag),
        },
      ),
    );
  }
  return { memories, findings };
}

async function manifestOfCommit(git: GitStore, id: ObjectId): Promise<Manifest | null> {
  const [commit] = await git.readObjects([id]);
  return commit?.kind === "commit" ? manifestOfTree(git, commit.tree) : null;
}

/** The manifest in a tree, whether or not a version has that tree; null where there is no valid one. */
export async function manifestOfTree(git: GitStore, id: ObjectId): Promise<Manifest | null> {
  const [tree] = await git.readObjects([id]);
  const entry = tree?.kind === "tree" ? tree.entries.find(({ name }) => name === MANIFEST_FILE) : undefined;
  if (entry === undefined || entry.mode !== "100644") return null;
  const [blob] = await git.readObjects([entry.id], { limit: MANIFEST_LIMIT });
  const read = blob?.kind === "blob" ? readManifest(blob.bytes) : null;
  return read?.ok === true ? read.manifest : null;
}

/** A memory of a version without more than its name. */
export function nameMemory(version: VersionId, by: string): Memory | null {
  const tag = formatVersionTag(version);
  return parseVersionTag(tag) === null ? null : { version, tagId: null, commit: null, by, release: null };
}
