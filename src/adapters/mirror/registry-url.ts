import { RegistryError } from "../../errors.ts";
import { printable } from "../git/printable.ts";

/** A registry that is named by a URL. */
export interface RegistryUrl {
  /** Where Git finds it, without a login: what is kept on disk and shown. */
  readonly address: string;
  /** The same with the login that it was written with: used, kept nowhere and never shown. */
  readonly withLogin: string;
}

const LONGEST = 4096;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
/** `git@host:path`, as ssh writes it. */
const SCP = /^[^/\\@:\s-][^/\\@:\s]*@(?:\[[0-9A-Fa-f:.]+\]|[^/\\@:\s-][^/\\@:\s]*):(?!\/\/)./;

/**
 * Reads how a registry was named; null for a path or a `file://` URL, which are opened in place. Throws `usage` for a URL
 * that no registry can have; no login is ever in the message.
 */
export function parseRegistryUrl(text: string): RegistryUrl | null {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === "file") return null;
  if (scheme === undefined) return SCP.test(text) ? plain(text) : null;
  if (text.length > LONGEST || /[\p{Cc}\s]/u.test(text)) throw refused(text, "has blanks or is too long");
  if (scheme === "http" || scheme === "https") return parseHttp(text);
  if (scheme === "ssh" || scheme === "git+ssh" || scheme === "git") return parseOther(text);
  throw refused(text, `begins with ${scheme}://, which no registry is reached by`);
}

function parseHttp(text: string): RegistryUrl {
  const url = parsed(text);
  if (url.search !== "" || url.hash !== "") throw refused(text, "has a query or a fragment");
  const { username, password } = url;
  if (!isDecodable(username) || !isDecodable(password)) throw refused(text, "has a login that cannot be read");
  const path = url.pathname.replace(/\/+$/, "");
  const login = username === "" && password === "" ? "" : `${username}:${password}@`;
  return { address: `${url.origin}${path}`, withLogin: `${url.protocol}//${login}${url.host}${path}` };
}

/** The user of ssh is part of the address; a password there is nothing that ssh would use. */
function parseOther(text: string): RegistryUrl {
  const url = parsed(text);
  const user = url.protocol === "git:" ? "" : url.username.replace(/[:@].*/s, "");
  if (url.hostname === "" || url.hostname.startsWith("-") || user.startsWith("-")) throw refused(text, "names no host");
  const address = `${url.protocol}//${user === "" ? "" : `${user}@`}${url.host}${url.pathname.replace(/\/+$/, "")}`;
  return { address, withLogin: address };
}

function plain(text: string): RegistryUrl {
  if (text.length > LONGEST || /\p{Cc}/u.test(text)) throw refused(text, "has control characters or is too long");
  const address = text.replace(/\/+$/, "");
  return { address, withLogin: address };
}

function parsed(text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw refused(text, "is no URL");
}

function isDecodable(text: string): boolean {
  try {
    return !/\p{Cc}/u.test(decodeURIComponent(text));
  } catch {
    return false;
  }
}

function refused(text: string, why: string): RegistryError {
  // A query may hold a token, and a URL that cannot be parsed anything.
  const shown = printable(text.slice(0, 200))
    .replace(/^([a-z][a-z0-9+.-]*:\/\/).*@/i, "$1")
    .replace(/[?#].*/s, "");
  return new RegistryError("usage", `the registry ${JSON.stringify(shown)} ${why}`, {
    hint: "name a directory, or a URL like https://git.example.org/team/models.git",
  });
}
