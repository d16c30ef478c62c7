import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deflateSync } from "node:zlib";
import type { ObjectId } from "../../../domain/object-id.ts";
import { touch, writeAtomically } from "../../system/atomic-file.ts";
import { diskError, errnoOf } from "../../system/disk-error.ts";
import { syncDirectory } from "../../system/durable-directory.ts";
import type { ObjectKind } from "../object-format.ts";
import { inflateExactly, inflateHead } from "./inflate.ts";
import { damaged, type StoredObject } from "./stored-object.ts";

/** As much of a file as its header needs. */
const HEAD_BYTES = 4096;
const HEADER = /^(blob|tree|commit|tag) (0|[1-9][0-9]{0,15})\0/;

/** The object's file below `objects/`. */
export function looseObjectPath(objects: string, id: ObjectId): string {
  return join(objects, id.slice(0, 2), id.slice(2));
}

/** Kind and size from the head of the file alone; `read` inflates the rest. Null when there is no file. Throws `disk`. */
export function findLooseObject(objects: string, id: ObjectId): StoredObject | null {
  const path = looseObjectPath(objects, id);
  const head = readHead(path);
  if (head === null) return null;
  const header = parseHeader(inflateHead(head.bytes));
  if (header === null) return damaged("its file is empty or damaged");
  return { ...header, read: () => readBody(path, header) };
}

/**
 * Writes an object durably. A file that is there already is trusted only when it inflates to exactly this object; an
 * empty, torn or foreign one, which a killed process can leave behind, is replaced. Throws `disk`.
 */
export async function writeLooseObject(
  objects: string,
  id: ObjectId,
  object: { readonly kind: ObjectKind; readonly bytes: Uint8Array },
): Promise<void> {
  const path = looseObjectPath(objects, id);
  const content = Buffer.concat([Buffer.from(`${object.kind} ${object.bytes.length}\0`), object.bytes]);
  if (await keepExisting(path, content)) return;
  // git's own name for such files: its gc removes what a killed process leaves, its fsck passes over it.
  await writeAtomically(path, deflateSync(content), { mode: 0o444, prefix: "tmp_obj_" });
}

/** True when the file holds the object; then it is made young, as git does, so that a running gc spares it. */
async function keepExisting(path: string, content: Buffer): Promise<boolean> {
  const existing = readWhole(path);
  if (existing === null) return false;
  if (!inflateExactly(existing, content.length)?.equals(content)) {
    await rm(path, { force: true }).catch(() => undefined);
    return false;
  }
  await touch(path);
  return syncExisting(path);
}

/** Its writer may have been another program that does not sync. False when it vanished meanwhile. */
async function syncExisting(path: string): Promise<boolean> {
  try {
    const handle = await open(path, "r");
    await handle.sync().finally(() => handle.close());
    await syncDirectory(dirname(path));
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw diskError("write", path, error);
  }
}

function parseHeader(
  head: Buffer | null,
): { readonly kind: ObjectKind; readonly size: number; readonly skip: number } | null {
  const match = HEADER.exec(head?.toString("latin1", 0, 32) ?? "");
  if (match === null) return null;
  return { kind: match[1] as ObjectKind, size: Number(match[2]), skip: match[0].length };
}

function readBody(path: string, header: { readonly size: number; readonly skip: number }): Buffer | null {
  const file = readWhole(path);
  return (file && inflateExactly(file, header.skip + header.size)?.subarray(header.skip)) ?? null;
}

function readHead(path: string): { readonly bytes: Buffer } | null {
  return reading(path, () => {
    const handle = openSync(path, "r");
    try {
      const bytes = Buffer.allocUnsafe(Math.min(HEAD_BYTES, fstatSync(handle).size));
      return { bytes: bytes.subarray(0, readSync(handle, bytes, 0, bytes.length, 0)) };
    } finally {
      closeSync(handle);
    }
  });
}

function readWhole(path: string): Buffer | null {
  return reading(path, () => readFileSync(path));
}

function reading<T>(path: string, work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return null;
    throw diskError("read", path, error);
  }
}
