import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectId } from "../../../../domain/object-id.ts";
import { RegistryError } from "../../../../errors.ts";
import type { PushOutcome, RefEdit, RefName } from "../../../../ports/git-store.ts";
import type { StreamBody } from "../../../http/http-client.ts";
import { diskError } from "../../../system/disk-error.ts";
import { makeDirectory } from "../../../system/durable-directory.ts";
import { type CompleteHistory, collectMissing, objectReader, reachableCommits } from "../copy-objects.ts";
import type { EmbeddedRepository } from "../embedded-repository.ts";
import { checkedRefName } from "../loose-refs.ts";
import { temporaryPack, writePackFile } from "../pack-writer.ts";
import { closed, isFailure, refused, requireObject, stale, type Verdict } from "../push-verdict.ts";
import type { Advertisement, Capabilities } from "./advertisement.ts";
import { AGENT } from "./list-refs.ts";
import { FLUSH, packet } from "./pkt-line.ts";
import { type Report, readReport } from "./push-report.ts";
import type { SmartHttp } from "./smart-http.ts";

export interface HttpPush {
  readonly local: EmbeddedRepository;
  readonly http: SmartHttp;
  readonly updates: readonly RefEdit[];
  readonly atomic: boolean;
}

const ZERO_ID = "0".repeat(40);
const LARGEST_REPORT = 64 * 1024 * 1024;

/**
 * Pushes as `GitStore.push` says: the leases are compared with what the server advertises, and given to it as the old
 * values that it compares itself under its own locks. What it lacks goes along as one pack. Throws `git-failed` where
 * several refs are to move together and the server cannot do that, before anything is sent.
 */
export async function pushOverHttp(push: HttpPush): Promise<readonly PushOutcome[]> {
  const { local, http, updates, atomic } = push;
  for (const { ref } of updates) checkedRefName(ref);
  if (updates.length === 0) return [];
  const said = await http.advertisement("git-receive-pack");
  const there = said.version === 1 ? said.refs.refs : new Map<RefName, { readonly id: ObjectId }>();
  const verdicts = updates.map((edit) => judge(edit, there.get(edit.ref)?.id ?? null));
  const open = updates.filter((_, index) => verdicts[index]?.status === "open");
  if (open.length === 0 || (atomic && verdicts.some(isFailure))) return closed(verdicts);
  const capabilities = capabilitiesFor(push, said, open);
  const sent = new Set(open.flatMap(({ to }) => (to === null ? [] : [to])));
  for (const id of sent) requireObject(local, id);
  const advertised = new Set([...there.values()].map(({ id }) => id));
  const report = await send(push, { open, sent: [...sent], capabilities, advertised });
  return closed(settle(verdicts, report));
}

function judge({ ref, from, to }: RefEdit, now: ObjectId | null): Verdict {
  if (now === to) return { ref, status: "up-to-date" };
  return now === from ? { ref, status: "open" } : stale(ref);
}

/** What is asked of the server in the first command. */
function capabilitiesFor({ http, atomic }: HttpPush, said: Advertisement, open: readonly RefEdit[]): string {
  const { capabilities } = said;
  const together = atomic && open.length > 1;
  const report = reportOf(capabilities);
  if (said.version !== 1 || report === null) throw unable(http, "does not say what became of a push");
  if (together && !capabilities.has("atomic")) throw unable(http, "cannot move several refs together");
  if (open.some(({ to }) => to === null) && !capabilities.has("delete-refs")) throw unable(http, "deletes no refs");
  return [
    report,
    ...["side-band-64k", "quiet"].filter((name) => capabilities.has(name)),
    ...(together ? ["atomic"] : []),
    ...(capabilities.has("object-format") ? ["object-format=sha1"] : []),
    AGENT,
  ].join(" ");
}

function reportOf(capabilities: Capabilities): string | null {
  return ["report-status-v2", "report-status"].find((name) => capabilities.has(name)) ?? null;
}

interface Shipment {
  readonly open: readonly RefEdit[];
  readonly sent: readonly ObjectId[];
  readonly capabilities: string;
  readonly advertised: ReadonlySet<ObjectId>;
}

async function send({ local, http }: HttpPush, shipment: Shipment): Promise<Report> {
  const { open, sent, capabilities } = shipment;
  const commands = open.map(({ ref, from, to }, index) =>
    packet(`${from ?? ZERO_ID} ${to ?? ZERO_ID} ${ref}${index === 0 ? `\0 ${capabilities}` : ""}\n`),
  );
  const head = Buffer.from(`${commands.join("")}${FLUSH}`);
  const post = (body: Uint8Array | StreamBody): Promise<Report> =>
    http.post("git-receive-pack", {
      body,
      limit: LARGEST_REPORT,
      read: (answer) => readReport(answer, capabilities.includes("side-band-64k")),
    });
  // Deletions alone go without a pack.
  if (sent.length === 0) return post(head);
  const missing = collectMissing(local, await local.edge(), {
    complete: await historyThere(local, shipment.advertised),
    wanted: sent,
  });
  const folder = join(local.objects.directory, "pack");
  const path = join(folder, temporaryPack());
  await makeDirectory(folder, true);
  try {
    await writePackFile(path, [...missing], objectReader(local)).catch((error: unknown) => {
      throw diskError("write", path, error);
    });
    const { size } = await stat(path);
    return await post({ size: head.length + size, open: () => headThenFile(head, path) });
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}

async function* headThenFile(head: Buffer, path: string): AsyncGenerator<Uint8Array> {
  yield head;
  try {
    yield* createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>;
  } catch (error) {
    throw diskError("read", path, error);
  }
}

/** Commits that are looked at one by one before the whole history of the server's refs is. */
const PATIENT = 64;

/** What the server has whole: what its refs name, what the same tags name here, and in the end all that lies behind. */
async function historyThere(local: EmbeddedRepository, advertised: ReadonlySet<ObjectId>): Promise<CompleteHistory> {
  const named = new Set(advertised);
  for (const { id, peeled } of await local.refs.list()) if (peeled !== null && advertised.has(id)) named.add(peeled);
  const cut = await local.edge();
  let strangers = 0;
  let reachable: ReadonlySet<ObjectId> | null = null;
  return {
    has(id) {
      if (named.has(id)) return true;
      strangers += 1;
      if (strangers < PATIENT) return false;
      reachable ??= reachableCommits(local.objects, named, cut);
      return reachable.has(id);
    },
  };
}

function settle(verdicts: readonly Verdict[], { unpacked, refs }: Report): readonly Verdict[] {
  return verdicts.map((verdict): Verdict => {
    if (verdict.status !== "open") return verdict;
    if (unpacked !== null) return refused(verdict.ref, unpacked);
    const said = refs.get(verdict.ref);
    if (said === undefined) return refused(verdict.ref, "the server does not say what became of it");
    if (said === null) return { ref: verdict.ref, status: "pushed" };
    return said;
  });
}

function unable({ shown }: SmartHttp, what: string): RegistryError {
  return new RegistryError("git-failed", `${shown} ${what}`, { hint: "install git and set GIT_MODEL_GIT=native" });
}
