import { isObjectId, type ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { Commit, GitObject, WalkedCommit } from "../../../ports/git-store.ts";
import type { GitCommand } from "./git-command.ts";

export interface HistorySource {
  readonly git: GitCommand;
  readonly readObjects: (ids: readonly ObjectId[]) => Promise<readonly (GitObject | null)[]>;
}

export async function isShallow(git: GitCommand): Promise<boolean> {
  const { stdout } = await git.run(["rev-parse", "--is-shallow-repository"], { doing: "look at the history" });
  return stdout.toString("latin1").trim() === "true";
}

export async function mergeBase(git: GitCommand, a: ObjectId, b: ObjectId): Promise<ObjectId | null> {
  const doing = "find a common ancestor";
  const { stdout, exitCode } = await git.run(["merge-base", "--end-of-options", a, b], { doing, exits: [0, 1] });
  const base = stdout.toString("latin1").trim();
  if (exitCode === 0 && isObjectId(base)) return base;
  if (await isShallow(git)) throw shallowHistory();
  return null;
}

export async function firstParents(
  { git, readObjects }: HistorySource,
  tip: ObjectId,
  { path, limit }: { readonly path?: string; readonly limit?: number },
): Promise<readonly WalkedCommit[]> {
  if (path !== undefined) assertPath(path);
  const [ids, shallow] = await Promise.all([listCommits(git, tip, { path, limit }), isShallow(git)]);
  if (shallow) await assertWhole({ git, readObjects }, { tip, ids, limit });
  const commits = (await readObjects(ids)).map((object, index) => asCommit(object, ids[index] ?? tip));
  return path === undefined
    ? commits.map((commit) => ({ ...commit, before: null, after: null }))
    : withEntries(git, commits, path);
}

interface Walk {
  readonly path: string | undefined;
  readonly limit: number | undefined;
}

async function listCommits(git: GitCommand, tip: ObjectId, { path, limit }: Walk): Promise<readonly ObjectId[]> {
  const count = limit === undefined ? [] : [`--max-count=${limit}`];
  const args = [
    "rev-list",
    "--first-parent",
    ...count,
    "--end-of-options",
    tip,
    "--",
    ...(path === undefined ? [] : [path]),
  ];
  const { stdout } = await git.run(args, { doing: `walk the history of ${tip}` });
  return stdout.toString("latin1").split("\n").filter(isObjectId);
}

/**
 * What each commit has at the path. A commit that is not listed leaves the path alone, so what the older
 * neighbour in the list has is what was there before; only the last one's parent is looked up.
 */
async function withEntries(
  git: GitCommand,
  commits: readonly Commit[],
  path: string,
): Promise<readonly WalkedCommit[]> {
  const oldest = commits.at(-1)?.parents[0];
  const asked = [...commits.map((commit) => commit.id), ...(oldest === undefined ? [] : [oldest])];
  const entries = await lookUp(
    git,
    asked.map((id) => `${id}:${path}`),
  );
  return commits.map((commit, index) => ({
    ...commit,
    before: entries[index + 1] ?? null,
    after: entries[index] ?? null,
  }));
}

async function lookUp(git: GitCommand, expressions: readonly string[]): Promise<readonly (ObjectId | null)[]> {
  if (expressions.length === 0) return [];
  const input = expressions.map((each) => `${each}\n`).join("");
  const args = ["cat-file", "--batch-check=%(objectname)"];
  const { stdout } = await git.run(args, { doing: "look into commits", input });
  const lines = stdout.toString("utf8").split("\n");
  return expressions.map((_, index) => {
    const line = lines[index] ?? "";
    return isObjectId(line) ? line : null;
  });
}

/** Git shows a commit at the edge of a shallow clone as a root; its own text still names its parents. */
async function assertWhole(
  { git, readObjects }: HistorySource,
  {
    tip,
    ids,
    limit,
  }: { readonly tip: ObjectId; readonly ids: readonly ObjectId[]; readonly limit: number | undefined },
): Promise<void> {
  const args = ["rev-list", "--first-parent", "--max-parents=0", "--end-of-options", tip, "--"];
  const { stdout } = await git.run(args, { doing: `walk the history of ${tip}` });
  const ends = stdout.toString("latin1").split("\n").filter(isObjectId);
  for (const object of await readObjects(ends)) {
    if (object?.kind !== "commit" || object.parents.length === 0) continue;
    if (limit === undefined || ids.length < limit || ids.includes(object.id)) throw shallowHistory();
  }
}

function shallowHistory(): RegistryError {
  return new RegistryError("shallow-history", "This clone is shallow: its history is cut off before its beginning.", {
    hint: "git fetch --unshallow",
  });
}

function asCommit(object: GitObject | null, id: ObjectId): Commit {
  if (object?.kind === "commit") return object;
  const reason = object?.kind === "malformed" ? `: it ${object.reason}` : "";
  throw new RegistryError("git-failed", `The commit ${id} cannot be read${reason}.`, { hint: "git fsck" });
}

function assertPath(path: string): void {
  const plain = path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  if (plain && !/[\n\0]/.test(path)) return;
  throw new RegistryError("usage", `${JSON.stringify(path)} is no path inside a tree.`);
}
