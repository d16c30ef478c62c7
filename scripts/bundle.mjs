import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { noticesOf } from "./third-party-notices.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const STAMP = "dist/.bundled";
const WATCHED = ["src", "scripts", "package.json", "package-lock.json"];

const ENTRIES = [
  { in: "src/index.ts", out: "index" },
  { in: "src/cli/main.ts", out: "cli/main" },
];

/** isomorphic-git's dependencies are CommonJS and ask for Node's modules through `require`, which ESM lacks. */
const BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/**
 * Bundles src/ into dist/. Every file is written beside and renamed, entries after the chunks they name, so a
 * program that runs from dist/ meanwhile never reads half a file.
 * @param {{ prune?: boolean }} [options] prune: remove what an earlier bundle left behind
 */
export async function bundle({ prune = false } = {}) {
  const { build } = await import("esbuild");
  const started = Date.now();
  const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: presentEntries(),
    outdir: "dist",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    chunkNames: "chunks/[name]-[hash]",
    define: { GIT_MODEL_VERSION: JSON.stringify(version) },
    banner: { js: BANNER },
    legalComments: "none",
    minifySyntax: true,
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  const entries = new Set(ENTRIES.map(({ out }) => join(ROOT, `dist/${out}.js`)));
  const files = result.outputFiles.toSorted((a, b) => Number(entries.has(a.path)) - Number(entries.has(b.path)));
  for (const file of files) await replace(file.path, file.contents);
  await replace(join(ROOT, "dist/THIRD-PARTY-NOTICES"), await noticesOf(ROOT, Object.keys(result.metafile.inputs)));
  if (prune) await removeAllBut(new Set(files.map((file) => file.path)));
  await replace(join(ROOT, STAMP), `${started}\n`);
  return { files: files.length, bytes: files.reduce((sum, file) => sum + file.contents.length, 0) };
}

/** Bundles only where a source is newer than the last bundle. */
export async function bundleIfStale() {
  const stamp = Number(await readFile(join(ROOT, STAMP), "utf8").catch(() => "0"));
  const newest = Math.max(...(await Promise.all(WATCHED.map((path) => newestIn(join(ROOT, path))))));
  if (newest < stamp) return false;
  await bundle();
  return true;
}

function presentEntries() {
  const present = ENTRIES.filter((entry) => existsSync(join(ROOT, entry.in)));
  for (const entry of ENTRIES) if (!present.includes(entry)) console.error(`${entry.in} does not exist yet: skipped`);
  return present;
}

async function replace(path, contents) {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.tmp`;
  await writeFile(beside, contents);
  await rename(beside, path);
}

async function removeAllBut(keep) {
  for (const entry of await readdir(join(ROOT, "dist"), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const ours = !relative(join(ROOT, "dist"), path).startsWith("types");
    if (ours && entry.isFile() && /\.(js|tmp)$/.test(entry.name) && !keep.has(path)) await rm(path, { force: true });
  }
}

async function newestIn(path) {
  const found = await stat(path).catch(() => null);
  if (found === null) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  const names = await readdir(path);
  return Math.max(found.mtimeMs, ...(await Promise.all(names.map((name) => newestIn(join(path, name))))));
}
