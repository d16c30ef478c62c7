import { accepted, type Checked, type Parsed, refused } from "../parsed.ts";

/** 64 lower-case hex digits: the sha256 of an artifact's bytes, which is also its LFS object id. */
export type Sha256 = Checked<"Sha256">;

export function isSha256(text: string): text is Sha256 {
  return /^[0-9a-f]{64}$/.test(text);
}

export function parseSha256(text: string): Parsed<Sha256> {
  return isSha256(text) ? accepted(text) : refused("a sha256 is 64 lower-case hex digits");
}
