import { type CredentialHelpers, credentialHelpers, type RemoteCredential } from "./remote-credentials.ts";

/** What decides how git talks to remotes: the caller's environment, and what the user configured. */
export interface RemoteSettings {
  readonly env: NodeJS.ProcessEnv;
  /** Whether some scope sets the key, given in lower case. */
  readonly configured: (key: string) => boolean;
  readonly credentials: readonly RemoteCredential[];
}

/**
 * What a child needs that talks to a remote: logins, and bounds on waiting. HTTP that stalls for 30 s is given up, a push
 * after 120 s because the other side may run hooks; ssh neither asks questions nor waits for a machine that is gone.
 * Whatever the user configured himself stays as it is.
 */
export function remoteAccess({ env, configured, credentials }: RemoteSettings, push: boolean): CredentialHelpers {
  const helpers = credentialHelpers(credentials);
  const ownLimit = configured("http.lowspeedlimit") || configured("http.lowspeedtime");
  const ownSsh = env.GIT_SSH_COMMAND !== undefined || env.GIT_SSH !== undefined || configured("core.sshcommand");
  return {
    config: [...helpers.config, ...(ownLimit ? [] : lowSpeed(push ? 120 : 30))],
    env: { ...helpers.env, ...(ownSsh ? {} : { GIT_SSH_COMMAND: SSH_COMMAND }) },
  };
}

// One byte a second: what a server sends every five seconds while it thinks keeps the connection.
function lowSpeed(seconds: number): readonly string[] {
  return ["http.lowSpeedLimit=1", `http.lowSpeedTime=${seconds}`];
}

const SSH_COMMAND = [
  "ssh",
  "-o BatchMode=yes",
  "-o ConnectTimeout=30",
  "-o ServerAliveInterval=15",
  "-o ServerAliveCountMax=3",
].join(" ");
