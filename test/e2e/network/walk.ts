import { createHash, randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Adapter } from "../../support/registry.ts";
import { emptyHost, type Host, type HostKind } from "./hosts.ts";
import { type Person, personAt } from "./person.ts";

/** A model file as training writes it: larger than what git-lfs would keep in one chunk. */
export function modelFile(): Buffer {
  return randomBytes(700_001);
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A registry on a host with `fraud` 1.0.0 on production, and who made it: her clone is `models`. */
export async function publishedRegistry(kind: HostKind, adapter: Adapter) {
  const host = await emptyHost(kind);
  const ada = await personAt(host, adapter);
  await ada.git(["init", "-q", "-b", "main", "models"]);
  await ada.git(["remote", "add", "origin", host.url], { at: "models" });
  await ada.model(["init", "models", "--name", "acme-models", "--stages", "staging,production"]);
  const bytes = modelFile();
  await registerFraud(ada, "1.0.0", bytes);
  for (const stage of ["staging", "production"]) {
    const moved = await ada.model(["promote", "fraud@1.0.0", "--to", stage, "--direct"], { at: "models" });
    expect(moved).toMatchObject({ kind: "released", stage, to: "1.0.0" });
  }
  return { host, ada, bytes };
}

/** Registers a version from the clone `models`; answers the document. */
export async function registerFraud(person: Person, version: string, bytes: Uint8Array, ...more: readonly string[]) {
  await person.write("model.onnx", bytes);
  const words = ["register", "fraud", "../model.onnx", "--version", version, "--metric", "f1=0.9", ...more];
  const answer = await person.model(words, { at: "models" });
  expect(answer).toMatchObject({ version, created: true, artifacts: [{ sha256: sha256(bytes), size: bytes.length }] });
  return answer;
}

/** Somebody who knows the address alone, with nothing in his cache. */
export async function stranger(host: Host, adapter: Adapter): Promise<Person> {
  return personAt(host, adapter, { GIT_MODEL_REGISTRY: host.url });
}
