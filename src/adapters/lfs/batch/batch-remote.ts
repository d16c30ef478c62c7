import type { ArtifactRemote } from "../../../ports/artifact-store.ts";
import { askMissing } from "./ask-missing.ts";
import type { BatchWorld } from "./batch-world.ts";
import { downloadObjects } from "./download-objects.ts";
import { uploadObjects } from "./upload-objects.ts";

/** The LFS side of a remote that is a server: the batch API with basic transfers. */
export function openBatchRemote(world: BatchWorld): ArtifactRemote {
  return {
    name: world.name,
    missing: (pointers) => askMissing(world, pointers),
    upload: (pointers, progress) => uploadObjects(world, pointers, progress),
    download: (pointers, sink, progress) => downloadObjects(world, { pointers, sink }, progress),
  };
}
