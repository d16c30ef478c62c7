import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { RegistryError } from "../../../errors.ts";
import { diskError, errnoOf } from "../../system/disk-error.ts";
import { syncDirectory } from "../../system/durable-directory.ts";
import { insteadOf, pushInsteadOf } from "../instead-of.ts";
import { normalKey, parseConfig, setInConfig } from "./config-text.ts";
import { requireLock } from "./require-lock.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Key and value in the order in which Git reads them: the last one counts. */
export type ConfigValues = readonly { readonly key: string; readonly value: string }[];

const MOST_INCLUDES = 10;

/**
 * Configuration of the system, of the user and of the repository. `include.path` is followed in the user's files and the
 * repository's, `includeIf` is not. Throws `git-failed` for a malformed file, `disk`.
 */
export async function readConfigOf(gitDir: string, env: Environment): Promise<ConfigValues> {
  const values: { key: string; value: string }[] = [];
  for (const path of [...outerFiles(env), join(gitDir, "config")])
    values.push(...(await readWithIncludes(path, env, 0)));
  return values;
}

/** One file alone, includes not followed: what the repository itself says. */
export async function readConfigFile(path: string): Promise<ConfigValues> {
  const parsed = parseConfig(await readText(path));
  if (parsed === null) throw malformed(path);
  return parsed.entries.map(({ key, value }) => ({ key, value: value ?? "" }));
}

/** Last value of the key, or null. */
export function lastValue(values: ConfigValues, key: string): string | null {
  const wanted = normalKey(key);
  return values.findLast((entry) => entry.key === wanted)?.value ?? null;
}

/** Git's idea of a boolean; a name without a value is true. */
export function isTrue(values: ConfigValues, key: string): boolean {
  const wanted = normalKey(key);
  const found = values.findLast((entry) => entry.key === wanted);
  return found !== undefined && !["false", "no", "off", "0"].includes(found.value.toLowerCase());
}

/** Where a configured remote is pushed to: its `pushurl`, else what `pushInsteadOf` makes of its URL; null for none. */
export function pushUrlOf(values: ConfigValues, remote: string): string | null {
  const first = (variable: string): string | undefined =>
    values.find(({ key, value }) => key === `remote.${remote}.${variable}` && value !== "")?.value;
  const [url, pushUrl] = [first("url"), first("pushurl")];
  if (pushUrl !== undefined) return insteadOf(pushUrl, values);
  return url === undefined ? null : pushInsteadOf(url, values);
}

/** Sets a key in the repository's own file under Git's lock, durably; comments and order stay. */
export async function setConfigIn(gitDir: string, key: string, value: string): Promise<void> {
  const path = join(gitDir, "config");
  if (normalKey(key) === null) throw new RegistryError("usage", `${JSON.stringify(key)} is no configuration key`);
  const lock = await requireLock(path);
  try {
    const text = setInConfig(await readText(path), key, value);
    if (text === null) throw malformed(path);
    await lock.write(text);
    await lock.moveIntoPlace();
    await syncDirectory(gitDir);
  } catch (error) {
    throw diskError("write", path, error);
  } finally {
    await lock.release();
  }
}

/** Files of the system and the user, the less important first. */
function outerFiles(env: Environment): readonly string[] {
  const home = env.HOME ?? env.USERPROFILE;
  const system = isSet(env.GIT_CONFIG_NOSYSTEM) ? [] : [env.GIT_CONFIG_SYSTEM ?? "/etc/gitconfig"];
  if (env.GIT_CONFIG_GLOBAL !== undefined) return [...system, env.GIT_CONFIG_GLOBAL].filter((path) => path !== "");
  const xdg = env.XDG_CONFIG_HOME || (home && join(home, ".config"));
  return [...system, ...(xdg ? [join(xdg, "git", "config")] : []), ...(home ? [join(home, ".gitconfig")] : [])];
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !["", "0", "false", "no", "off"].includes(value.toLowerCase());
}

async function readWithIncludes(path: string, env: Environment, depth: number): Promise<ConfigValues> {
  const values: { key: string; value: string }[] = [];
  for (const entry of await readConfigFile(path)) {
    values.push(entry);
    if (entry.key !== "include.path" || entry.value === "" || depth >= MOST_INCLUDES) continue;
    const included = entry.value.replace(/^~(?=\/)/, env.HOME ?? "~");
    const target = isAbsolute(included) ? included : join(dirname(path), included);
    values.push(...(await readWithIncludes(target, env, depth + 1)));
  }
  return values;
}

/** An absent or forbidden file says nothing, as Git has it. */
async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return "";
    throw diskError("read", path, error);
  }
}

function malformed(path: string): RegistryError {
  return new RegistryError("git-failed", `${path} is not a Git configuration file`, {
    hint: `git config --file ${path} --list names the line`,
  });
}
