import type { ObjectId } from "../../../../domain/object-id.ts";
import { RegistryError } from "../../../../errors.ts";
import { findMissing, Referred } from "../connectivity.ts";
import type { EmbeddedRepository } from "../embedded-repository.ts";
import { receivePack } from "../pack-receiver.ts";
import type { WantedHistory } from "../remote.ts";
import { changeShallow } from "../shallow-file.ts";
import type { Capabilities } from "./advertisement.ts";
import { chooseHaves } from "./choose-haves.ts";
import { fetchPack, type ShallowChange } from "./fetch-command.ts";
import type { SmartHttp } from "./smart-http.ts";

export interface Bringing {
  readonly local: EmbeddedRepository;
  readonly http: SmartHttp;
  readonly capabilities: Capabilities;
}

/**
 * Brings histories from a server, whole: what arrives and what was here already are looked at together before any of it
 * can be found. Where something is not here that our refs say is here (a mirror that was fetched with a filter, a
 * damaged repository), everything is asked for again as if we had nothing.
 */
export async function bringHistory(bringing: Bringing, wanted: WantedHistory): Promise<void> {
  const { local } = bringing;
  const here = await local.refs.values();
  const named = new Set(here.values());
  const ids = wanted.ids.filter((id) => !named.has(id));
  if (ids.length === 0) return;
  const haves = chooseHaves(here, wanted.targets).filter((id) => local.objects.header(id) !== null);
  const missing = await bring(bringing, { ...wanted, ids }, haves);
  if (missing === null) return;
  const still = haves.length === 0 ? missing : await bring(bringing, { ...wanted, ids }, []);
  if (still !== null) throw notWhole(bringing, still);
}

/** Brings single objects with all that they reach; a commit comes without its history where ours are cut off anyway. */
export async function bringObjects(bringing: Bringing, ids: readonly ObjectId[]): Promise<void> {
  const depth = (await bringing.local.edge()).size > 0 ? 1 : undefined;
  const missing = await bring(bringing, { ids, targets: [], depth, filter: undefined }, []);
  if (missing === null) return;
  throw new RegistryError("not-found", `${bringing.http.shown} did not send the object ${missing}`, {
    hint: "git fsck on the server says whether it is there",
  });
}

/** One request. Answers an object that is neither here nor came, in which case nothing was kept. */
async function bring(
  { local, http, capabilities }: Bringing,
  { ids, depth, filter }: WantedHistory,
  haves: readonly ObjectId[],
): Promise<ObjectId | null> {
  const before = await local.edge();
  const receive = async (bytes: AsyncIterable<Uint8Array>, change: ShallowChange): Promise<void> => {
    const edge = new Set([...before, ...change.shallow]);
    for (const id of change.unshallow) edge.delete(id);
    const referred = new Referred(edge, filter);
    for (const id of [...ids, ...grown(local, before, change)]) referred.require(id);
    await receivePack(local.objects, {
      bytes,
      from: http.shown,
      inspect: (object) => referred.add(object),
      async approve(hasArrived) {
        const missing = await findMissing(local, { outside: referred.outside(hasArrived), haves, filter });
        if (missing !== null) throw new Missing(missing);
      },
    });
    const added = change.shallow.filter((id) => local.objects.header(id)?.kind === "commit");
    await changeShallow(local.location.gitDir, { added, removed: change.unshallow });
  };
  try {
    await fetchPack(http, capabilities, { wish: { wants: ids, haves, edge: before, depth, filter }, receive });
    return null;
  } catch (error) {
    if (error instanceof Missing) return error.id;
    throw error;
  }
}

/** Parents of commits that are no longer at the edge: they have to come, or to be here. */
function grown(
  { objects }: EmbeddedRepository,
  before: ReadonlySet<ObjectId>,
  { unshallow }: ShallowChange,
): readonly ObjectId[] {
  return unshallow.filter((id) => before.has(id)).flatMap((id) => objects.commit(id).parents);
}

class Missing extends Error {
  readonly id: ObjectId;

  constructor(id: ObjectId) {
    super(`missing ${id}`);
    this.id = id;
  }
}

function notWhole({ http }: Bringing, id: ObjectId): RegistryError {
  return new RegistryError(
    "git-failed",
    `${http.shown} did not send the object ${id}, without which nothing is whole`,
    {
      hint: "git fsck on the server says whether it is there",
    },
  );
}
