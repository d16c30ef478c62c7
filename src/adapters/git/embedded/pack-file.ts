import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { ObjectId } from "../../../domain/object-id.ts";
import type { ObjectKind } from "../object-format.ts";
import { applyDelta, readDeltaHeader } from "./delta.ts";
import { deflatedBound, inflateExactly, inflateHead } from "./inflate.ts";
import { DEEPEST_CHAIN, ENTRY_HEAD, parsePackEntry } from "./pack-entry.ts";
import { openPackIndex } from "./pack-index.ts";
import { damaged, type StoredObject } from "./stored-object.ts";

/** An open pack; it stays readable when git deletes the file meanwhile. */
export interface PackFile {
  readonly path: string;
  find(id: ObjectId): StoredObject | null;
  close(): void;
}

/** Bytes of delta bases kept at hand; neighbours in a pack share them. */
const CACHE_BYTES = 16 * 1024 * 1024;
/** No base may be larger than this, or than the object wanted, so that a small object cannot ask for a huge one. */
const LARGEST_BASE = 64 * 1024 * 1024;
/** As much of an entry's deflated bytes as a delta's sizes need. */
const DATA_HEAD = 4096;

type Entry =
  | { readonly kind: ObjectKind; readonly size: number; readonly dataAt: number }
  | { readonly kind: "delta"; readonly size: number; readonly dataAt: number; readonly base: number | null };

/** Opens `<stem>.pack` with its index `<stem>.idx`. Throws raw system errors and those of `openPackIndex`. */
export function openPackFile(stem: string): PackFile {
  const index = openPackIndex(`${stem}.idx`);
  try {
    const pack = new OpenPack(openSync(`${stem}.pack`, "r"), (id) => index.offsetOf(id));
    return {
      path: `${stem}.pack`,
      find: (id) => pack.find(id),
      close() {
        index.close();
        pack.close();
      },
    };
  } catch (error) {
    index.close();
    throw error;
  }
}

class OpenPack {
  readonly #handle: number;
  readonly #size: number;
  readonly #offsetOf: (id: ObjectId) => number | null;
  readonly #bases = new Map<number, { readonly bytes: Buffer; readonly kind: ObjectKind }>();
  #cached = 0;

  constructor(handle: number, offsetOf: (id: ObjectId) => number | null) {
    this.#handle = handle;
    this.#size = fstatSync(handle).size;
    this.#offsetOf = offsetOf;
  }

  close(): void {
    closeSync(this.#handle);
  }

  find(id: ObjectId): StoredObject | null {
    const offset = this.#offsetOf(id);
    if (offset === null) return null;
    const entry = this.#entryAt(offset);
    if (entry === null) return damaged("its entry in a pack is damaged");
    const kind = entry.kind === "delta" ? this.#kindOf(entry) : entry.kind;
    const size = entry.kind === "delta" ? this.#resultSize(entry) : entry.size;
    if (kind === null || size === null) return damaged("its delta in a pack is damaged");
    return { kind, size, read: () => this.#read(offset, size) };
  }

  /** Inflates along the delta chain, from the base upwards. */
  #read(offset: number, size: number): Buffer | null {
    const largest = Math.max(LARGEST_BASE, size);
    const deltas: Buffer[] = [];
    const offsets: number[] = [];
    let at: number | null = offset;
    while (at !== null && deltas.length <= DEEPEST_CHAIN) {
      const known = this.#bases.get(at);
      if (known !== undefined) return this.#applied(known, deltas, offsets);
      const entry = this.#entryAt(at);
      if (entry === null || entry.size > largest) return null;
      const bytes = inflateExactly(this.#bytesAt(entry.dataAt, deflatedBound(entry.size)), entry.size);
      if (bytes === null) return null;
      offsets.push(at);
      if (entry.kind !== "delta") {
        this.#keep(at, { bytes, kind: entry.kind });
        offsets.pop();
        return this.#applied({ bytes, kind: entry.kind }, deltas, offsets);
      }
      if ((readDeltaHeader(bytes)?.resultSize ?? Number.POSITIVE_INFINITY) > largest) return null;
      deltas.push(bytes);
      at = entry.base;
    }
    return null;
  }

  #applied(
    base: { readonly bytes: Buffer; readonly kind: ObjectKind },
    deltas: readonly Buffer[],
    offsets: readonly number[],
  ): Buffer | null {
    let bytes = base.bytes;
    for (let index = deltas.length - 1; index >= 0; index--) {
      const next = applyDelta(bytes, deltas[index] ?? Buffer.alloc(0));
      if (next === null) return null;
      bytes = next;
      this.#keep(offsets[index] ?? -1, { bytes, kind: base.kind });
    }
    return bytes;
  }

  #keep(offset: number, base: { readonly bytes: Buffer; readonly kind: ObjectKind }): void {
    if (base.bytes.length > CACHE_BYTES / 8 || this.#bases.has(offset)) return;
    this.#bases.set(offset, base);
    this.#cached += base.bytes.length;
    for (const [oldest, { bytes }] of this.#bases) {
      if (this.#cached <= CACHE_BYTES) return;
      this.#bases.delete(oldest);
      this.#cached -= bytes.length;
    }
  }

  #kindOf(entry: Entry): ObjectKind | null {
    let current = entry;
    for (let depth = 0; current.kind === "delta" && depth <= DEEPEST_CHAIN; depth++) {
      if (current.base === null) return null;
      const known = this.#bases.get(current.base);
      if (known !== undefined) return known.kind;
      const next = this.#entryAt(current.base);
      if (next === null) return null;
      current = next;
    }
    return current.kind === "delta" ? null : current.kind;
  }

  #resultSize(entry: Entry): number | null {
    const head = inflateHead(this.#bytesAt(entry.dataAt, DATA_HEAD));
    return (head && readDeltaHeader(head)?.resultSize) ?? null;
  }

  #entryAt(offset: number): Entry | null {
    const entry = parsePackEntry(this.#bytesAt(offset, ENTRY_HEAD), offset);
    if (entry?.kind !== "delta") return entry;
    return { ...entry, base: typeof entry.base === "number" ? entry.base : this.#offsetOf(entry.base) };
  }

  #bytesAt(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.#size - position)));
    let done = 0;
    while (done < bytes.length) {
      const read = readSync(this.#handle, bytes, done, bytes.length - done, position + done);
      if (read === 0) break;
      done += read;
    }
    return bytes.subarray(0, done);
  }
}
