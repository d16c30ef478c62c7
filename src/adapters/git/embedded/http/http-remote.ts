import type { ObjectId } from "../../../../domain/object-id.ts";
import { RegistryError } from "../../../../errors.ts";
import type { Ref, RefName, RemoteAdvertisement } from "../../../../ports/git-store.ts";
import type { HttpClient } from "../../../http/http-client.ts";
import type { EmbeddedRepository } from "../embedded-repository.ts";
import { idAt, visitReferences } from "../object-references.ts";
import { type EmbeddedRemote, matches } from "../remote.ts";
import type { Advertisement, RemoteRefs } from "./advertisement.ts";
import { type Bringing, bringHistory, bringObjects } from "./bring-objects.ts";
import { listRefs } from "./list-refs.ts";
import { pushOverHttp } from "./push-over-http.ts";
import { SmartHttp } from "./smart-http.ts";

/** Servers that were asked before, by their addresses: what one of them can do need not be asked twice. */
export type KnownServers = Map<string, Server>;

interface Server {
  readonly http: SmartHttp;
  /** What it offers to a reader; with an old protocol the refs too, so that is never kept. */
  offer: Promise<Advertisement> | null;
}

export interface HttpRemoteCall {
  readonly client: HttpClient;
  readonly url: string;
  readonly known: KnownServers;
}

/** A remote that speaks Git's smart HTTP protocol; nothing is asked before it is needed. */
export function openHttpRemote(local: EmbeddedRepository, { client, url, known }: HttpRemoteCall): EmbeddedRemote {
  const server = known.get(url) ?? { http: new SmartHttp(client, url), offer: null };
  known.set(url, server);
  const { http } = server;
  const offer = async (): Promise<Advertisement> => {
    const asked = server.offer ?? http.advertisement("git-upload-pack");
    server.offer = asked;
    const said = await asked.catch(() => null);
    if (said?.version !== 2) server.offer = null;
    return asked;
  };
  const refsOf = async (patterns?: readonly RefName[]): Promise<RemoteRefs> => {
    const said = await offer();
    return said.version === 2 ? listRefs(http, said.capabilities, patterns) : said.refs;
  };
  const capable = async (): Promise<Bringing> => {
    const said = await offer();
    if (said.version === 2) return { local, http, capabilities: said.capabilities };
    throw new RegistryError("git-required", `${http.shown} speaks Git's protocol without its version 2`, {
      hint: "install git and set GIT_MODEL_GIT=native, or update the server",
    });
  };
  return {
    list: async (patterns) => advertised(await refsOf(patterns), patterns),
    values: async (patterns) => new Map([...(await refsOf(patterns)).refs].map(([name, { id }]) => [name, id])),
    bring: async (wanted) => bringHistory(await capable(), wanted),
    async bringObjects(ids) {
      const missing = ids.flatMap((id) => missingBelow(local, id));
      if (missing.length > 0) await bringObjects(await capable(), [...new Set(missing)]);
    },
    push: (updates, { atomic }) => pushOverHttp({ local, http, updates, atomic }),
    close: () => undefined,
  };
}

function advertised({ head, refs }: RemoteRefs, patterns?: readonly RefName[]): RemoteAdvertisement {
  const wanted = [...refs].filter(([name]) => patterns?.some((pattern) => matches(name, pattern)) ?? true);
  const list = wanted.map(([name, { id, peeled }]): Ref => ({ name, id, peeled }));
  return {
    head: head?.startsWith("refs/heads/") ? head.slice("refs/heads/".length) : null,
    refs: list.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** What is not here of an object and of all that it reaches, the histories of commits left out. */
function missingBelow({ objects }: EmbeddedRepository, id: ObjectId): readonly ObjectId[] {
  const missing: ObjectId[] = [];
  const seen = new Set([id]);
  for (const each of seen) {
    const kind = objects.header(each)?.kind;
    const raw = kind === undefined || kind === "blob" ? null : objects.readRaw(each);
    if (kind === undefined) missing.push(each);
    if (raw === null || !("bytes" in raw)) continue;
    visitReferences(raw, (target, at, as) => {
      if (as !== "parent") seen.add(idAt(target, at));
    });
  }
  return missing;
}
