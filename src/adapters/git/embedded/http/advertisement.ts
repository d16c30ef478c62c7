import { isObjectId, type ObjectId } from "../../../../domain/object-id.ts";
import { RegistryError } from "../../../../errors.ts";
import type { Ref, RefName } from "../../../../ports/git-store.ts";
import { isRefName } from "../../ref-name.ts";
import { notGit, type PacketReader } from "./pkt-line.ts";

/** Capability names with what stands behind their `=`; empty where nothing does. */
export type Capabilities = ReadonlyMap<string, string>;

/** What a service says first: version 2 its commands, older ones all refs at once. */
export type Advertisement =
  | { readonly version: 2; readonly capabilities: Capabilities }
  | { readonly version: 1; readonly capabilities: Capabilities; readonly refs: RemoteRefs };

export interface RemoteRefs {
  /** The branch that HEAD names, if the server says so and it exists. */
  readonly head: RefName | null;
  /** Names that Git would not take are left out. */
  readonly refs: ReadonlyMap<RefName, Pick<Ref, "id" | "peeled">>;
}

/** More refs than this are refused. */
export const MOST_REFS = 500_000;
const MOST_CAPABILITIES = 500;
const ZERO_ID = "0".repeat(40);

/** Reads the answer to `info/refs`. Throws `git-failed`, `network`, `repository-unsupported` for another object format. */
export async function parseAdvertisement(answer: PacketReader, service: string): Promise<Advertisement> {
  let line = await answer.line();
  if (line === `# service=${service}`) {
    if ((await answer.next())?.kind !== "flush") throw notGit(answer.from);
    line = await answer.line();
  }
  if (line === "version 2") {
    const capabilities = await readCapabilities(answer);
    requireSha1(capabilities, answer.from);
    return { version: 2, capabilities };
  }
  const advertised = await readRefs(answer, line === "version 1" ? await answer.line() : line);
  requireSha1(advertised.capabilities, answer.from);
  return { version: 1, ...advertised };
}

/** Splits `name` and `name=value`. */
export function capabilitiesOf(words: readonly string[]): Capabilities {
  return new Map(
    words
      .filter((word) => word !== "")
      .map((word): [string, string] => {
        const at = word.indexOf("=");
        return at < 0 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
      }),
  );
}

async function readCapabilities(answer: PacketReader): Promise<Capabilities> {
  const words: string[] = [];
  for (;;) {
    const line = await answer.line();
    if (line === null) return capabilitiesOf(words);
    words.push(line);
    if (words.length > MOST_CAPABILITIES) throw notGit(answer.from);
  }
}

/** Version 0 and 1: `<id> <name>`, capabilities behind a NUL in the first line, `<tag>^{}` behind a tag. */
async function readRefs(answer: PacketReader, first: string | null) {
  const [start, words = ""] = (first ?? "").split("\0");
  const capabilities = capabilitiesOf(words.split(" "));
  const refs = new Map<RefName, Pick<Ref, "id" | "peeled">>();
  let count = 0;
  let line: string | null = first === null ? null : (start ?? "");
  for (; line !== null; line = await answer.line()) {
    count += 1;
    if (count > MOST_REFS) throw tooManyRefs(answer.from);
    if (line.startsWith("shallow ")) continue;
    const id = line.slice(0, 40);
    const name = line.slice(41);
    if (line[40] !== " " || !isObjectId(id)) throw notGit(answer.from);
    const tag = name.endsWith("^{}") ? name.slice(0, -3) : null;
    if (tag !== null && isRefName(tag)) refs.set(tag, { id: refs.get(tag)?.id ?? id, peeled: id });
    else if (isRefName(name) && id !== ZERO_ID) refs.set(name, { id, peeled: null });
  }
  const target = /(?:^| )symref=HEAD:([^ ]+)/.exec(words)?.[1] ?? "";
  const head = isRefName(target) && refs.has(target) ? target : null;
  return { capabilities, refs: { head, refs } };
}

export function tooManyRefs(from: string): RegistryError {
  return new RegistryError("git-failed", `${from} has more than ${MOST_REFS} refs`, {
    hint: "install git and set GIT_MODEL_GIT=native",
  });
}

export function requireCapability(capabilities: Capabilities, name: string, from: string): void {
  if (capabilities.has(name)) return;
  throw new RegistryError("git-required", `${from} does not offer ${name}, which only the git program does without`, {
    hint: "install git and set GIT_MODEL_GIT=native",
  });
}

function requireSha1(capabilities: Capabilities, from: string): void {
  const format = capabilities.get("object-format") ?? "sha1";
  if (format === "sha1") return;
  throw new RegistryError("repository-unsupported", `${from} names its objects by another digest than sha1`, {
    hint: "install git and set GIT_MODEL_GIT=native",
  });
}

/** An id of a server's line. Throws `git-failed` for what is none. */
export function idOf(text: string | undefined, from: string): ObjectId {
  if (text !== undefined && text.length === 40 && isObjectId(text)) return text;
  throw notGit(from, "it names an object by what is no object name");
}
