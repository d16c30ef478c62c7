import { RegistryError } from "../../../errors.ts";

/** A login for one server. */
export interface RemoteCredential {
  /** Scheme, host and port, and nothing else: `https://git.example.org:8443`. */
  readonly origin: string;
  readonly username: string;
  readonly password: string;
}

/** What a child needs so that git finds the login by itself: `config` for `-c`, `env` with the secrets. */
export interface CredentialHelpers {
  readonly config: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * A credential helper per server, in front of and instead of the user's own there. Git asks it for that origin alone,
 * and never stores what it says; secrets travel in the environment, because a command line can be read by everybody.
 * Throws `usage` for an origin with more than scheme, host and port, and for line breaks in a login.
 */
export function credentialHelpers(credentials: readonly RemoteCredential[]): CredentialHelpers {
  const config: string[] = [];
  const env: NodeJS.ProcessEnv = {};
  credentials.forEach(({ origin, username, password }, index) => {
    assertSafe(origin, [username, password]);
    const [user, secret] = [`GIT_MODEL_HELPER_USER_${index}`, `GIT_MODEL_HELPER_SECRET_${index}`];
    const script = `!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$${user}" "$${secret}"; }; f`;
    // An empty value forgets the helpers configured before.
    config.push(`credential.${origin}.helper=`, `credential.${origin}.helper=${script}`);
    env[user] = username;
    env[secret] = password;
  });
  return { config, env };
}

function assertSafe(origin: string, secrets: readonly string[]): void {
  if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
    throw new RegistryError("usage", "A login is for a server such as https://example.org, not for a path on it.");
  }
  if (secrets.some((secret) => /[\r\n\0]/.test(secret))) {
    throw new RegistryError("usage", `The login for ${origin} has a line break in it.`);
  }
}
