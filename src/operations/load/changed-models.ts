import { type ModelName, parseModelName } from "../../domain/model/model-name.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { TreeEntry } from "../../ports/git-store.ts";
import { readTree, type TreeSource } from "./trees.ts";

/** What a change does to a stage's tree. */
export interface ChangedTree {
  /** Models whose subtree differs; null: absent on that side. */
  readonly models: readonly {
    readonly model: ModelName;
    readonly before: ObjectId | null;
    readonly after: ObjectId | null;
  }[];
  /** Every other path that differs, at the highest level at which it does. */
  readonly others: readonly string[];
}

interface Pair {
  readonly path: string;
  readonly before: TreeEntry | null;
  readonly after: TreeEntry | null;
}

const DEEPEST = 3;

/** True for a name that the registry has versions of. */
export type IsKnown = (model: ModelName) => boolean;

interface Trees {
  readonly before: ObjectId | null;
  readonly after: ObjectId | null;
}

/**
 * Compares two root trees of a stage. Models are what the registry knows by name, whatever stands there, and folders
 * below `models/` with a manifest on either side.
 */
export async function changedModels(
  git: TreeSource,
  { before, after }: { readonly before: ObjectId; readonly after: ObjectId },
  isKnown: IsKnown,
): Promise<ChangedTree> {
  const top = await differing(git, { path: "", before: folder(before), after: folder(after) });
  const isFolder = (entry: TreeEntry | null) => entry === null || entry.mode === "40000";
  // A link or a file in place of one of the two folders is a path like any other.
  const [folders, others] = partition(
    top,
    (pair) => ["models", ".github"].includes(pair.path) && isFolder(pair.before) && isFolder(pair.after),
  );
  const beside = others.map(({ path }) => path);
  const github = folders.find(({ path }) => path === ".github");
  const inGithub = github === undefined ? [] : await differing(git, github);
  const models = folders.find(({ path }) => path === "models");
  const below = models === undefined ? NOTHING : await changedBelow(git, models, isKnown);
  return { models: below.models, others: [...beside, ...inGithub.map(({ path }) => path), ...below.others] };
}

/** The same for two trees of the folder `models/` itself; null: absent. */
export async function changedInModels(
  git: TreeSource,
  { before, after }: Trees,
  isKnown: IsKnown,
): Promise<ChangedTree> {
  const side = (id: ObjectId | null) => (id === null ? null : folder(id));
  return changedBelow(git, { path: "models", before: side(before), after: side(after) }, isKnown);
}

function partition(
  pairs: readonly Pair[],
  isOne: (pair: Pair) => boolean,
): readonly [readonly Pair[], readonly Pair[]] {
  return [pairs.filter(isOne), pairs.filter((pair) => !isOne(pair))];
}

const NOTHING: ChangedTree = { models: [], others: [] };

async function changedBelow(git: TreeSource, root: Pair, isKnown: IsKnown): Promise<ChangedTree> {
  const models: ChangedTree["models"][number][] = [];
  const others: string[] = [];
  let open: readonly Pair[] = [root];
  for (let depth = 0; depth < DEEPEST && open.length > 0; depth++) {
    const below = (await Promise.all(open.map((pair) => differing(git, pair)))).flat();
    const sorted = await Promise.all(below.map((pair) => classify(git, pair, isKnown)));
    models.push(...sorted.flatMap((one) => (one.kind === "model" ? [one] : [])));
    others.push(...sorted.flatMap((one) => (one.kind === "other" ? [one.pair.path] : [])));
    open = sorted.flatMap((one) => (one.kind === "folder" ? [one.pair] : []));
  }
  return { models, others: [...others, ...open.map(({ path }) => path)] };
}

type Classified =
  | {
      readonly kind: "model";
      readonly model: ModelName;
      readonly before: ObjectId | null;
      readonly after: ObjectId | null;
    }
  | { readonly kind: "folder"; readonly pair: Pair }
  | { readonly kind: "other"; readonly pair: Pair };

async function classify(git: TreeSource, pair: Pair, isKnown: IsKnown): Promise<Classified> {
  const name = parseModelName(pair.path.slice("models/".length));
  const isOne =
    name.ok && (isKnown(name.value) || (await isModel(git, pair.before)) || (await isModel(git, pair.after)));
  if (isOne) {
    return { kind: "model", model: name.value, before: pair.before?.id ?? null, after: pair.after?.id ?? null };
  }
  const isFile = [pair.before, pair.after].some((entry) => entry !== null && entry.mode !== "40000");
  return isFile || !name.ok ? { kind: "other", pair } : { kind: "folder", pair };
}

async function isModel(git: TreeSource, entry: TreeEntry | null): Promise<boolean> {
  if (entry === null || entry.mode !== "40000") return false;
  return (await readTree(git, entry.id)).some(({ name }) => name === "manifest.yaml");
}

/** The entries of two folders that differ; where one side is no folder it counts as empty. */
async function differing(git: TreeSource, pair: Pair): Promise<readonly Pair[]> {
  const sides = await Promise.all([entriesOf(git, pair.before), entriesOf(git, pair.after)]);
  const [left, right] = withoutCommonEnds(...sides);
  const [before, after] = [byName(left), byName(right)];
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((name): readonly Pair[] => {
    const [old, now] = [before.get(name) ?? null, after.get(name) ?? null];
    if (old?.id === now?.id && old?.mode === now?.mode) return [];
    return [{ path: pair.path === "" ? name : `${pair.path}/${name}`, before: old, after: now }];
  });
}

/** Both lists without the entries that they begin and end with alike: of a large folder one entry or two are left. */
function withoutCommonEnds(
  before: readonly TreeEntry[],
  after: readonly TreeEntry[],
): readonly [readonly TreeEntry[], readonly TreeEntry[]] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && sameEntry(before[start], after[start])) start += 1;
  let end = 0;
  while (end < shorter - start && sameEntry(before.at(-1 - end), after.at(-1 - end))) end += 1;
  return [before.slice(start, before.length - end), after.slice(start, after.length - end)];
}

function byName(entries: readonly TreeEntry[]): ReadonlyMap<string, TreeEntry> {
  return new Map(entries.map((one) => [one.name, one]));
}

function sameEntry(a: TreeEntry | undefined, b: TreeEntry | undefined): boolean {
  return a?.id === b?.id && a?.name === b?.name && a?.mode === b?.mode;
}

async function entriesOf(git: TreeSource, entry: TreeEntry | null): Promise<readonly TreeEntry[]> {
  return entry === null || entry.mode !== "40000" ? [] : readTree(git, entry.id);
}

function folder(id: ObjectId): TreeEntry {
  return { name: "", mode: "40000", id };
}
