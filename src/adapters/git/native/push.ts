import { RegistryError } from "../../../errors.ts";
import type { PushOutcome, RefEdit, RefName } from "../../../ports/git-store.ts";
import { printable } from "../printable.ts";
import type { GitCommand } from "./git-command.ts";
import { gitFailure } from "./git-failure.ts";
import { assertRefName } from "./refs.ts";
import { assertRemote, listRemote, shown } from "./remote-refs.ts";

interface Push {
  readonly remote: string;
  readonly updates: readonly RefEdit[];
  readonly atomic: boolean;
}

export async function pushRefs(git: GitCommand, { remote, updates, atomic }: Push): Promise<readonly PushOutcome[]> {
  assertRemote(remote);
  for (const { ref } of updates) assertRefName(ref);
  const parts = split(updates);
  if (atomic && parts.length > 1) {
    throw new RegistryError("git-failed", `${updates.length} refs are too many for one atomic push.`);
  }
  const outcomes: PushOutcome[] = [];
  for (const part of parts) outcomes.push(...(await pushPart(git, { remote, updates: part, atomic })));
  return settleDeletions(git, { remote, updates, atomic }, outcomes);
}

/** A command line has a length: about 2 MB on Linux, 1 MB on macOS, 32 KB on Windows. */
function split(updates: readonly RefEdit[]): readonly (readonly RefEdit[])[] {
  const room = process.platform === "win32" ? 24_000 : 500_000;
  const parts: RefEdit[][] = [];
  let used = room;
  for (const update of updates) {
    const size = 2 * update.ref.length + 180;
    if (used + size > room) {
      parts.push([]);
      used = 0;
    }
    parts.at(-1)?.push(update);
    used += size;
  }
  return parts;
}

async function pushPart(git: GitCommand, { remote, updates, atomic }: Push): Promise<readonly PushOutcome[]> {
  const doing = `push to ${shown(remote)}`;
  const args = [
    "push",
    "--porcelain",
    "--no-verify",
    "--no-follow-tags",
    "--recurse-submodules=no",
    ...(atomic ? ["--atomic"] : []),
    ...updates.map(({ ref, from }) => `--force-with-lease=${ref}:${from ?? ""}`),
    "--end-of-options",
    remote,
    ...updates.map(({ ref, to }) => `${to ?? ""}:${ref}`),
  ];
  // A clone made with --mirror pushes everything or nothing, unless it is told that it is none.
  const config = remote.includes("=") ? [] : [`remote.${remote}.mirror=false`];
  const result = await git.run(args, { doing, exits: [0, 1, 128], remote: "push", config });
  const said = parseStatuses(result.stdout.toString("utf8"));
  if (said.size === 0 && result.exitCode !== 0) throw gitFailure(doing, result);
  const outcomes = updates.map(({ ref }) => {
    const status = said.get(ref);
    if (status === undefined) throw gitFailure(doing, result);
    return outcomeOf(ref, status);
  });
  return hasCulprit(outcomes) ? outcomes : outcomes.map((one) => (isDraggedDown(one) ? lostTogether(one.ref) : one));
}

interface Status {
  readonly flag: string;
  readonly summary: string;
}

/** Lines of `<flag> TAB <from>:<to> TAB <summary>`. */
function parseStatuses(stdout: string): ReadonlyMap<string, Status> {
  const statuses = new Map<string, Status>();
  for (const line of stdout.split("\n")) {
    const match = /^([ +*=!-])\t[^\t]*:(refs\/[^\t]+)\t(.*)$/.exec(line);
    if (match?.[2] !== undefined) statuses.set(match[2], { flag: match[1] ?? "", summary: match[3] ?? "" });
  }
  return statuses;
}

const DRAGGED_DOWN = "another ref of the same push did not go through";

/** A remote whose own transaction was overtaken names no culprit: what did not go through is said to have failed with the others. */
function hasCulprit(outcomes: readonly PushOutcome[]): boolean {
  return outcomes.some((one) => one.status === "stale" || (one.status === "refused" && !isDraggedDown(one)));
}

function isDraggedDown(outcome: PushOutcome): boolean {
  return outcome.status === "refused" && outcome.reason === DRAGGED_DOWN;
}

function lostTogether(ref: RefName): PushOutcome {
  return { ref, status: "stale", reason: "another push came first" };
}

// What a remote says when another push came first: to its lock, to the value, or to the name.
const LOST_RACE =
  /stale info|cannot lock|failed to (lock|update)|but expected|already exists|reference not found|fetch first/i;

function outcomeOf(ref: RefName, { flag, summary }: Status): PushOutcome {
  if (flag === "=") return { ref, status: "up-to-date" };
  if (flag !== "!") return { ref, status: "pushed" };
  const reason = printable(/\((.*)\)\s*$/.exec(summary)?.[1] ?? summary).slice(0, 300);
  if (/atomic/.test(reason)) return { ref, status: "refused", reason: DRAGGED_DOWN };
  return { ref, status: LOST_RACE.test(reason) ? "stale" : "refused", reason };
}

/** Git calls it stale to delete what is already gone; for us the remote has what was wanted. */
async function settleDeletions(
  git: GitCommand,
  { remote, updates }: Push,
  outcomes: readonly PushOutcome[],
): Promise<readonly PushOutcome[]> {
  const doubtful = outcomes.filter(({ status }, index) => status === "stale" && updates[index]?.to === null);
  if (doubtful.length === 0) return outcomes;
  const { refs } = await listRemote(
    git,
    remote,
    doubtful.map(({ ref }) => ref),
  );
  const there = new Set(refs.map(({ name }) => name));
  return outcomes.map((outcome) =>
    doubtful.includes(outcome) && !there.has(outcome.ref) ? { ref: outcome.ref, status: "up-to-date" } : outcome,
  );
}
