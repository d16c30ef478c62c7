import { crc32 } from "node:zlib";
import type { ObjectId } from "../../../domain/object-id.ts";
import { type ObjectKind, objectIdOf } from "../object-format.ts";
import { applyDelta, readDeltaHeader } from "./delta.ts";
import { deflatedBound, inflateExactly, inflateNext } from "./inflate.ts";
import type { PackBytes } from "./pack-bytes.ts";
import { DEEPEST_CHAIN, ENTRY_HEAD, PACK_HEAD, PACK_TAIL, parsePackEntry } from "./pack-entry.ts";
import type { IndexEntry } from "./pack-writer.ts";

/** One object of a pack, whole; its name was computed from its bytes. */
export interface ArrivedObject {
  readonly id: ObjectId;
  readonly kind: ObjectKind;
  readonly bytes: Buffer;
}

/** Why a pack is not taken. */
export class BadPack extends Error {}

/** The largest object of a pack, and of what a delta makes. GitHub, for one, takes no larger ones. */
export const LARGEST_ARRIVAL = 100 * 1024 * 1024;
/** More objects than this are refused. */
const MOST_OBJECTS = 2_000_000;
/** Bytes that may be inflated and made of deltas: so much for any pack, and so much for each of its bytes. */
const FREE_WORK = 512 * 1024 ** 2;
const WORK_PER_BYTE = 200;
/** Bytes of half-done delta chains in memory. */
const HELD_BYTES = 64 * 1024 * 1024;
/** Shortest entry: one byte of head, eight of an empty zlib stream. */
const SHORTEST_ENTRY = 9;

/** Number of objects that a pack announces, checked against its size. Throws `BadPack`. */
export function readPackHead(pack: PackBytes): number {
  const head = pack.at(0, PACK_HEAD);
  if (pack.size < PACK_HEAD + PACK_TAIL || head.toString("latin1", 0, 4) !== "PACK") {
    throw new BadPack("it is no pack");
  }
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw new BadPack(`its pack has the version ${version}`);
  const count = head.readUInt32BE(8);
  if (count > MOST_OBJECTS) throw new BadPack(`its pack has ${count} objects`);
  if (count > (pack.size - PACK_HEAD - PACK_TAIL) / SHORTEST_ENTRY) throw new BadPack("its pack is cut off");
  return count;
}

/**
 * Names every object of a pack by its own bytes: first those that stand for themselves, in the pack's order, then each
 * delta behind its base, depth first, so that no base is made twice. Sizes are known before anything is inflated, and
 * memory, depth and work are bounded. Every object is shown to `take` once. Throws `BadPack` for what is damaged, too
 * large, there twice, or a delta whose base the pack lacks.
 */
export function indexPack(pack: PackBytes, take: (object: ArrivedObject) => void): readonly IndexEntry[] {
  return new Indexer(pack, take).run();
}

interface Row {
  readonly offset: number;
  readonly dataAt: number;
  readonly size: number;
  readonly checksum: number;
  /** Deltas that name it by its place. */
  readonly children: Row[];
  id: ObjectId | null;
}

/** A step of the present delta chain. Its bytes may be let go: they can be made again from the step below. */
interface Step {
  readonly row: Row;
  readonly children: readonly Row[];
  bytes: Buffer | null;
  next: number;
}

class Indexer {
  readonly #pack: PackBytes;
  readonly #take: (object: ArrivedObject) => void;
  readonly #rows = new Map<number, Row>();
  readonly #byName = new Map<ObjectId, Row[]>();
  readonly #named = new Set<ObjectId>();
  #work: number;

  constructor(pack: PackBytes, take: (object: ArrivedObject) => void) {
    this.#pack = pack;
    this.#take = take;
    this.#work = FREE_WORK + WORK_PER_BYTE * pack.size;
  }

  run(): readonly IndexEntry[] {
    const roots = this.#scan(readPackHead(this.#pack));
    for (const { row, kind } of roots) this.#resolve(row, kind);
    if (this.#named.size < this.#rows.size) throw new BadPack("a delta of its pack has no base there");
    return [...this.#rows.values()].flatMap(({ id, offset, checksum }) =>
      id === null ? [] : { id, offset, checksum },
    );
  }

  /** Walks over all entries; answers those that deltas stand on. */
  #scan(count: number): readonly { readonly row: Row; readonly kind: ObjectKind }[] {
    const whole: { readonly row: Row; readonly kind: ObjectKind }[] = [];
    let offset = PACK_HEAD;
    for (let index = 0; index < count; index++) {
      const entry = parsePackEntry(this.#pack.along(offset, ENTRY_HEAD), offset);
      if (entry === null) throw new BadPack("an entry of its pack is damaged");
      this.#spend(entry.size);
      const inflated = inflateNext(this.#pack.along(entry.dataAt, deflatedBound(entry.size)), entry.size);
      if (inflated === null) throw new BadPack("an object of its pack is damaged");
      const end = entry.dataAt + inflated.used;
      if (end > this.#pack.size - PACK_TAIL) throw new BadPack("its pack is cut off");
      const checksum = crc32(this.#pack.along(offset, end - offset));
      const row: Row = { offset, dataAt: entry.dataAt, size: entry.size, checksum, children: [], id: null };
      this.#rows.set(offset, row);
      if (entry.kind === "delta") this.#await(row, entry.base);
      else {
        this.#name(row, entry.kind, inflated.bytes);
        whole.push({ row, kind: entry.kind });
      }
      offset = end;
    }
    if (offset !== this.#pack.size - PACK_TAIL) throw new BadPack("there is more in its pack than it says");
    return whole.filter(({ row }) => this.#childrenOf(row).length > 0);
  }

  #await(row: Row, base: number | ObjectId): void {
    if (typeof base === "string") {
      const waiting = this.#byName.get(base);
      if (waiting === undefined) this.#byName.set(base, [row]);
      else waiting.push(row);
      return;
    }
    const below = this.#rows.get(base);
    if (below === undefined) throw new BadPack("a delta of its pack has no base there");
    below.children.push(row);
  }

  #name(row: Row, kind: ObjectKind, bytes: Buffer): void {
    const id = objectIdOf(kind, bytes, "sha1");
    if (this.#named.has(id)) throw new BadPack(`the object ${id} is twice in its pack`);
    this.#named.add(id);
    row.id = id;
    this.#take({ id, kind, bytes });
  }

  #childrenOf({ children, id }: Row): readonly Row[] {
    const byName = id === null ? undefined : this.#byName.get(id);
    return byName === undefined ? children : [...children, ...byName];
  }

  /** Everything that stands on one whole object. */
  #resolve(root: Row, kind: ObjectKind): void {
    const chain: Step[] = [{ row: root, children: this.#childrenOf(root), bytes: null, next: 0 }];
    for (let step = chain.at(-1); step !== undefined; step = chain.at(-1)) {
      const child = step.children[step.next];
      step.next += 1;
      if (child === undefined) {
        chain.pop();
        continue;
      }
      if (chain.length > DEEPEST_CHAIN) throw new BadPack("a chain of deltas in its pack is too long");
      const bytes = this.#apply(child, this.#bytesOf(chain, chain.length - 1));
      this.#name(child, kind, bytes);
      const children = this.#childrenOf(child);
      if (children.length === 0) continue;
      chain.push({ row: child, children, bytes, next: 0 });
      letGo(chain);
    }
  }

  #bytesOf(chain: readonly Step[], index: number): Buffer {
    const step = chain[index];
    if (step === undefined) throw new BadPack("a delta of its pack has no base there");
    if (step.bytes !== null) return step.bytes;
    step.bytes = index === 0 ? this.#inflate(step.row) : this.#apply(step.row, this.#bytesOf(chain, index - 1));
    return step.bytes;
  }

  #apply(row: Row, base: Buffer): Buffer {
    const delta = this.#inflate(row);
    const size = readDeltaHeader(delta)?.resultSize ?? Number.POSITIVE_INFINITY;
    this.#spend(size);
    const made = applyDelta(base, delta);
    if (made === null) throw new BadPack("a delta of its pack is damaged");
    return made;
  }

  #inflate({ dataAt, size }: Row): Buffer {
    const bytes = inflateExactly(this.#pack.at(dataAt, deflatedBound(size)), size);
    if (bytes === null) throw new BadPack("an object of its pack is damaged");
    return bytes;
  }

  /** Before that many bytes are made. */
  #spend(size: number): void {
    if (size > LARGEST_ARRIVAL) throw new BadPack(`its pack has an object of more than ${LARGEST_ARRIVAL} bytes`);
    this.#work -= size;
    if (this.#work < 0) throw new BadPack("its pack makes too much of its few bytes");
  }
}

/** Keeps the memory of a chain in bounds: what is deepest in it is needed last. */
function letGo(chain: readonly Step[]): void {
  let held = chain.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
  for (const step of chain.slice(0, -1)) {
    if (held <= HELD_BYTES) return;
    held -= step.bytes?.length ?? 0;
    step.bytes = null;
  }
}
