import { join } from "node:path";
import { startGitHttpServer } from "./git-http-server.ts";
import { tempDir, tempRepo } from "./temp-repo.ts";

/** A server over HTTP with three commits on a stage and a tag on each, made in `work`. */
export async function startStageServer({ allowFilter = true }: { readonly allowFilter?: boolean } = {}) {
  const root = await tempDir();
  const server = await tempRepo({ bare: true, path: join(root, "a.git") });
  const work = await tempRepo();
  for (const n of [1, 2, 3]) {
    await work.commit(`release ${n}`, { [`models/m${n}/manifest.yaml`]: `m${n}\n` });
    await work.git("tag", "-a", "-m", "v", `m${n}@v1.0.0`);
  }
  await work.git("push", "-q", "--tags", server.path, "HEAD:refs/heads/stage/production");
  if (allowFilter) await server.git("config", "uploadpack.allowFilter", "true");
  const { origin, requests } = await startGitHttpServer(root);
  return { server, work, url: `${origin}/a.git`, requests };
}
