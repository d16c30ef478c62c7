import { createHash } from "node:crypto";
import { chmod, open } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import type { Sha256 } from "../../../src/domain/artifact/digest.ts";
import type { Pointer } from "../../../src/domain/artifact/pointer.ts";
import type { RegistryError } from "../../../src/errors.ts";

export function pointerTo(bytes: Uint8Array | string): Pointer {
  const content = Buffer.from(bytes);
  return { sha256: createHash("sha256").update(content).digest("hex") as Sha256, size: content.length };
}

export async function* stream(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

/** Damages one byte of a file, read-only or not; its size stays. Later than the file's own times by a clock tick. */
export async function flipByte(path: string, at = 0): Promise<void> {
  await setTimeout(12);
  await chmod(path, 0o644);
  const handle = await open(path, "r+");
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
  await handle.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at);
  await handle.close();
}

/** The RegistryError that the promise ends with. */
export async function failure(promise: Promise<unknown>): Promise<RegistryError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof Error && error.name === "RegistryError") return error as RegistryError;
  throw new Error(`expected a RegistryError, got ${String(error)}`, { cause: error });
}
