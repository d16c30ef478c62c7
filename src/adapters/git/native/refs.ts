import { isObjectId, type ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { Ref, RefEdit, RefName, RefOutcome } from "../../../ports/git-store.ts";
import type { ProcessResult } from "../../system/processes.ts";
import { isRefName } from "../ref-name.ts";
import type { GitCommand } from "./git-command.ts";
import { gitFailure } from "./git-failure.ts";

const TAGS = "refs/tags/";

/**
 * Tags come from `show-ref -d`, which takes peeled ids from packed-refs and opens no object (0.01 s for 19,000 tags);
 * the others, of which there are few, from `for-each-ref`, which knows symbolic ones.
 */
export async function listRefs(git: GitCommand, prefixes: readonly RefName[] = ["refs/"]): Promise<readonly Ref[]> {
  if (prefixes.length === 0) return [];
  if (prefixes.some((prefix) => TAGS.startsWith(prefix))) return listAll(git, prefixes);
  const others = prefixes.filter((prefix) => !prefix.startsWith(TAGS));
  const [tags, rest] = await Promise.all([
    others.length === prefixes.length ? [] : showRefs(git, ["--tags"]),
    others.length === 0 ? [] : forEachRef(git, others),
  ]);
  return selectSorted([...tags, ...rest], prefixes);
}

async function listAll(git: GitCommand, prefixes: readonly RefName[]): Promise<readonly Ref[]> {
  const [all, symbolic] = await Promise.all([showRefs(git, []), listSymbolic(git)]);
  return selectSorted(
    all.filter((ref) => !symbolic.has(ref.name)),
    prefixes,
  );
}

export async function readRef(git: GitCommand, name: RefName): Promise<ObjectId | null> {
  if (!isRefName(name)) return null;
  const args = ["show-ref", "--verify", "--hash", "--", name];
  const result = await git.run(args, { doing: `read ${name}`, exits: [0, 1, 128] });
  if (result.exitCode === 0) return asObjectId(result.stdout.toString("latin1").trim());
  if (/not a valid ref/.test(result.stderr)) return null;
  throw gitFailure(`read ${name}`, result);
}

export async function readSymbolicRef(git: GitCommand, name: RefName | "HEAD"): Promise<RefName | null> {
  const args = ["symbolic-ref", "-q", "--", name];
  const { stdout, exitCode } = await git.run(args, { doing: `read ${name}`, exits: [0, 1] });
  const target = stdout.toString().trim();
  return exitCode === 0 && isRefName(target) ? target : null;
}

export async function writeSymbolicRef(git: GitCommand, name: RefName | "HEAD", target: RefName): Promise<void> {
  for (const each of name === "HEAD" ? [target] : [name, target]) assertRefName(each);
  await git.run(["symbolic-ref", "-m", "git-model", "--", name, target], { doing: `point ${name} at ${target}` });
}

/** One transaction of `update-ref --stdin`: all edits or none. */
export async function updateRefs(git: GitCommand, edits: readonly RefEdit[]): Promise<RefOutcome> {
  if (edits.length === 0) return { ok: true };
  for (const { ref } of edits) assertRefName(ref);
  const length = edits.find(({ from, to }) => (to ?? from) !== null);
  const none = "0".repeat((length?.to ?? length?.from ?? "").length || 40);
  const doing = edits.length === 1 ? `update ${edits[0]?.ref}` : `update ${edits.length} refs`;
  const input = ["start\0", ...edits.map((edit) => instruction(edit, none)), "prepare\0", "commit\0"].join("");
  const result = await git.run(["update-ref", "-m", "git-model", "--stdin", "-z"], {
    doing,
    input,
    exits: [0, 1, 128],
  });
  if (result.exitCode === 0) return { ok: true };
  const lost = await findLost(git, edits, result.stderr);
  if (lost.length > 0) return { ok: false, lost };
  throw gitFailure(doing, result);
}

export function assertRefName(name: string): void {
  if (!isRefName(name)) throw new RegistryError("usage", `${JSON.stringify(name)} is no full ref name.`);
}

function instruction({ ref, from, to }: RefEdit, none: string): string {
  if (to === null) return from === null ? `verify ${ref}\0${none}\0` : `delete ${ref}\0${from}\0`;
  return `update ${ref}\0${to}\0${from ?? none}\0`;
}

/** Who won is read from the refs; git's words are asked only for locks and for names that are in the way. */
async function findLost(git: GitCommand, edits: readonly RefEdit[], stderr: string): Promise<readonly RefName[]> {
  const now = new Map(
    (
      await listRefs(
        git,
        edits.map(({ ref }) => ref),
      )
    ).map((ref) => [ref.name, ref.id]),
  );
  const lost = edits.filter(({ ref, from }) => (now.get(ref) ?? null) !== from).map(({ ref }) => ref);
  if (lost.length > 0) return lost;
  if (/No space left|Read-only file system|Permission denied|quota/i.test(stderr)) return [];
  const locked = /cannot lock ref '([^']+)'/.exec(stderr)?.[1];
  const named = edits.filter(({ ref }) => ref === locked).map(({ ref }) => ref);
  if (named.length > 0) return /nonexistent object|is not a valid|non-commit/.test(stderr) ? [] : named;
  return /\.lock': File exists|'[^']+' exists; cannot create|cannot process .* and .* at the same time/.test(stderr)
    ? edits.map(({ ref }) => ref)
    : [];
}

/** One ref whose object is lost ends `show-ref`: the others are then read in the slower way. */
async function showRefs(git: GitCommand, selection: readonly "--tags"[]): Promise<readonly Ref[]> {
  const result = await git.run(["show-ref", "-d", ...selection], { doing: "list refs", exits: [0, 1, 128] });
  if (result.exitCode !== 128) return parseRefLines(result.stdout.toString("utf8"), " ");
  if (!/bad ref/.test(result.stderr)) throw gitFailure("list refs", result);
  return listUnread(git, selection.length > 0 ? [TAGS] : ["refs/"]);
}

/** Lists without opening an object, then asks for what the tags name; a ref whose object is lost has `peeled: null`. */
async function listUnread(git: GitCommand, prefixes: readonly RefName[]): Promise<readonly Ref[]> {
  const format = "%(if)%(symref)%(then)%(else)%(objectname) %(refname)%(end)";
  const refs = parseRefLines(await runForEachRef(git, { format, prefixes }), " ");
  const asked = await peelFully(
    git,
    refs.map((ref) => ({ ...ref, peeled: ref.id })),
  );
  return asked.map((ref) => (ref.peeled === ref.id ? { ...ref, peeled: null } : ref));
}

/**
 * Lines of `<id> <name>`, each followed by `<id> <name>^{}` where it is an annotated tag. Written for speed: 19,000 tags
 * are 38,000 lines, and ids come from git itself.
 */
export function parseRefLines(text: string, separator: " " | "\t"): readonly Ref[] {
  const refs: Ref[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const at = text.indexOf(separator, start);
    if (at < end && isIdLength(at - start) && text.startsWith("refs/", at + 1)) {
      const id = text.slice(start, at) as ObjectId;
      const last = refs.at(-1);
      if (!text.startsWith("^{}", end - 3)) refs.push({ name: text.slice(at + 1, end) as RefName, id, peeled: null });
      else if (last !== undefined) refs[refs.length - 1] = { name: last.name, id: last.id, peeled: id };
    }
    start = end + 1;
  }
  return refs;
}

function isIdLength(length: number): boolean {
  return length === 40 || length === 64;
}

async function forEachRef(git: GitCommand, prefixes: readonly RefName[]): Promise<readonly Ref[]> {
  const peeled = "%(if)%(*objectname)%(then)%0a%(*objectname) %(refname)^{}%(end)";
  const format = `%(if)%(symref)%(then)%(else)%(objectname) %(refname)${peeled}%(end)`;
  const result = await askForEachRef(git, { format, prefixes, exits: [0, 128] });
  if (result.exitCode === 0) return peelFully(git, parseRefLines(result.stdout.toString("utf8"), " "));
  if (!/missing object|parse_object_buffer failed/.test(result.stderr)) throw gitFailure("list refs", result);
  return listUnread(git, prefixes);
}

async function listSymbolic(git: GitCommand): Promise<ReadonlySet<string>> {
  const listed = await runForEachRef(git, { format: "%(if)%(symref)%(then)%(refname)%(end)", prefixes: ["refs/"] });
  return new Set(listed.split("\n").filter((name) => name !== ""));
}

interface RefQuestion {
  readonly format: string;
  readonly prefixes: readonly RefName[];
  /** Exit codes that are answers; default 0. */
  readonly exits?: readonly number[];
}

async function runForEachRef(git: GitCommand, question: RefQuestion): Promise<string> {
  return (await askForEachRef(git, question)).stdout.toString("utf8");
}

async function askForEachRef(git: GitCommand, { format, prefixes, exits = [0] }: RefQuestion): Promise<ProcessResult> {
  // Git's patterns end at a slash, a prefix of ours may end anywhere.
  const folders = new Set(prefixes.map((prefix) => prefix.slice(0, prefix.lastIndexOf("/") + 1)));
  const patterns = folders.size > 500 ? ["refs/"] : [...folders];
  return git.run(["for-each-ref", `--format=${format}`, ...patterns], { doing: "list refs", exits });
}

/** Git before 2.45 peels only once here; a tag of a tag is rare enough for a second question. */
async function peelFully(git: GitCommand, refs: readonly Ref[]): Promise<readonly Ref[]> {
  const peeled = refs.filter((ref) => ref.peeled !== null);
  if (peeled.length === 0) return refs;
  const input = peeled.map((ref) => `${ref.id}^{}\n`).join("");
  const { stdout } = await git.run(["cat-file", "--batch-check=%(objectname)"], { doing: "peel tags", input });
  const ends = stdout.toString("latin1").split("\n");
  const byName = new Map(peeled.map((ref, index) => [ref.name, ends[index] ?? ""]));
  return refs.map((ref) => {
    const end = byName.get(ref.name);
    return end !== undefined && isObjectId(end) ? { ...ref, peeled: end } : ref;
  });
}

function selectSorted(refs: readonly Ref[], prefixes: readonly RefName[]): readonly Ref[] {
  return refs
    .filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function asObjectId(text: string): ObjectId | null {
  return isObjectId(text) ? text : null;
}
