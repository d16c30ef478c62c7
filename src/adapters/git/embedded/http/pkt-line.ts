import { setTimeout as sleep } from "node:timers/promises";
import { RegistryError } from "../../../../errors.ts";
import { printable } from "../../printable.ts";

/** What Git's wire format is made of: lines of data, and three marks. */
export type Packet =
  | { readonly kind: "data"; readonly bytes: Buffer }
  | { readonly kind: "flush" | "delimiter" | "response-end" };

export const FLUSH = "0000";
export const DELIMITER = "0001";

/** Git's own limit, the four digits of the length included. */
const LONGEST = 65_520;
const GRACE_MS = 500;
const MARKS: Readonly<Record<number, Packet>> = {
  0: { kind: "flush" },
  1: { kind: "delimiter" },
  2: { kind: "response-end" },
};

/** A line as it is sent: its length in four hex digits, then the text. */
export function packet(text: string): string {
  return `${(Buffer.byteLength(text) + 4).toString(16).padStart(4, "0")}${text}`;
}

export interface PacketSource {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Who answers, for messages. */
  readonly from: string;
  /** More bytes than this are refused. */
  readonly limit: number;
}

/**
 * Takes an answer apart, packet by packet, holding no more than one of them. Throws `git-failed` for what is no packet,
 * for an `ERR` line and beyond the limit; `network` (retryable) where the answer is cut off within a packet.
 */
export class PacketReader {
  readonly from: string;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #limit: number;
  #pending: Buffer = Buffer.alloc(0);
  #total = 0;

  constructor({ bytes, from, limit }: PacketSource) {
    this.from = from;
    this.#chunks = bytes[Symbol.asyncIterator]();
    this.#limit = limit;
  }

  /** The next packet; null where the answer ends. */
  async next(): Promise<Packet | null> {
    if (!(await this.#fill(4))) {
      if (this.#pending.length === 0) return null;
      throw cutOff(this.from);
    }
    const length = lengthOf(this.#pending);
    if (length === null || length === 3 || length > LONGEST) throw notGit(this.from);
    this.#pending = this.#pending.subarray(4);
    const mark = MARKS[length];
    if (mark !== undefined) return mark;
    if (!(await this.#fill(length - 4))) throw cutOff(this.from);
    const bytes = this.#pending.subarray(0, length - 4);
    this.#pending = this.#pending.subarray(length - 4);
    return { kind: "data", bytes };
  }

  /** The next packet as text without its line feed; null for a mark. Throws as `textOf`, and `network` at the end. */
  async line(): Promise<string | null> {
    const next = await this.next();
    if (next === null) throw cutOff(this.from);
    return next.kind === "data" ? textOf(next.bytes, this.from) : null;
  }

  /** Waits a moment for the end of an answer that was read to its last packet: then its connection can be used again. */
  async end(): Promise<void> {
    const moment = sleep(GRACE_MS, undefined, { ref: false });
    await Promise.race([this.#chunks.next().catch(() => undefined), moment]);
  }

  async #fill(size: number): Promise<boolean> {
    if (this.#pending.length >= size) return true;
    const parts = [this.#pending];
    for (let length = this.#pending.length; length < size; ) {
      const { done, value } = await this.#chunks.next();
      if (done === true) {
        this.#pending = Buffer.concat(parts);
        return false;
      }
      this.#total += value.byteLength;
      if (this.#total > this.#limit) throw tooLong(this.from, this.#limit);
      parts.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
      length += value.byteLength;
    }
    this.#pending = Buffer.concat(parts);
    return true;
  }
}

/** A packet's text. Throws `git-failed`, `not-found` for an `ERR` line. */
export function textOf(bytes: Buffer, from: string): string {
  const text = bytes.toString("utf8").replace(/\n$/, "");
  if (text.startsWith("ERR ")) throw remoteSays(from, text.slice(4));
  return text;
}

/** What the other side said went wrong, in its own words. */
export function remoteSays(from: string, words: string): RegistryError {
  const said = printable(words).slice(0, 300);
  if (/not our ref/i.test(said)) {
    const message = `${from} does not give an object that was asked for: ${said}`;
    return new RegistryError("not-found", message, { hint: "run it again: its refs may have moved meanwhile" });
  }
  return new RegistryError("git-failed", `${from} refused: ${said}`, { hint: "the server's own log may say more" });
}

export function notGit(from: string, what = "what it answered is not Git's protocol"): RegistryError {
  return new RegistryError("git-failed", `${from} is no Git server: ${what}`, {
    hint: "check the address (git remote -v, or the URL that was named)",
  });
}

export function cutOff(from: string): RegistryError {
  return new RegistryError("network", `the answer of ${from} is cut off`, {
    retryable: true,
    hint: "run it again",
  });
}

function tooLong(from: string, limit: number): RegistryError {
  return new RegistryError("git-failed", `${from} answered with more than ${limit} bytes`, {
    hint: "install git and set GIT_MODEL_GIT=native if that is right",
  });
}

/** Four hex digits in either case. */
function lengthOf(bytes: Buffer): number | null {
  const text = bytes.toString("latin1", 0, 4);
  return /^[0-9a-fA-F]{4}$/.test(text) ? Number.parseInt(text, 16) : null;
}
