/** A repository on a machine that is reached by ssh. */
export interface SshAddress {
  readonly userAndHost: string;
  readonly host: string;
  readonly port: string | null;
  /** As it is said to the other side; one of a URL begins with a slash. */
  readonly path: string;
}

/**
 * Reads `ssh://user@host:port/path`, `user@host:path` and `[user@host:port]:path`; null for anything else. What begins with
 * a dash is refused too: it would be an option of ssh, or of the command on the other side.
 */
export function parseSshAddress(address: string): SshAddress | null {
  const parts = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(address) ? partsOfUrl(address) : partsOfScp(address);
  if (parts === null) return null;
  const { user, host, port, path } = parts;
  const isOption = [user, host, path, path.replace(/^\/+/, "")].some((part) => part.startsWith("-"));
  if (isOption || host === "" || /\p{Cc}/u.test(user + host + path) || /\s/.test(user + host)) return null;
  return { userAndHost: user === "" ? host : `${user}@${host}`, host, port, path };
}

interface Parts {
  readonly user: string;
  readonly host: string;
  readonly port: string | null;
  readonly path: string;
}

const SSH_URL =
  /^(?:ssh|git\+ssh|ssh\+git):\/\/(?:([^@/:]*)(?::[^@/]*)?@)?(\[[^\]/]+\]|[^:/@[\]]+)(?::(\d*))?(\/.*)$/is;

function partsOfUrl(address: string): Parts | null {
  const [, user = "", host = "", port = "", path = ""] = SSH_URL.exec(address) ?? [];
  return host === "" ? null : { user: decoded(user), host: bare(host), port: port || null, path: decoded(path) };
}

const WITH_PORT = /^\[(?:([^@/:\]]*)@)?([^@/:[\]]+):(\d+)\]:(?!:)(.+)$/s;
const SCP_LIKE = /^(?:([^@/:]*)@)?(\[[^\]/]+\]|[^:/@[\]]+):(?!:)(.+)$/s;

function partsOfScp(address: string): Parts | null {
  const [, user = "", host = "", port = "", path = ""] = WITH_PORT.exec(address) ?? [];
  if (host !== "") return { user, host, port, path };
  const [, name = "", machine = "", place = ""] = SCP_LIKE.exec(address) ?? [];
  return machine === "" ? null : { user: name, host: bare(machine), port: null, path: place };
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
