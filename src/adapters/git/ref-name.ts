import type { RefName } from "../../ports/git-store.ts";

/** Whether Git would accept it as a full ref name (`git check-ref-format`), below `refs/`. */
export function isRefName(name: string): name is RefName {
  return name.startsWith("refs/") && isRefPath(name);
}

/** The same rules for what follows `refs/tags/`; one segment is enough. */
export function isTagName(name: string): boolean {
  return isRefPath(name) && !name.startsWith("-") && name !== "HEAD";
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: Git forbids exactly these.
const FORBIDDEN = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$|\.$/;

function isRefPath(name: string): boolean {
  if (name === "" || name === "@" || FORBIDDEN.test(name)) return false;
  return name.split("/").every((part) => !part.startsWith(".") && !part.endsWith(".lock"));
}
