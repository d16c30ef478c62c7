import { readSync } from "node:fs";

const WINDOW = 1024 * 1024;

/** Bytes of a finished file; what would lie behind its end is left out. */
export class PackBytes {
  readonly size: number;
  readonly #handle: number;
  #window: Buffer = Buffer.alloc(0);
  #from = 0;
  #until = 0;

  constructor(handle: number, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  /** For reading from front to back: a large piece is read at once. The bytes are good until the next call. */
  along(position: number, length: number): Buffer {
    const end = Math.min(position + length, this.size);
    if (position < this.#from || end > this.#until) {
      const wanted = Math.max(end - position, Math.min(WINDOW, this.size - position), 0);
      if (this.#window.length < wanted) this.#window = Buffer.allocUnsafeSlow(wanted);
      this.#from = position;
      this.#until = position + this.#read(this.#window.subarray(0, wanted), position);
    }
    return this.#window.subarray(position - this.#from, Math.max(end, position) - this.#from);
  }

  /** For reading here and there. */
  at(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.size - position)));
    return bytes.subarray(0, this.#read(bytes, position));
  }

  #read(bytes: Buffer, position: number): number {
    let done = 0;
    while (done < bytes.length) {
      const read = readSync(this.#handle, bytes, done, bytes.length - done, position + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  }
}
