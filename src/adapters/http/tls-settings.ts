import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { SecureContext } from "node:tls";
import { RegistryError } from "../../errors.ts";
import type { Environment } from "../system/process-world.ts";
import { lastSetting, type UrlSetting } from "./url-settings.ts";

/** Whom to trust and who we are, as paths: two URLs with equal settings share connections. */
export interface TlsSettings {
  readonly verify: boolean;
  readonly caFile: string | null;
  readonly caFolder: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
}

/** The same as Node wants it; without a context Node's own list of authorities counts. */
export interface TlsOptions {
  readonly rejectUnauthorized: boolean;
  readonly secureContext?: SecureContext;
}

/** `http.ssl*`, which git's variables override. */
export function tlsSettings(settings: readonly UrlSetting[], environment: Environment): TlsSettings {
  const path = (variable: string, override: string | undefined) =>
    expanded(nonEmpty(override) ?? nonEmpty(lastSetting(settings, variable)), environment);
  const verify = lastSetting(settings, "sslverify");
  return {
    verify: environment.GIT_SSL_NO_VERIFY === undefined && (verify === null || !/^(false|no|off|0*)$/i.test(verify)),
    caFile: path("sslcainfo", environment.GIT_SSL_CAINFO) ?? nonEmpty(environment.SSL_CERT_FILE),
    caFolder: path("sslcapath", environment.GIT_SSL_CAPATH),
    certificate: path("sslcert", environment.GIT_SSL_CERT),
    key: path("sslkey", environment.GIT_SSL_KEY),
  };
}

/** Reads what the settings name. Throws `network` for what cannot be read or is no certificate or key. */
export async function tlsOptions(settings: TlsSettings): Promise<TlsOptions> {
  const { verify, caFile, caFolder, certificate, key } = settings;
  const ca = [
    ...(caFile === null ? [] : [await readText(caFile, "http.sslCAInfo")]),
    ...(caFolder === null ? [] : await readFolder(caFolder)),
  ];
  const own = certificate === null ? null : await readText(certificate, "http.sslCert");
  // As for curl, a certificate without a key has it in the same file.
  const ownKey = key === null ? own : await readText(key, "http.sslKey");
  if (ca.length === 0 && own === null) return { rejectUnauthorized: verify };
  const { createSecureContext } = await import("node:tls");
  try {
    const identity = own === null || ownKey === null ? {} : { cert: own, key: ownKey };
    const secureContext = createSecureContext({ ...(ca.length === 0 ? {} : { ca }), ...identity });
    return { rejectUnauthorized: verify, secureContext };
  } catch (error) {
    throw unusable(own === null ? `${caFile ?? caFolder}` : `${certificate} (http.sslCert) or its key`, error);
  }
}

const MAX_AUTHORITIES = 2000;

/** A folder of authorities as OpenSSL has it: a certificate a file, named by hash. */
async function readFolder(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => {
    throw unreadable(folder, "http.sslCAPath");
  });
  const hashed = names.filter((name) => /\.\d+$/.test(name)).slice(0, MAX_AUTHORITIES);
  return Promise.all(hashed.map((name) => readText(join(folder, name), "http.sslCAPath")));
}

async function readText(path: string, setting: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    throw unreadable(path, setting);
  }
}

function unreadable(path: string, setting: string): RegistryError {
  return new RegistryError("network", `${setting} is ${path}, which cannot be read`, {
    hint: `git config --show-origin --get-all ${setting}`,
  });
}

function unusable(what: string, cause: unknown): RegistryError {
  return new RegistryError("network", `TLS cannot use ${what}`, { hint: "git config --show-origin --list", cause });
}

function expanded(path: string | null, environment: Environment): string | null {
  return path?.startsWith("~/") ? join(environment.HOME ?? homedir(), path.slice(2)) : path;
}

function nonEmpty(text: string | null | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}
