import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/** Writes man/git-model.1 and docs/commands.md from the command table. A test fails when they are not what this would write. */

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const folder = await mkdtemp(join(ROOT, "node_modules", ".manual-"));
try {
  const outfile = join(folder, "manual.mjs");
  await build({
    absWorkingDir: ROOT,
    entryPoints: ["src/cli/manual.ts"],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
  });
  const { manualFiles } = await import(pathToFileURL(outfile).href);
  for (const { path, text } of manualFiles()) {
    await mkdir(dirname(join(ROOT, path)), { recursive: true });
    await writeFile(join(ROOT, path), text);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
