import type { ObjectId } from "../../../domain/object-id.ts";
import type { FetchOptions, FetchOutcome, Ref, RefName, Refspec } from "../../../ports/git-store.ts";
import type { GitCommand } from "./git-command.ts";
import { gitFailure } from "./git-failure.ts";
import { assertRefName, listRefs } from "./refs.ts";
import { assertRemote, listRemote, matchesPattern, shown } from "./remote-refs.ts";

interface Fetch {
  readonly remote: string;
  readonly refspecs: readonly Refspec[];
  readonly prune: boolean;
  readonly depth: number | undefined;
  readonly filter: FetchOptions["filter"];
  /** What git has to know of a partial repository, `key=value`. */
  readonly config: readonly string[];
}

/** What changed is read from the refs before and after: git's report abbreviates names. */
export async function fetchRefs(git: GitCommand, fetch: Fetch): Promise<FetchOutcome> {
  const { remote, refspecs } = fetch;
  assertRemote(remote);
  for (const name of refspecs.flatMap(({ source, target }) => [source, target])) assertRefName(name.replace("*", "x"));
  if (refspecs.length === 0) return { updated: [], rejected: [] };
  const before = await targets(git, refspecs);
  const rejections: boolean[] = [];
  for (const round of roundsOf(fetch)) rejections.push(await runFetch(git, round));
  const after = await targets(git, refspecs);
  const rejected = rejections.includes(true) ? await listRejected(git, fetch, after) : [];
  return { updated: changes(before, after), rejected };
}

/**
 * Pruning takes with it whatever lies below a refspec's destination, forced or not, and so the drafts among the tags:
 * only forced refspecs may be part of a pruning fetch. `--tags` is git's own way to have all tags unpruned.
 */
function roundsOf(fetch: Fetch): readonly (Fetch & { readonly allTags: boolean })[] {
  const allTags = fetch.refspecs.some(isAllTags);
  const others = fetch.refspecs.filter((spec) => !isAllTags(spec));
  const forced = others.filter((spec) => spec.force);
  const careful = others.filter((spec) => !spec.force);
  if (!fetch.prune || careful.length === 0 || forced.length === 0) {
    return [{ ...fetch, prune: fetch.prune && forced.length > 0, refspecs: others, allTags }];
  }
  return [
    { ...fetch, refspecs: forced, allTags },
    { ...fetch, refspecs: careful, prune: false, allTags: false },
  ];
}

function isAllTags({ source, target, force }: Refspec): boolean {
  return source === "refs/tags/*" && target === "refs/tags/*" && !force;
}

/** Answers whether some ref was rejected; every other failure is thrown. */
async function runFetch(git: GitCommand, round: Fetch & { readonly allTags: boolean }): Promise<boolean> {
  const { remote, refspecs, prune, depth, filter, allTags, config } = round;
  const doing = `fetch from ${shown(remote)}`;
  const tags: Refspec = { source: "refs/tags/*", target: "refs/tags/*", force: false };
  // Without a refspec of its own git would fetch the configured ones.
  const alone = allTags && refspecs.length === 0;
  const args = [
    "fetch",
    allTags && !alone ? "--tags" : "--no-tags",
    prune ? "--prune" : "--no-prune",
    "--no-prune-tags",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-recurse-submodules",
    ...(depth === undefined ? [] : [`--depth=${depth}`]),
    ...(filter === undefined ? [] : [`--filter=${filter}`]),
    "--stdin",
    "--end-of-options",
    remote,
  ];
  const input = (alone ? [tags] : refspecs).map(
    ({ source, target, force }) => `${force ? "+" : ""}${source}:${target}\n`,
  );
  const result = await git.run(args, { doing, input: input.join(""), exits: [0, 1, 128], remote: "read", config });
  if (result.exitCode === 0) return false;
  if (/^ ! \[rejected\]/m.test(result.stderr) && !/^(fatal|error): /m.test(result.stderr)) return true;
  throw gitFailure(doing, result);
}

async function targets(git: GitCommand, refspecs: readonly Refspec[]): Promise<ReadonlyMap<RefName, ObjectId>> {
  const prefixes = new Set(refspecs.map(({ target }) => target.replace(/\*.*$/s, "") as RefName));
  const refs = await listRefs(git, [...prefixes]);
  const aimed = refs.filter(({ name }) => refspecs.some(({ target }) => matchesPattern(name, target)));
  return new Map(aimed.map(({ name, id }) => [name, id]));
}

function changes(
  before: ReadonlyMap<RefName, ObjectId>,
  after: ReadonlyMap<RefName, ObjectId>,
): FetchOutcome["updated"] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((ref) => ({ ref, from: before.get(ref) ?? null, to: after.get(ref) ?? null }))
    .filter(({ from, to }) => from !== to)
    .toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
}

async function listRejected(git: GitCommand, { remote, refspecs }: Fetch, here: ReadonlyMap<RefName, ObjectId>) {
  const careful = refspecs.filter(({ force }) => !force);
  const { refs } = await listRemote(
    git,
    remote,
    careful.map(({ source }) => source),
  );
  return refs.flatMap((there) => careful.flatMap((spec) => conflict(spec, there, here)));
}

function conflict(spec: Refspec, there: Ref, here: ReadonlyMap<RefName, ObjectId>): FetchOutcome["rejected"] {
  if (!matchesPattern(there.name, spec.source)) return [];
  const star = spec.source.indexOf("*");
  const matched = star < 0 ? "" : there.name.slice(star, there.name.length - (spec.source.length - star - 1));
  const ref = spec.target.replace("*", () => matched) as RefName;
  const id = here.get(ref);
  return id === undefined || id === there.id ? [] : [{ ref, here: id, there: there.id }];
}
