import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Artifact } from "../../domain/artifact/artifact.ts";
import { RegistryError } from "../../errors.ts";
import type { LaidOutFile } from "../../ports/model-cache.ts";
import { copyByKernel } from "../system/durable-copy.ts";
import { inParallel } from "../system/in-parallel.ts";
import { takeLease } from "../system/lease.ts";
import { AT_ONCE, fetchObjects, takeLocated, unique } from "./gather-objects.ts";
import type { MaterialiseRequest } from "./materialise-version.ts";
import { copyMatches, lookAt } from "./object-cache.ts";
import { type Destination, placeDirectory } from "./place-directory.ts";
import { besideArtifacts, chosenArtifacts } from "./version-files.ts";

export type CopyOutRequest = MaterialiseRequest & { readonly destination: Destination };

export interface CopiedOut {
  readonly files: readonly LaidOutFile[];
  /** Whether the cache holds more than before. */
  readonly isNew: boolean;
}

/** See `ModelCache.copyOut`. */
export async function copyOut(request: CopyOutRequest): Promise<CopiedOut> {
  return placeDirectory(request.destination, (root) =>
    request.uses.during(request.version, async () => {
      const copied = await writeArtifacts(request, root);
      for (const [name, bytes] of besideArtifacts(request.version)) {
        await writeFile(join(root, name), bytes, { mode: 0o644 });
      }
      request.objects.stamps.settle();
      return copied;
    }),
  );
}

/** First what the cache has, then what the source has at hand, then what has to be fetched, which goes through the cache. */
async function writeArtifacts(request: CopyOutRequest, root: string): Promise<CopiedOut> {
  const { objects, uses, source } = request;
  const artifacts = chosenArtifacts(request.version);
  for (const folder of new Set(artifacts.map(({ path }) => dirname(join(root, path))))) {
    await mkdir(folder, { recursive: true });
  }
  uses.note(unique(artifacts).map(({ sha256 }) => sha256));
  const cached = await inParallel(artifacts, AT_ONCE, (artifact) => copyCached(request, artifact, root));
  const absent = artifacts.filter((_, index) => cached[index] === false).map(asWanted);
  const left = await takeLocated(absent, source, ({ artifact }, from) =>
    copyHashing(request, artifact, { from, root }),
  );
  const pointers = unique(left.map(({ artifact }) => artifact));
  if (pointers.length > 0) await fetchAlone(request, pointers);
  // The source has told of the fetched bytes.
  const silent = { ...request, options: { ...request.options, onBytes: () => undefined } };
  const copied = await inParallel(left, AT_ONCE, ({ artifact }) => copyCached(silent, artifact, root));
  if (copied.includes(false)) {
    throw new RegistryError("disk", "the cache lost an object while it was copied", {
      hint: "the same command again",
      retryable: true,
    });
  }
  objects.stamps.settle();
  const lacked = new Set(absent.map(({ artifact }) => artifact));
  const files = artifacts.map((artifact) => ({ artifact, origin: originOf(lacked.has(artifact)) }));
  return { files, isNew: pointers.length > 0 };
}

async function fetchAlone(request: CopyOutRequest, pointers: ReturnType<typeof unique>): Promise<void> {
  const lease = await takeLease(request.layout.fetching(request.version));
  try {
    await fetchObjects(pointers, { ...request, onBytes: request.options.onBytes });
    request.objects.stamps.settle();
  } finally {
    await lease.release();
  }
}

/** Answers false where the cache has no good object; a damaged one is set aside. */
async function copyCached(request: CopyOutRequest, artifact: Artifact, root: string): Promise<boolean> {
  const { layout, objects, options } = request;
  if (artifact.size === 0) {
    await writeFile(join(root, artifact.path), "", { mode: 0o644 });
    return true;
  }
  const from = layout.object(artifact.sha256);
  const before = lookAt(from);
  if (before === null) return false;
  const isKnown = before.size === BigInt(artifact.size) && objects.stamps.vouchFor(artifact.sha256, before);
  if (isKnown && !options.verify && (await copyKnown(request, artifact, { from, root }))) return true;
  if (await copyHashing(request, artifact, { from, root })) {
    if (!objects.stamps.needSync) objects.stamps.record(artifact.sha256, before);
    return true;
  }
  await objects.setAside(artifact);
  return false;
}

interface Copying {
  readonly from: string;
  readonly root: string;
}

/** A file that was not touched from before to after its copy gave the bytes that its stamp stands for. */
async function copyKnown(request: CopyOutRequest, artifact: Artifact, { from, root }: Copying): Promise<boolean> {
  const to = join(root, artifact.path);
  const as = join(request.destination.directory, artifact.path);
  const isCopied = await copyByKernel(from, to, { mode: 0o644, as, size: artifact.size });
  const after = lookAt(from);
  if (!isCopied) return false;
  if (after === null || !request.objects.stamps.vouchFor(artifact.sha256, after)) {
    await rm(to, { force: true });
    return false;
  }
  request.options.onBytes?.(artifact.size);
  return true;
}

async function copyHashing(request: CopyOutRequest, artifact: Artifact, { from, root }: Copying): Promise<boolean> {
  const { path, sha256, size } = artifact;
  const as = join(request.destination.directory, path);
  const copying = { durable: false, mode: 0o644, onBytes: request.options.onBytes, as };
  return copyMatches({ from, to: join(root, path), pointer: { sha256, size } }, copying);
}

function asWanted(artifact: Artifact) {
  return { artifact, pointer: { sha256: artifact.sha256, size: artifact.size } };
}

function originOf(lacked: boolean): LaidOutFile["origin"] {
  return lacked ? "lfs" : "cache";
}
