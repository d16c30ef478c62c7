import type { Checked } from "./parsed.ts";

/** The name of a Git object: 40 (sha1) or 64 (sha256) lower-case hex digits. */
export type ObjectId = Checked<"ObjectId">;

export function isObjectId(text: string): text is ObjectId {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}
