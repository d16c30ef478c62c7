import { RegistryError } from "../../errors.ts";
import type { Signature } from "../../ports/git-store.ts";
import { decodeText } from "./git-text.ts";

/** `name <email> seconds zone` as it stands after `author `, given as latin1; null when it is not of that form. */
export function parseSignature(line: string): Signature | null {
  const match = SIGNATURE.exec(line);
  if (match === null) return null;
  const [, raw = "", name = "", email = "", seconds = "", zone = ""] = match;
  if (!Number.isSafeInteger(Number(seconds))) return null;
  return { name: fromLatin1(name).trimEnd(), email: fromLatin1(email), seconds: Number(seconds), zone, raw };
}

/**
 * The bytes of a signature line. A `raw` identity is written as it is; a new one is refused (`usage`) when its name
 * or address has control characters or `<>`, which would forge headers.
 */
export function formatSignature(signature: Signature): Buffer {
  const identity = signature.raw === undefined ? freshIdentity(signature) : knownIdentity(signature.raw);
  if (!Number.isSafeInteger(signature.seconds) || signature.seconds < 0) {
    throw new RegistryError("usage", `The date ${signature.seconds} of ${signature.name} is not a time since 1970.`);
  }
  if (!/^[+-][0-9]{4}$/.test(signature.zone)) {
    throw new RegistryError("usage", `The time zone of ${printable(signature.name)} is not of the form +0000.`);
  }
  return Buffer.concat([identity, Buffer.from(` ${signature.seconds} ${signature.zone}`)]);
}

// Tolerates a missing space before the address, as git's own reader does.
const SIGNATURE = /^(([^<>\n\0]*)<([^<>\n\0]*)>) ([0-9]{1,16}) ([+-][0-9]{4})$/;
const RAW_IDENTITY = /^[^<>\n\0]*<[^<>\n\0]*>$/;
const FORGING = /[\p{Cc}<>]/u;

function freshIdentity({ name, email }: Signature): Buffer {
  for (const part of [name, email]) {
    if (!FORGING.test(part)) continue;
    throw new RegistryError("usage", `The identity ${printable(name)} has control characters or < > in it.`, {
      hint: "git config user.name and git config user.email set another one",
    });
  }
  return Buffer.from(`${name} <${email}>`, "utf8");
}

function knownIdentity(raw: string): Buffer {
  const bytes = Buffer.from(raw, "latin1");
  if (RAW_IDENTITY.test(raw) && bytes.toString("latin1") === raw) return bytes;
  throw new RegistryError("usage", `The identity ${printable(raw)} is not of the form "name <address>".`);
}

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

function fromLatin1(text: string): string {
  return decodeText(Buffer.from(text, "latin1"));
}
