import type { Pointer } from "../../../domain/artifact/pointer.ts";
import { RegistryError } from "../../../errors.ts";
import type { Arrival, ArtifactSink } from "../../../ports/artifact-store.ts";
import type { HttpReply } from "../../http/http-client.ts";
import { isMismatch } from "./mismatch.ts";
import { refusalOf } from "./server-refusal.ts";
import type { Counter, Errand, TransferRun } from "./transfer-run.ts";

/** Objects from here on survive a crash in pieces; for smaller ones beginning anew is cheaper. */
const RESUMED_FROM = 1024 * 1024;

export interface Download {
  readonly run: TransferRun;
  readonly errand: Errand;
  readonly sink: ArtifactSink;
  readonly counter: Counter;
}

/**
 * Brings one object. Wrong bytes are dropped and tried once more from the start. Answers `missing` where the server
 * lost it after it said that it has it. Throws `digest-mismatch` and what the network, the server and the disk say.
 */
export async function downloadObject(download: Download): Promise<"arrived" | "missing"> {
  const { pointer } = download.errand;
  const bring = pointer.size < RESUMED_FROM ? bringWhole : bringInPieces;
  try {
    return await bring(download);
  } catch (error) {
    if (!isMismatch(error)) throw error;
    return await bring(download);
  }
}

async function bringWhole({ run, errand, sink, counter }: Download): Promise<"arrived" | "missing"> {
  const { pointer } = errand;
  return run.patience.persist(async () => {
    const reply = await errand.send("transfer", { method: "GET" });
    if (reply === null || GONE.has(reply.status)) return lost(reply);
    await requireWhole(reply, pointer, run);
    await sink.receive(pointer, counted(reply.body, { from: 0, counter }));
    return "arrived";
  });
}

async function bringInPieces({ run, errand, sink, counter }: Download): Promise<"arrived" | "missing"> {
  const { pointer } = errand;
  const arrival = await sink.resume(pointer);
  if (arrival === null) {
    counter.to(pointer.size);
    return "arrived";
  }
  try {
    counter.to(arrival.received);
    const pieces = new Pieces({ run, errand, counter, arrival });
    const rest = () => (arrival.received < pointer.size ? pieces.next() : Promise.resolve("arrived" as const));
    const outcome = await run.patience.persist(rest, () => pieces.gained());
    if (outcome === "arrived") await arrival.complete();
    return outcome;
  } finally {
    await arrival.release();
  }
}

interface Piecewise {
  readonly run: TransferRun;
  readonly errand: Errand;
  readonly counter: Counter;
  readonly arrival: Arrival;
}

/** Requests for what is still missing of an object, one after the other. */
class Pieces {
  readonly #parts: Piecewise;
  /** A strong validator of the bytes that arrived in this process. */
  #etag: string | null = null;
  #ranges = true;
  #gainedFrom: number;

  constructor(parts: Piecewise) {
    this.#parts = parts;
    this.#gainedFrom = parts.arrival.received;
  }

  /** Whether enough arrived since the last time that it made sense to count the tries from the beginning. */
  gained(): boolean {
    const { counter } = this.#parts;
    if (counter.furthest < this.#gainedFrom + RESUMED_FROM) return false;
    this.#gainedFrom = counter.furthest;
    return true;
  }

  async next(): Promise<"arrived" | "missing"> {
    const { run, errand, arrival, counter } = this.#parts;
    const { pointer } = errand;
    const from = this.#ranges ? arrival.received : 0;
    const reply = await errand.send("transfer", { method: "GET", headers: this.#rangeHeaders(from) });
    if (reply === null || GONE.has(reply.status)) return lost(reply);
    if (reply.status === 416 && from > 0) return this.#withoutRanges(reply);
    if (reply.status === 206 && from > 0) {
      if (!continues(reply, { from, size: pointer.size })) return this.#withoutRanges(reply);
    } else {
      await requireWhole(reply, pointer, run);
      if (arrival.received > 0) await arrival.restart();
    }
    this.#etag = strongEtag(reply);
    await arrival.append(counted(reply.body, { from: arrival.received, counter }));
    if (arrival.received === pointer.size) return "arrived";
    // A connection that breaks is another error: this server thinks that it said everything.
    const code = this.#ranges ? "network" : "digest-mismatch";
    const message = `${reply.url} ended object ${pointer.sha256} after ${arrival.received} of ${pointer.size} bytes`;
    throw new RegistryError(code, message, { retryable: true });
  }

  #rangeHeaders(from: number): Readonly<Record<string, string>> {
    if (from === 0) return {};
    return { range: `bytes=${from}-`, ...(this.#etag === null ? {} : { "if-range": this.#etag }) };
  }

  /** The server does not want to continue: at once, from the beginning, once. */
  async #withoutRanges(reply: HttpReply): Promise<"arrived" | "missing"> {
    await reply.discard();
    this.#ranges = false;
    await this.#parts.arrival.restart();
    return this.next();
  }
}

function continues(reply: HttpReply, { from, size }: { readonly from: number; readonly size: number }): boolean {
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(reply.header("content-range") ?? "") ?? [];
  return Number(first) === from && Number(last) < size && (total === "*" || Number(total) === size);
}

function strongEtag(reply: HttpReply): string | null {
  const etag = reply.header("etag");
  return etag !== null && /^"[\x21\x23-\x7e]{0,200}"$/.test(etag) ? etag : null;
}

const GONE: ReadonlySet<number> = new Set([404, 410]);

async function lost(reply: HttpReply | null): Promise<"missing"> {
  await reply?.discard();
  return "missing";
}

/** Throws unless the reply is the object from its first byte on. */
async function requireWhole(reply: HttpReply, pointer: Pointer, run: TransferRun): Promise<void> {
  if (reply.status !== 200) throw await refusalOf(reply, `give object ${pointer.sha256}`, run.clock.now());
  const length = reply.header("content-length");
  if (length === null || Number(length) === pointer.size) return;
  await reply.discard();
  throw new RegistryError(
    "digest-mismatch",
    `${reply.url} has ${Number(length)} bytes for object ${pointer.sha256}, which has ${pointer.size}`,
  );
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  { from, counter }: { readonly from: number; readonly counter: Counter },
): AsyncGenerator<Uint8Array> {
  let position = from;
  for await (const chunk of bytes) {
    position += chunk.byteLength;
    counter.to(position);
    yield chunk;
  }
}
