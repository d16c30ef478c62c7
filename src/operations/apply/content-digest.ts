import { isSha256, type Sha256 } from "../../domain/artifact/digest.ts";
import { invariant } from "../../errors.ts";

/** The sha256 of a text's UTF-8 bytes, by the platform's own Web Crypto. */
export async function contentDigest(text: string): Promise<Sha256> {
  const digest = await globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  invariant(isSha256(hex), "a sha256 has 64 hex digits");
  return hex;
}
