import { randomInt } from "node:crypto";
import type { ObjectId } from "../../../domain/object-id.ts";

const ID = 20;
const WORDS = ID / 4;

/**
 * A set of object names as bytes: trees of a large registry name the same objects millions of times, and making each a
 * string first would take longer than all else. Hashed with a secret, so that no pack can choose what collides.
 */
export class IdSet {
  #size = 0;
  #capacity = 1024;
  #ids = Buffer.alloc(1024 * ID);
  #used = new Uint8Array(1024);
  readonly #secrets = Int32Array.from({ length: WORDS }, () => randomInt(2 ** 31) | 1);

  get size(): number {
    return this.#size;
  }

  /** Adds the name that stands at a place of these bytes. */
  add(bytes: Buffer, at: number): void {
    const slot = this.#slotOf(bytes, at);
    if (this.#used[slot] === 1) return;
    bytes.copy(this.#ids, slot * ID, at, at + ID);
    this.#used[slot] = 1;
    this.#size += 1;
    if (this.#size * 2 > this.#capacity) this.#grow();
  }

  *[Symbol.iterator](): Generator<ObjectId> {
    for (let slot = 0; slot < this.#capacity; slot++) {
      if (this.#used[slot] === 1) yield this.#ids.toString("hex", slot * ID, (slot + 1) * ID) as ObjectId;
    }
  }

  /** Where the name is, or belongs. */
  #slotOf(bytes: Buffer, at: number): number {
    let hash = 0;
    for (let word = 0; word < WORDS; word++) {
      hash = Math.imul(hash ^ bytes.readInt32LE(at + word * 4), this.#secrets[word] ?? 1);
      hash ^= hash >>> 15;
    }
    for (let slot = hash & (this.#capacity - 1); ; slot = (slot + 1) & (this.#capacity - 1)) {
      if (this.#used[slot] === 0 || this.#isAt(slot, bytes, at)) return slot;
    }
  }

  #isAt(slot: number, bytes: Buffer, at: number): boolean {
    for (let offset = 0; offset < ID; offset += 4) {
      if (this.#ids.readInt32LE(slot * ID + offset) !== bytes.readInt32LE(at + offset)) return false;
    }
    return true;
  }

  #grow(): void {
    const [ids, used] = [this.#ids, this.#used];
    this.#capacity *= 2;
    this.#ids = Buffer.alloc(this.#capacity * ID);
    this.#used = new Uint8Array(this.#capacity);
    for (let old = 0; old < used.length; old++) {
      if (used[old] === 0) continue;
      const slot = this.#slotOf(ids, old * ID);
      ids.copy(this.#ids, slot * ID, old * ID, (old + 1) * ID);
      this.#used[slot] = 1;
    }
  }
}
