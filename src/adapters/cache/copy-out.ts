import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Artifact } from "../../domain/artifact/artifact.ts";
import type { FileOrigin, LaidOutFile } from "../../ports/model-cache.ts";
import { inParallel } from "../system/in-parallel.ts";
import { AT_ONCE, gatherObjects } from "./gather-objects.ts";
import type { MaterialiseRequest } from "./materialise-version.ts";
import { copyMatches, lookAt } from "./object-cache.ts";
import { type Destination, placeDirectory } from "./place-directory.ts";
import { besideArtifacts, chosenArtifacts } from "./version-files.ts";

export type CopyOutRequest = MaterialiseRequest & { readonly destination: Destination };

/** See `ModelCache.copyOut`. */
export async function copyOut(request: CopyOutRequest): Promise<readonly LaidOutFile[]> {
  return placeDirectory(request.destination, async (root) => {
    const files = await writeArtifacts(request, root);
    for (const [name, bytes] of besideArtifacts(request.version)) {
      await writeFile(join(root, name), bytes, { mode: 0o644 });
    }
    return files;
  });
}

/** Every file is hashed while it is copied, so no stamp is asked and `verify` changes nothing. */
async function writeArtifacts(request: CopyOutRequest, root: string): Promise<readonly LaidOutFile[]> {
  const { layout, objects, source, options } = request;
  const artifacts = chosenArtifacts(request.version);
  const copy = (artifact: Artifact, from: string): Promise<boolean> => {
    const { path, sha256, size } = artifact;
    const as = join(request.destination.directory, path);
    const copying = { durable: false, mode: 0o644, onBytes: options.onBytes, as };
    return copyMatches({ from, to: join(root, path), pointer: { sha256, size } }, copying);
  };
  const origins = await inParallel(artifacts, AT_ONCE, async (artifact): Promise<FileOrigin> => {
    await mkdir(dirname(join(root, artifact.path)), { recursive: true });
    if (artifact.size === 0) {
      await writeFile(join(root, artifact.path), "", { mode: 0o644 });
      return "cache";
    }
    const cached = layout.object(artifact.sha256);
    if (lookAt(cached) === null) return "lfs";
    if (await copy(artifact, cached)) return "cache";
    await objects.setAside(artifact);
    return "lfs";
  });
  const left = artifacts.filter((_, index) => origins[index] === "lfs");
  const wanted = left.map((artifact) => ({ artifact, pointer: { sha256: artifact.sha256, size: artifact.size } }));
  await gatherObjects(wanted, { source, sink: objects.sink }, ({ artifact }, from) => copy(artifact, from));
  return artifacts.map((artifact, index) => ({ artifact, origin: origins[index] ?? "cache" }));
}
