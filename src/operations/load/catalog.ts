import type { ModelName } from "../../domain/model/model-name.ts";
import { compareVersions, isPrerelease, type Version } from "../../domain/model/version.ts";
import { formatVersionTag, parseVersionTag, parseYankTag } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import { parseReleaseTag, type ReleaseTag } from "../../domain/stage/release-tag.ts";
import { RegistryError } from "../../errors.ts";
import type { GitStore, Ref, RefName } from "../../ports/git-store.ts";
import { DRAFTS, TAGS } from "./ref-names.ts";

/** A version tag, as the refs alone show it. */
export interface VersionEntry {
  readonly model: ModelName;
  readonly version: Version;
  /** Name of the tag. */
  readonly tag: string;
  readonly tagId: ObjectId;
  /** The commit that the tag names; null for a tag that is not annotated, which no version is. */
  readonly commit: ObjectId | null;
  /** Id of the yank tag, or null. */
  readonly yankId: ObjectId | null;
  /** Not published: a marker of `register --no-push` stands beside it. */
  readonly draft: boolean;
}

export interface ReleaseEntry extends ReleaseTag {
  readonly tag: string;
  readonly tagId: ObjectId;
  readonly commit: ObjectId | null;
}

/** Everything that the registry's tags say, read from refs alone. */
export interface Catalog {
  /** Model to its versions, lowest first. */
  readonly models: ReadonlyMap<ModelName, readonly VersionEntry[]>;
  readonly releases: readonly ReleaseEntry[];
}

/** Reads all tags of the registry. */
export async function loadCatalog(git: GitStore): Promise<Catalog> {
  return readCatalog(await git.listRefs([TAGS, DRAFTS]));
}

/**
 * Reads the tags of some models only, which in a large registry is far less. Where one of them has no version it is the
 * whole catalog, so that errors can name similar models.
 */
export async function loadCatalogOf(git: GitStore, models: readonly ModelName[]): Promise<Catalog> {
  const tags = models.flatMap((model): RefName[] => [`${TAGS}${model}@`, `${TAGS}${model}#`]);
  const catalog = readCatalog(await git.listRefs([...tags, ...models.map((model): RefName => `${DRAFTS}${model}@`)]));
  return models.every((model) => catalog.models.has(model)) ? catalog : loadCatalog(git);
}

/**
 * Which names own a folder below `models/`: those that the registry knows, but for one that is itself a folder of
 * known models. A tag `team@v1.0.0` by hand beside `team/fraud` changes nothing for `team/fraud`.
 */
export function folderOwners(names: Iterable<ModelName>): (model: ModelName) => boolean {
  const known = new Set(names);
  const above = new Set<string>();
  for (const name of known) {
    for (let at = name.lastIndexOf("/"); at > 0; at = name.lastIndexOf("/", at - 1)) above.add(name.slice(0, at));
  }
  return (model) => known.has(model) && !above.has(model);
}

/** The catalog that a list of refs amounts to. */
export function readCatalog(refs: readonly Ref[]): Catalog {
  const marks = readMarks(refs);
  const models = new Map<ModelName, VersionEntry[]>();
  const releases: ReleaseEntry[] = [];
  for (const ref of refs) {
    const tag = tagName(ref);
    if (tag === null) continue;
    const release = tag.includes("#") ? parseReleaseTag(tag) : null;
    if (release !== null) releases.push({ ...release, tag, tagId: ref.id, commit: ref.peeled });
    const entry = versionEntry(ref, tag, marks);
    if (entry === null) continue;
    const versions = models.get(entry.model);
    if (versions === undefined) models.set(entry.model, [entry]);
    else versions.push(entry);
  }
  for (const versions of models.values()) versions.sort((a, b) => compareVersions(a.version, b.version));
  return { models, releases };
}

interface Marks {
  readonly yanks: ReadonlyMap<string, ObjectId>;
  readonly drafts: ReadonlyMap<string, ObjectId>;
}

function readMarks(refs: readonly Ref[]): Marks {
  const yanks = new Map<string, ObjectId>();
  const drafts = new Map<string, ObjectId>();
  for (const ref of refs) {
    if (ref.name.startsWith(DRAFTS)) drafts.set(ref.name.slice(DRAFTS.length), ref.id);
    const tag = tagName(ref);
    const yanked = tag?.endsWith("!#1") ? parseYankTag(tag) : null;
    if (yanked) yanks.set(formatVersionTag(yanked), ref.id);
  }
  return { yanks, drafts };
}

function versionEntry(ref: Ref, tag: string, { yanks, drafts }: Marks): VersionEntry | null {
  if (tag.includes("#")) return null;
  const id = parseVersionTag(tag);
  if (id === null || formatVersionTag(id) !== tag) return null;
  return {
    ...id,
    tag,
    tagId: ref.id,
    commit: ref.peeled,
    yankId: yanks.get(tag) ?? null,
    draft: drafts.get(tag) === ref.id,
  };
}

function tagName(ref: Ref): string | null {
  return ref.name.startsWith(TAGS) ? ref.name.slice(TAGS.length) : null;
}

/** The versions of a model, lowest first; `not-found` where the registry does not know the model. */
export function versionsOf(catalog: Catalog, model: ModelName): readonly VersionEntry[] {
  const versions = catalog.models.get(model);
  if (versions !== undefined) return versions;
  throw new RegistryError("not-found", `there is no model ${model}`, { hint: similarModels(catalog, model) });
}

/** Things of many models, sorted into one list a model. */
export function byModel<T extends { readonly model: ModelName }>(
  things: readonly T[],
): ReadonlyMap<ModelName, readonly T[]> {
  const groups = new Map<ModelName, T[]>();
  for (const thing of things) {
    const group = groups.get(thing.model);
    if (group === undefined) groups.set(thing.model, [thing]);
    else group.push(thing);
  }
  return groups;
}

/** The highest release that is not yanked, a pre-release only if there is no release; null when all are yanked. */
export function latestOf(versions: readonly VersionEntry[]): VersionEntry | null {
  const usable = versions.filter(({ yankId, commit }) => yankId === null && commit !== null);
  return usable.findLast(({ version }) => !isPrerelease(version)) ?? usable.at(-1) ?? null;
}

function similarModels(catalog: Catalog, model: ModelName): string {
  const lower = model.toLowerCase();
  const near = [...catalog.models.keys()].filter(
    (name) => name.toLowerCase().includes(lower) || lower.includes(name.toLowerCase()),
  );
  return near.length === 0 ? "git model list" : `did you mean ${near.slice(0, 3).join(", ")}?`;
}
