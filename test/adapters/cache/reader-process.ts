/**
 * One process of many that read the same cache. Arguments: cache, LFS storage, version as JSON, how often; between two
 * rounds the version is damaged.
 */
import { chmod, rm } from "node:fs/promises";
import { openModelCache } from "../../../src/adapters/cache/model-cache.ts";
import { openLocalStore } from "../../../src/adapters/lfs/local-store.ts";
import type { Materialisation } from "../../../src/ports/model-cache.ts";

const [, , directory = "", storage = "", json = "", rounds = "1"] = process.argv;
const parsed = JSON.parse(json) as Materialisation & { readonly manifest: string };
const version: Materialisation = { ...parsed, manifest: Buffer.from(parsed.manifest), card: null };
const store = openLocalStore({ commonDir: storage, storage });
const cache = openModelCache({ directory });

for (let round = 0; round < Number(rounds); round += 1) {
  const source = {
    locate: async (pointer: Parameters<typeof store.check>[0]) => store.pathOf(pointer.sha256),
    fetch: async () => undefined,
    reportCorrupt: async () => undefined,
  };
  const { path } = await cache.materialise(version, source, { verify: false });
  process.stdout.write(`${path}\n`);
  if (round + 1 === Number(rounds)) break;
  await chmod(path, 0o755);
  await rm(`${path}/manifest.yaml`);
  await chmod(path, 0o555);
}
