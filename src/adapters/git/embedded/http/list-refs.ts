import type { Ref, RefName } from "../../../../ports/git-store.ts";
import { isRefName } from "../../ref-name.ts";
import {
  type Capabilities,
  idOf,
  MOST_REFS,
  type RemoteRefs,
  requireCapability,
  tooManyRefs,
} from "./advertisement.ts";
import { cutOff, DELIMITER, FLUSH, type PacketReader, packet, textOf } from "./pkt-line.ts";
import type { SmartHttp } from "./smart-http.ts";

const LARGEST_LIST = 128 * 1024 * 1024;
/** With more patterns than this everything is asked for: a server does so, too. */
const MOST_PREFIXES = 1000;

export const AGENT = "agent=git-model";

/** The refs that begin as one of the patterns does, and the branch of HEAD, by the command `ls-refs`. */
export async function listRefs(
  http: SmartHttp,
  capabilities: Capabilities,
  patterns?: readonly RefName[],
): Promise<RemoteRefs> {
  requireCapability(capabilities, "ls-refs", http.shown);
  const prefixes = new Set((patterns ?? ["refs/"]).map((pattern) => pattern.replace(/\*.*$/s, "")));
  const asked = prefixes.size > MOST_PREFIXES ? ["refs/"] : [...prefixes];
  const body = [
    packet("command=ls-refs\n"),
    packet(`${AGENT}\n`),
    ...(capabilities.has("object-format") ? [packet("object-format=sha1\n")] : []),
    DELIMITER,
    packet("peel\n"),
    packet("symrefs\n"),
    ...["HEAD", ...asked].map((prefix) => packet(`ref-prefix ${prefix}\n`)),
    FLUSH,
  ].join("");
  return http.post("git-upload-pack", { body: Buffer.from(body), limit: LARGEST_LIST, read: readRefList });
}

async function readRefList(answer: PacketReader): Promise<RemoteRefs> {
  const refs = new Map<RefName, Pick<Ref, "id" | "peeled">>();
  let head: RefName | null = null;
  for (let count = 0; ; count++) {
    const next = await answer.next();
    if (next === null) throw cutOff(answer.from);
    if (next.kind !== "data") return { head, refs };
    if (count >= MOST_REFS) throw tooManyRefs(answer.from);
    const line = parseLine(next.bytes, answer);
    if (line.name === "HEAD") head = isRefName(line.target) ? line.target : null;
    else if (isRefName(line.name)) refs.set(line.name, { id: line.id, peeled: line.peeled });
  }
}

/** `<id> <name>` and attributes. */
function parseLine(bytes: Buffer, { from }: PacketReader) {
  const [id, name = "", ...attributes] = textOf(bytes, from).split(" ");
  const attribute = (key: string) => attributes.find((each) => each.startsWith(key))?.slice(key.length);
  const peeled = attribute("peeled:");
  return {
    id: idOf(id, from),
    name,
    target: attribute("symref-target:") ?? "",
    peeled: peeled === undefined ? null : idOf(peeled, from),
  };
}
