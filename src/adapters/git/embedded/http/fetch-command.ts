import type { ObjectId } from "../../../../domain/object-id.ts";
import { RegistryError } from "../../../../errors.ts";
import type { FetchOptions } from "../../../../ports/git-store.ts";
import { type Capabilities, idOf, requireCapability } from "./advertisement.ts";
import { AGENT } from "./list-refs.ts";
import { DELIMITER, FLUSH, notGit, type PacketReader, packet } from "./pkt-line.ts";
import { sideBand } from "./side-band.ts";
import type { SmartHttp } from "./smart-http.ts";

/** What is asked of a server at once. */
export interface Wish {
  readonly wants: readonly ObjectId[];
  /** Commits and tags that are here with all that they reach. */
  readonly haves: readonly ObjectId[];
  /** Commits here whose parents are not. */
  readonly edge: ReadonlySet<ObjectId>;
  readonly depth?: number | undefined;
  readonly filter?: FetchOptions["filter"];
}

/** Where the histories that come end, and no longer end. */
export interface ShallowChange {
  readonly shallow: readonly ObjectId[];
  readonly unshallow: readonly ObjectId[];
}

/** Bytes of an answer: the largest pack that is taken, and its wrapping. */
const LARGEST_ANSWER = 4.5 * 1024 ** 3;
const MOST_SHALLOW = 200_000;

/**
 * Asks for a pack by the command `fetch` of protocol version 2 and hands it to `receive` while it arrives. All haves are
 * said at once, with `done`: one request, whatever the server makes of them. Depth and filter are left out where the
 * server does not offer them. Throws `not-found` for an object that it does not give, `shallow-history` for a server
 * whose own history is cut off, `git-required`, `git-failed`, `network`.
 */
export async function fetchPack<T>(
  http: SmartHttp,
  capabilities: Capabilities,
  call: {
    readonly wish: Wish;
    readonly receive: (pack: AsyncIterable<Uint8Array>, change: ShallowChange) => Promise<T>;
  },
): Promise<T> {
  requireCapability(capabilities, "fetch", http.shown);
  const features = new Set(capabilities.get("fetch")?.split(" "));
  const wish: Wish = {
    ...call.wish,
    depth: features.has("shallow") ? call.wish.depth : undefined,
    filter: features.has("filter") ? call.wish.filter : undefined,
  };
  return http.post("git-upload-pack", {
    body: Buffer.from(commandOf(wish, capabilities)),
    limit: LARGEST_ANSWER,
    async read(answer) {
      const change = await readUntilPack(answer);
      if (wish.depth === undefined && change.shallow.length > 0) throw cutHistory(http.shown);
      return call.receive(sideBand(answer), change);
    },
  });
}

function commandOf({ wants, haves, edge, depth, filter }: Wish, capabilities: Capabilities): string {
  return [
    packet("command=fetch\n"),
    packet(`${AGENT}\n`),
    ...(capabilities.has("object-format") ? [packet("object-format=sha1\n")] : []),
    DELIMITER,
    packet("ofs-delta\n"),
    packet("no-progress\n"),
    ...[...edge].map((id) => packet(`shallow ${id}\n`)),
    ...(depth === undefined ? [] : [packet(`deepen ${depth}\n`)]),
    ...(filter === undefined ? [] : [packet(`filter ${filter}\n`)]),
    ...wants.map((id) => packet(`want ${id}\n`)),
    ...haves.map((id) => packet(`have ${id}\n`)),
    packet("done\n"),
    FLUSH,
  ].join("");
}

/** Reads the sections in front of the pack. */
async function readUntilPack(answer: PacketReader): Promise<ShallowChange> {
  const shallow: ObjectId[] = [];
  const unshallow: ObjectId[] = [];
  let section = await answer.line();
  if (section === "shallow-info") {
    for (;;) {
      const line = await answer.line();
      if (line === null) break;
      const [word, id] = line.split(" ");
      if (word !== "shallow" && word !== "unshallow") throw notGit(answer.from);
      (word === "shallow" ? shallow : unshallow).push(idOf(id, answer.from));
      if (shallow.length + unshallow.length > MOST_SHALLOW) throw notGit(answer.from);
    }
    section = await answer.line();
  }
  if (section !== "packfile") throw notGit(answer.from);
  return { shallow, unshallow };
}

function cutHistory(from: string): RegistryError {
  return new RegistryError("shallow-history", `the history of ${from} is cut off`, {
    hint: "git fetch --unshallow there, or name another remote",
  });
}
