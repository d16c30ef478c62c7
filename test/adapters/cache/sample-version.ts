import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openModelCache } from "../../../src/adapters/cache/model-cache.ts";
import { openLocalStore } from "../../../src/adapters/lfs/local-store.ts";
import type { Artifact } from "../../../src/domain/artifact/artifact.ts";
import type { ArtifactPath } from "../../../src/domain/artifact/artifact-path.ts";
import type { Sha256 } from "../../../src/domain/artifact/digest.ts";
import type { Pointer } from "../../../src/domain/artifact/pointer.ts";
import type { ObjectId } from "../../../src/domain/object-id.ts";
import { RegistryError } from "../../../src/errors.ts";
import type { Materialisation, ObjectSource } from "../../../src/ports/model-cache.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { pointerTo, stream } from "../lfs/objects.ts";

export interface SampleFile {
  readonly content: string | Uint8Array;
  readonly role?: string;
}

export function sampleVersion(
  files: Readonly<Record<string, SampleFile | string>>,
  overrides: Partial<Materialisation> = {},
): Materialisation {
  const artifacts = Object.entries(files).map(([path, file]): Artifact => {
    const { content, role = "model" } = typeof file === "string" ? { content: file } : file;
    return { path: path as ArtifactPath, role, format: "binary", ...pointerTo(content) };
  });
  const tree = pointerTo(JSON.stringify(artifacts)).sha256.slice(0, 40) as ObjectId;
  const manifest = Buffer.from(`schemaVersion: 1\n# ${tree}\n`);
  return { tree, artifacts, manifest, card: Buffer.from("# Card\n"), role: null, ...overrides };
}

/** A cache, an LFS store as its source, and a far place that `fetch` brings objects from. */
export async function sampleCache() {
  const directory = await tempDir();
  const cacheDirectory = join(directory, "cache");
  const store = openLocalStore({ commonDir: directory, storage: join(directory, "lfs") });
  const far = new Map<Sha256, string | Uint8Array>();
  const fetched: Pointer[][] = [];
  const reported: Pointer[] = [];
  const source: ObjectSource = {
    async locate(pointer) {
      const path = store.pathOf(pointer.sha256);
      return (await store.check(pointer)) === "missing" ? null : path;
    },
    async fetch(pointers, sink) {
      fetched.push([...pointers]);
      for (const pointer of pointers) {
        const content = far.get(pointer.sha256);
        if (content !== undefined) await sink.receive(pointer, stream(content));
      }
    },
    async reportCorrupt(pointer) {
      reported.push(pointer);
      await store.quarantine(pointer);
    },
  };
  const put = async (...contents: readonly (string | Uint8Array)[]): Promise<void> => {
    for (const content of contents) {
      await writeFile(join(directory, "file"), content);
      await store.ingest(join(directory, "file"));
    }
  };
  const cache = openModelCache({ directory: cacheDirectory });
  return { directory, cacheDirectory, cache, store, source, far, fetched, reported, put };
}

/** Every file below a directory with its text. */
export async function contentsOf(directory: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  const texts = paths.sort().map(async (path) => [path.slice(directory.length + 1), await readFile(path, "utf8")]);
  return Object.fromEntries(await Promise.all(texts)) as Readonly<Record<string, string>>;
}

/** A source that has nothing and must not be asked. */
export const unreachable: ObjectSource = {
  async locate() {
    return null;
  },
  async fetch() {
    throw new RegistryError("network", "the network is down", { retryable: true });
  },
  async reportCorrupt() {},
};
