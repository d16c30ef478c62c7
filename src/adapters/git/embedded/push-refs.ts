import { constants } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { RegistryError } from "../../../errors.ts";
import type { PushOutcome, RefEdit, RefName } from "../../../ports/git-store.ts";
import { type ConfigValues, isTrue, lastValue, readConfigFile } from "./config-files.ts";
import { copyReachable } from "./copy-objects.ts";
import { currentBranches } from "./current-branches.ts";
import type { EmbeddedRepository } from "./embedded-repository.ts";
import { checkedRefName } from "./loose-refs.ts";
import { findMergeBase } from "./merge-base.ts";
import { closed, isFailure, refused, requireObject, stale, type Verdict } from "./push-verdict.ts";
import { updateRefs } from "./ref-transaction.ts";

export interface Push {
  readonly local: EmbeddedRepository;
  readonly remote: EmbeddedRepository;
  readonly updates: readonly RefEdit[];
  readonly atomic: boolean;
}

/**
 * Pushes as `GitStore.push` says: every lease and every rule of the remote is looked at first, then the objects are
 * copied, then the refs are compared and moved under their locks. Throws `git-required` where the remote has hooks or
 * permissions that only git honours, `git-failed`; both before anything is written.
 */
export async function pushRefs(push: Push): Promise<readonly PushOutcome[]> {
  const { local, remote, updates, atomic } = push;
  for (const { ref } of updates) checkedRefName(ref);
  const there = await readConfigFile(join(remote.location.gitDir, "config"));
  const rules = { config: there, current: await currentBranches(remote) };
  const verdicts: Verdict[] = [];
  for (const edit of updates) verdicts.push(await judge(push, edit, rules));
  const open = updates.filter((_, index) => verdicts[index]?.status === "open");
  if (open.length === 0) return closed(verdicts);
  if (atomic && verdicts.some(isFailure)) return closed(verdicts);
  await remote.requireWritable();
  await requireNoHooks(remote, there);
  const sent = open.flatMap(({ to }) => (to === null ? [] : [to]));
  for (const id of sent) requireObject(local, id);
  await copyReachable(local, remote, [...new Set(sent)]);
  const lost = atomic ? await moveTogether(remote, open) : await moveEach(remote, open);
  return closed(
    verdicts.map((verdict): Verdict => {
      if (verdict.status !== "open") return verdict;
      if (lost.has(verdict.ref)) return stale(verdict.ref);
      return atomic && lost.size > 0 ? verdict : { ref: verdict.ref, status: "pushed" };
    }),
  );
}

async function moveTogether(remote: EmbeddedRepository, edits: readonly RefEdit[]): Promise<ReadonlySet<RefName>> {
  const outcome = await updateRefs(remote.refs, edits);
  return new Set(outcome.ok ? [] : outcome.lost);
}

async function moveEach(remote: EmbeddedRepository, edits: readonly RefEdit[]): Promise<ReadonlySet<RefName>> {
  const lost = new Set<RefName>();
  for (const edit of edits) {
    if (!(await updateRefs(remote.refs, [edit])).ok) lost.add(edit.ref);
  }
  return lost;
}

interface Rules {
  readonly config: ConfigValues;
  /** Branches that HEAD or a working tree of the remote has, and whether files follow them. */
  readonly current: ReadonlyMap<RefName, "checked-out" | "head">;
}

async function judge({ local, remote }: Push, { ref, from, to }: RefEdit, rules: Rules): Promise<Verdict> {
  const now = await remote.refs.read(ref);
  if (now === to) return { ref, status: "up-to-date" };
  if (now !== from) return stale(ref);
  const current = rules.current.get(ref);
  const denied = lastValue(rules.config, "receive.denyCurrentBranch") ?? "refuse";
  if (current === "checked-out" && to !== null && !/^(ignore|warn|false|no|off|0)$/i.test(denied)) {
    return refused(ref, "branch is currently checked out");
  }
  if (to === null) {
    if (isTrue(rules.config, "receive.denyDeletes") && ref.startsWith("refs/heads/"))
      return refused(ref, "deletion prohibited");
    return current === undefined ? { ref, status: "open" } : refused(ref, "deletion of the current branch prohibited");
  }
  const isJudged =
    ref.startsWith("refs/heads/") && from !== null && isTrue(rules.config, "receive.denyNonFastForwards");
  if (!isJudged) return { ref, status: "open" };
  const base = findMergeBase({ objects: local.objects, edge: await local.edge() }, from, to);
  return base === from ? { ref, status: "open" } : refused(ref, "non-fast-forward");
}

/** Hooks of the receiving side: a stage may be guarded by one, and another may announce what came. */
const HOOKS = ["pre-receive", "update", "proc-receive", "reference-transaction", "post-receive", "post-update"];

async function requireNoHooks({ location }: EmbeddedRepository, config: ConfigValues): Promise<void> {
  const configured = lastValue(config, "core.hooksPath");
  const folder = configured === null ? join(location.gitDir, "hooks") : pathOf(configured, location.gitDir);
  const present = new Set(await readdir(folder).catch(() => []));
  for (const hook of HOOKS) {
    if (!present.has(hook)) continue;
    const runs = await access(join(folder, hook), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!runs) continue;
    throw new RegistryError(
      "git-required",
      `the remote ${location.gitDir} has the hook ${hook}, which only the git program runs`,
      {
        hint: "install git and set GIT_MODEL_GIT=native",
      },
    );
  }
}

function pathOf(path: string, gitDir: string): string {
  return isAbsolute(path) ? path : resolve(gitDir, path);
}
