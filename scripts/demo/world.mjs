import { chmod, cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DemoBroken } from "./terminal.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * A directory with everything that the demo touches: a copy of the example, the server, the registry, home and cache.
 * @param {{ directory?: string | undefined, embedded: boolean }} options
 */
export async function makeWorld({ directory, embedded }) {
  const path = await freshDirectory(directory);
  const example = join(path, "example");
  await cp(join(ROOT, "registry.example"), example, { recursive: true });
  await mkdir(join(path, "home"));
  await writePlayground(path);
  return {
    directory: path,
    /** Where the commands are typed. */
    example,
    program: join(ROOT, "bin/git-model.js"),
    environment: environmentOf(path, embedded),
    remove: () => removeTree(path),
  };
}

async function freshDirectory(wanted) {
  if (wanted === undefined) return realpath(await mkdtemp(join(tmpdir(), "git-model-demo-")));
  const path = resolve(wanted);
  await mkdir(path, { recursive: true });
  if ((await readdir(path)).length > 0) throw new DemoBroken(`${path} is not empty`);
  return realpath(path);
}

/** Nothing of the caller's Git, home or cache; a fixed person who types. */
function environmentOf(path, embedded) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(GIT|GITHUB|GH|XDG|FORCE_COLOR|NO_COLOR)(_|$)/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    HOME: join(path, "home"),
    XDG_CACHE_HOME: join(path, "home", ".cache"),
    XDG_CONFIG_HOME: join(path, "home", ".config"),
    GIT_CONFIG_GLOBAL: join(path, "home", ".gitconfig"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "ada",
    GIT_AUTHOR_EMAIL: "ada@example.org",
    GIT_COMMITTER_NAME: "ada",
    GIT_COMMITTER_EMAIL: "ada@example.org",
    GIT_MODEL_REGISTRY: join(path, "models"),
    ...(embedded ? { GIT_MODEL_GIT: "embedded" } : {}),
  };
}

/** What `. ./play.sh` needs so that `git model …` works there without an installation. */
async function writePlayground(path) {
  await mkdir(join(path, "bin"));
  await symlink(join(ROOT, "bin/git-model.js"), join(path, "bin/git-model"));
  await writeFile(
    join(path, "play.sh"),
    [
      "# Makes `git model` speak of this registry, in this shell alone.",
      `export PATH='${path}/bin':"$PATH"`,
      `export GIT_MODEL_REGISTRY='${path}/models' XDG_CACHE_HOME='${path}/home/.cache'`,
      `cd '${path}/example'`,
      "",
    ].join("\n"),
  );
}

/** The cache keeps versions read-only, which also keeps them from being removed. */
async function removeTree(path) {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755);
  await rm(path, { recursive: true, force: true });
}
