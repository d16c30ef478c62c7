import { RegistryError } from "../../errors.ts";
import type { ConfigEntry } from "../../ports/git-store.ts";
import { insteadOf } from "../git/instead-of.ts";
import { printable } from "../git/printable.ts";
import { isDirectoryUrl } from "./git-directory.ts";
import { parseSshAddress } from "./ssh-address.ts";

/** What is asked of an LFS server; a remote may have another endpoint for each. */
export type Operation = "upload" | "download";

/** Where the objects of a remote are, and who is asked for them. */
export type Endpoint =
  | { readonly kind: "directory"; readonly url: string }
  /** Absolute, http or https, without a slash at the end. Userinfo is kept: it is a login. */
  | { readonly kind: "http"; readonly url: string }
  | SshEndpoint;

/** Asked over ssh where the server is and what it wants to see: `git-lfs-authenticate <path> <operation>`. */
export interface SshEndpoint {
  readonly kind: "ssh";
  readonly userAndHost: string;
  readonly port: string | null;
  readonly path: string;
  /** Where it is guessed to be when the machine knows no `git-lfs-authenticate`. */
  readonly fallback: string;
}

export interface RemoteAddress {
  readonly remoteName: string;
  /** URL of the Git remote, `insteadOf` applied. */
  readonly url: string;
  readonly config: readonly ConfigEntry[];
}

/**
 * Where git-lfs itself would go: `lfs.url`, `remote.<n>.lfsurl` (for uploads `lfs.pushurl`, `remote.<n>.lfspushurl` and
 * `remote.<n>.pushurl`), else derived from the remote's URL. Only Git's configuration is asked: a `.lfsconfig`, in a tree
 * or in a directory, chooses nothing (SECURITY, promise 11). Throws `lfs-failed` for an address that nobody can go to.
 */
export function findEndpoint(operation: Operation, { remoteName, url, config }: RemoteAddress): Endpoint {
  const value = (key: string) => config.findLast((entry) => entry.key === key)?.value || null;
  const pushing = (key: string) => (operation === "upload" ? value(key) : null);
  const section = `remote.${remoteName}`;
  const given =
    pushing("lfs.pushurl") ?? value("lfs.url") ?? pushing(`${section}.lfspushurl`) ?? value(`${section}.lfsurl`);
  if (given !== null) return parseEndpoint(insteadOf(given, config), { derived: false, config });
  const pushUrl = pushing(`${section}.pushurl`);
  return parseEndpoint(pushUrl === null ? url : insteadOf(pushUrl, config), { derived: true, config });
}

/** The origins of the LFS servers of a remote, by HTTP or where ssh may lead to; none for an address that nobody can go to. */
export function lfsOrigins(remote: RemoteAddress): readonly string[] {
  const addresses = (["download", "upload"] as const).flatMap((operation) => {
    try {
      const endpoint = findEndpoint(operation, remote);
      return endpoint.kind === "directory" ? [] : [endpoint.kind === "http" ? endpoint.url : endpoint.fallback];
    } catch {
      return [];
    }
  });
  return [...new Set(addresses.map((address) => new URL(address).origin))];
}

interface Parsing {
  /** From a Git remote, so that `.git/info/lfs` is missing at its end. */
  readonly derived: boolean;
  readonly config: readonly ConfigEntry[];
}

function parseEndpoint(address: string, { derived, config }: Parsing): Endpoint {
  if (isDirectoryUrl(address)) return { kind: "directory", url: address };
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(address)?.[1]?.toLowerCase();
  if (scheme === "http" || scheme === "https") return { kind: "http", url: httpUrl(address, derived) };
  if (scheme === "git") {
    const protocol = config.findLast(({ key }) => key === "lfs.gitprotocol")?.value === "http" ? "http" : "https";
    return { kind: "http", url: httpUrl(address.replace(/^git/i, protocol), derived) };
  }
  const ssh = parseSshAddress(address);
  if (ssh === null) throw unusable(address);
  const { userAndHost, host, port, path } = ssh;
  const webHost = host.includes(":") ? `[${host}]` : host;
  const fallback = httpUrl(`https://${webHost}/${encodeURI(path.replace(/^\/+/, ""))}`, true);
  return { kind: "ssh", userAndHost, port, path, fallback };
}

function httpUrl(address: string, derived: boolean): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null) throw unusable(address);
  url.hash = "";
  const path = url.pathname.replace(/\/+$/, "");
  const suffix = path.endsWith(".git") ? "/info/lfs" : `${path === "" ? "/" : ""}.git/info/lfs`;
  url.pathname = derived ? path + suffix : path;
  return path === "" && !derived ? url.href.replace(/\/$/, "") : url.href;
}

function unusable(address: string): RegistryError {
  return new RegistryError("lfs-failed", `no LFS server can be reached by ${shown(address)}`, {
    hint: "say where the objects are: git config remote.<name>.lfsurl https://…, ssh://… or a path",
  });
}

function shown(address: string): string {
  return printable(address.replace(/[?#].*$/s, "")).slice(0, 200);
}
