import { RegistryError } from "../../../errors.ts";

/** Bytes that are not the object's: this object fails, the others go on. */
export function isMismatch(error: unknown): boolean {
  return error instanceof RegistryError && error.code === "digest-mismatch";
}
