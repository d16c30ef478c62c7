import { RegistryError } from "../../../errors.ts";
import type { Ref, RefName, RemoteAdvertisement } from "../../../ports/git-store.ts";
import { printable } from "../printable.ts";
import type { GitCommand } from "./git-command.ts";
import { parseRefLines } from "./refs.ts";

const HEAD_LINE = /^ref: refs\/heads\/([^\t\n]+)\tHEAD$/m;

export async function listRemote(
  git: GitCommand,
  remote: string,
  patterns?: readonly RefName[],
): Promise<RemoteAdvertisement> {
  assertRemote(remote);
  // The one thing less than everything that git's own command can ask for; requests of a forge are refs, too. No HEAD then.
  const tags = patterns?.every((pattern) => pattern.startsWith("refs/tags/")) === true;
  const args = ["ls-remote", "--symref", ...(tags ? ["--tags"] : []), "--end-of-options", remote];
  const { stdout } = await git.run(args, { doing: `ask ${shown(remote)} for its refs`, remote: "read" });
  const text = stdout.toString("utf8");
  const refs = parseRefLines(text, "\t").toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const head = HEAD_LINE.exec(text)?.[1] ?? null;
  const exists = refs.some(({ name }) => name === `refs/heads/${head}`);
  return {
    head: exists ? head : null,
    refs: patterns === undefined ? refs : refs.filter((ref) => matches(ref, patterns)),
  };
}

export function assertRemote(remote: string): void {
  if (remote !== "" && !remote.startsWith("-") && !/\p{Cc}/u.test(remote)) return;
  throw new RegistryError("usage", `${JSON.stringify(remote)} is no name of a remote.`);
}

/** A remote in a message: its name, or its address without userinfo and query. */
export function shown(remote: string): string {
  return printable(remote);
}

/** A name, or a pattern with one `*`, which stands for any run of characters. */
export function matchesPattern(name: string, pattern: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return name === pattern;
  const end = pattern.slice(star + 1);
  return name.length >= pattern.length - 1 && name.startsWith(pattern.slice(0, star)) && name.endsWith(end);
}

function matches({ name }: Ref, patterns: readonly RefName[]): boolean {
  return patterns.some((pattern) => matchesPattern(name, pattern));
}
