import { createHash } from "node:crypto";
import type { Pointer } from "../../../domain/artifact/pointer.ts";
import { RegistryError } from "../../../errors.ts";
import type { ArtifactStore } from "../../../ports/artifact-store.ts";
import { readBeginning, readReusing } from "../../system/regular-file.ts";
import { MEDIA_TYPE } from "./lfs-server.ts";
import { refusalOf } from "./server-refusal.ts";
import type { Counter, Errand, TransferRun } from "./transfer-run.ts";

export interface Upload {
  readonly run: TransferRun;
  readonly errand: Errand;
  readonly store: ArtifactStore;
  readonly counter: Counter;
}

/**
 * Sends one object, hashed while it is read: bytes that are not the object's never make a complete request, and the object
 * is quarantined (`digest-mismatch`). Then tells the server, where it wants to be told.
 */
export async function uploadObject({ run, errand, store, counter }: Upload): Promise<void> {
  const { pointer } = errand;
  const body =
    pointer.size <= SMALL
      ? await verifiedWhole(pointer, store)
      : { size: pointer.size, open: () => verified(pointer, store, counter) };
  const headers = { "content-type": "application/octet-stream" };
  await run.patience.persist(async () => {
    const reply = await errand.send("transfer", { method: "PUT", headers, body });
    if (reply === null) return;
    if (reply.status >= 300) throw await refusalOf(reply, `take object ${pointer.sha256}`, run.clock.now());
    await reply.discard();
  });
  await run.patience.persist(() => tell(run, errand));
  counter.to(pointer.size);
}

/** Up to here an object is read at once, and travels with the head of its request. */
const SMALL = 128 * 1024;

async function verifiedWhole(pointer: Pointer, store: ArtifactStore): Promise<Uint8Array> {
  const bytes = readBeginning(store.pathOf(pointer.sha256), pointer.size + 1);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (bytes.byteLength === pointer.size && sha256 === pointer.sha256) return bytes;
  throw await damaged(pointer, store);
}

async function tell(run: TransferRun, errand: Errand): Promise<void> {
  const { sha256: oid, size } = errand.pointer;
  const headers = { accept: MEDIA_TYPE, "content-type": MEDIA_TYPE };
  const body = Buffer.from(JSON.stringify({ oid, size }));
  const reply = await errand.send("verify", { method: "POST", headers, body });
  if (reply === null) return;
  if (reply.status >= 300) throw await refusalOf(reply, `confirm object ${oid}`, run.clock.now());
  await reply.discard();
}

/**
 * The last chunk is given only when the hash of everything is right. The connection asks for a chunk when it has sent the
 * one before, so their memory is used again.
 */
async function* verified(pointer: Pointer, store: ArtifactStore, counter: Counter): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let position = 0;
  let held: Uint8Array | null = null;
  for await (const chunk of readReusing(store.pathOf(pointer.sha256))) {
    hash.update(chunk);
    position += chunk.byteLength;
    if (position > pointer.size) break;
    if (held !== null) yield held;
    counter.to(position - chunk.byteLength);
    held = chunk;
  }
  if (position !== pointer.size || hash.digest("hex") !== pointer.sha256) throw await damaged(pointer, store);
  if (held !== null) yield held;
  counter.to(pointer.size);
}

async function damaged(pointer: Pointer, store: ArtifactStore): Promise<RegistryError> {
  await store.quarantine(pointer);
  return new RegistryError("digest-mismatch", `object ${pointer.sha256} is damaged in the local LFS store`, {
    hint: "it was moved out of the way; register the file again, or fetch the object from another clone",
  });
}
