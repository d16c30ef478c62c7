import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Artifact } from "../../domain/artifact/artifact.ts";
import { EMPTY_SHA256 } from "../../domain/artifact/pointer.ts";
import { RegistryError } from "../../errors.ts";
import type { Materialisation } from "../../ports/model-cache.ts";
import { diskError, errnoOf } from "../system/disk-error.ts";
import { inParallel } from "../system/in-parallel.ts";
import { AT_ONCE } from "./gather-objects.ts";
import { type Checking, type FileState, lookAt, type ObjectCache } from "./object-cache.ts";

/** The artifacts that are laid out. Throws `digest-mismatch` where a manifest gives no bytes another digest than theirs. */
export function chosenArtifacts({ artifacts, role }: Materialisation): readonly Artifact[] {
  const chosen = artifacts.filter((artifact) => role === null || artifact.role === role);
  const lying = chosen.find(({ size, sha256 }) => size === 0 && sha256 !== EMPTY_SHA256);
  if (lying === undefined) return chosen;
  throw new RegistryError("digest-mismatch", `${lying.path} has 0 bytes and a sha256 that is not that of no bytes`);
}

/** The documents beside the artifacts, with their exact bytes. */
export function besideArtifacts(version: Materialisation): ReadonlyMap<string, Uint8Array> {
  const manifest = new Map([["manifest.yaml", version.manifest]]);
  return version.card === null ? manifest : manifest.set("README.md", version.card);
}

/** Whether a materialised version is whole: exactly its files, no symlink, every byte as the manifest says. */
export async function inspectVersion(
  { version, directory, objects }: { version: Materialisation; directory: string; objects: ObjectCache },
  checking: Checking,
): Promise<FileState> {
  const root = lookAt(directory);
  if (root === null) return "absent";
  const artifacts = chosenArtifacts(version);
  const documents = besideArtifacts(version);
  const expected = [...documents.keys(), ...artifacts.map(({ path }) => path)].sort();
  const found = root.isDirectory() ? filesBelow(directory) : null;
  if (found === null || found.length !== expected.length) return "damaged";
  if (!found.sort().every((path, index) => path === expected[index])) return "damaged";
  for (const [name, bytes] of documents) {
    if (!holds(join(directory, name), bytes)) return "damaged";
  }
  const states = await inParallel(artifacts, AT_ONCE, ({ path, sha256, size }) =>
    objects.check(join(directory, path), { sha256, size }, checking),
  );
  return states.every((state) => state === "intact") ? "intact" : "damaged";
}

function holds(path: string, bytes: Uint8Array): boolean {
  try {
    return readFileSync(path).equals(bytes);
  } catch (error) {
    throw diskError("read", path, error);
  }
}

/** Paths of the regular files below a directory, `/` between segments; null if there is anything but files and folders. */
function filesBelow(directory: string, prefix = ""): string[] | null {
  try {
    const files: string[] = [];
    for (const entry of readdirSync(join(directory, prefix), { withFileTypes: true })) {
      const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      if (!entry.isFile() && !entry.isDirectory()) return null;
      const below = entry.isFile() ? [path] : filesBelow(directory, path);
      if (below === null) return null;
      files.push(...below);
    }
    return files;
  } catch (error) {
    if (errnoOf(error) !== null) return null;
    throw error;
  }
}
