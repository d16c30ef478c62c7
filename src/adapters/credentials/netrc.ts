import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../system/process-world.ts";
import type { Login } from "./logins.ts";

/** The login that `$NETRC`, `~/.netrc` or `~/_netrc` has for a host, and for a user of it; null where there is none. */
export async function netrcLogin(
  host: string,
  username: string | null,
  environment: Environment,
): Promise<Login | null> {
  const home = environment.HOME ?? homedir();
  const named = environment.NETRC;
  const paths = named === undefined || named === "" ? [join(home, ".netrc"), join(home, "_netrc")] : [named];
  for (const path of paths) {
    const text = await readFile(path, "utf8").catch(() => null);
    if (text !== null) return findLogin(text, host, username);
  }
  return null;
}

interface Entry {
  /** Null: `default`, for every host. */
  readonly machine: string | null;
  login: string;
  password: string | null;
}

/** The first entry with a password that is for the host, and for the user where one is asked for. */
export function findLogin(text: string, host: string, username: string | null): Login | null {
  const found = entriesOf(text).find(
    ({ machine, login, password }) =>
      (machine === null || machine.toLowerCase() === host) &&
      password !== null &&
      (username === null || login === username || login === ""),
  );
  return found?.password == null ? null : { username: found.login || (username ?? ""), password: found.password };
}

function entriesOf(text: string): readonly Entry[] {
  const entries: Entry[] = [];
  const tokens = wordsOf(text);
  for (let at = 0; at < tokens.length; at++) {
    const word = tokens[at];
    const last = entries.at(-1);
    if (word === "default") entries.push({ machine: null, login: "", password: null });
    else if (word === "machine") entries.push({ machine: tokens[++at] ?? "", login: "", password: null });
    else if (word === "login" && last !== undefined) last.login = tokens[++at] ?? "";
    else if (word === "password" && last !== undefined) last.password = tokens[++at] ?? null;
    else if (word === "account") at += 1;
  }
  return entries;
}

/** Words and quoted words; comments, and macros up to the next empty line, are left out. */
function wordsOf(text: string): readonly string[] {
  const plain = text.replace(/\r\n/g, "\n").replace(/^[ \t]*macdef\b[\s\S]*?(?:\n[ \t]*\n|$(?![\s\S]))/gm, "\n");
  const lines = plain.split("\n").filter((line) => !line.trimStart().startsWith("#"));
  return [...lines.join("\n").matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/gs)].map(([, quoted, word]) =>
    quoted === undefined ? (word ?? "") : quoted.replace(/\\(.)/gs, (_, char: string) => ESCAPED[char] ?? char),
  );
}

const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
