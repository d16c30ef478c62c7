import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/** Writes schemas/*.json from the schemas in src/. A test fails when the files are not what this would write. */

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const folder = await mkdtemp(join(ROOT, "node_modules", ".schemas-"));
try {
  const outfile = join(folder, "json-schemas.mjs");
  const entryPoints = ["scripts/json-schemas.ts"];
  await build({
    absWorkingDir: ROOT,
    entryPoints,
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
  });
  const { jsonSchemaFiles } = await import(pathToFileURL(outfile).href);
  for (const { path, text } of jsonSchemaFiles()) await writeFile(join(ROOT, path), text);
} finally {
  await rm(folder, { recursive: true, force: true });
}
