import { isObjectId, type ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { GitCommand } from "./git-command.ts";
import { gitFailure } from "./git-failure.ts";
import { isShallow } from "./history.ts";
import { assertRemote, shown } from "./remote-refs.ts";

interface ObjectFetch {
  readonly remote: string;
  readonly ids: readonly ObjectId[];
  /** What git has to know of a partial repository, `key=value`. */
  readonly config: readonly string[];
}

/** One fetch that asks for what is missing and says nothing of what is there. */
export async function fetchObjects(git: GitCommand, { remote, ids, config }: ObjectFetch): Promise<void> {
  assertRemote(remote);
  const wanted = await missingBelow(git, [...new Set(ids)]);
  if (wanted.length === 0) return;
  const doing = `bring ${wanted.length === 1 ? wanted[0] : `${wanted.length} objects`} from ${shown(remote)}`;
  const args = [
    "fetch",
    "--no-filter",
    // A commit comes without its history, as in the fetch that left it out.
    ...((await isShallow(git)) ? ["--depth=1"] : []),
    "--no-tags",
    "--no-prune",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-recurse-submodules",
    "--stdin",
    "--end-of-options",
    remote,
  ];
  const result = await git.run(args, {
    doing,
    input: lines(wanted),
    exits: [0, 1, 128],
    remote: "read",
    config: [...config, "fetch.negotiationAlgorithm=noop"],
  });
  if (result.exitCode === 0) return;
  const failure = gitFailure(doing, result);
  if (!NOT_GIVEN.test(result.stderr)) throw failure;
  throw new RegistryError("not-found", failure.message, { hint: "git model fetch" });
}

const NOT_GIVEN = /not our ref|unadvertised object|missing necessary objects|did not send all necessary objects/i;

/** The objects among these, and among all that they reach, that are not here. */
async function missingBelow(git: GitCommand, ids: readonly ObjectId[]): Promise<readonly ObjectId[]> {
  const env = { GIT_NO_LAZY_FETCH: "1" };
  const doing = "look for objects";
  const there = await git.run(["cat-file", "--batch-check=%(objectname)"], { doing, input: lines(ids), env });
  const answers = there.stdout.toString("latin1").split("\n");
  const [present, absent] = [[] as ObjectId[], [] as ObjectId[]];
  ids.forEach((id, index) => {
    (answers[index] === id ? present : absent).push(id);
  });
  if (present.length === 0) return absent;
  const args = ["rev-list", "--objects", "--no-object-names", "--no-walk=unsorted", "--missing=print", "--stdin"];
  const { stdout } = await git.run(args, { doing, input: lines(present), env });
  const below = stdout.toString("latin1").split("\n");
  return [...absent, ...below.flatMap((line) => (line.startsWith("?") ? [line.slice(1)] : [])).filter(isObjectId)];
}

function lines(ids: readonly string[]): string {
  return ids.map((id) => `${id}\n`).join("");
}
