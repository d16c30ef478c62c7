import { RegistryError } from "../../errors.ts";
import type { ConfigEntry } from "../../ports/git-store.ts";
import type { Environment } from "../system/process-world.ts";
import type { SshEndpoint } from "./endpoint.ts";

export interface SshCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

interface SshSettings {
  readonly config: readonly ConfigEntry[];
  readonly environment: Environment;
}

/**
 * The ssh of the user's choice as Git finds it: GIT_SSH_COMMAND, `core.sshCommand` (both for a shell), GIT_SSH, else `ssh`,
 * which neither asks questions nor waits for a machine that is gone. GIT_SSH_VARIANT and `ssh.variant` say how it
 * wants its port. Throws `lfs-failed` for a port where the variant knows none.
 */
export function sshCall(
  { userAndHost, port }: Pick<SshEndpoint, "userAndHost" | "port">,
  remoteCommand: string,
  { config, environment }: SshSettings,
): SshCall {
  const configured = (key: string) => config.findLast((entry) => entry.key === key)?.value;
  const shell = environment.GIT_SSH_COMMAND || configured("core.sshcommand") || null;
  const program = environment.GIT_SSH || null;
  const own = shell === null && program === null;
  const variant = variantOf(
    environment.GIT_SSH_VARIANT || configured("ssh.variant") || "auto",
    shell ?? program ?? "ssh",
  );
  if (variant === "simple" && port !== null) {
    throw new RegistryError("lfs-failed", `the ssh variant simple cannot be told the port ${port} of ${userAndHost}`, {
      hint: "git config ssh.variant ssh",
    });
  }
  const args = [
    ...(own ? PATIENCE : []),
    ...(variant === "tortoiseplink" ? ["-batch"] : []),
    ...(port === null ? [] : [variant === "ssh" ? "-p" : "-P", port]),
    ...(variant === "ssh" ? ["--"] : []),
    userAndHost,
    remoteCommand,
  ];
  if (shell === null) return { command: program ?? "ssh", args, environment: { ...environment } };
  // The arguments are the shell's own: nothing of them is read as a command.
  return { command: "sh", args: ["-c", `${shell} "$@"`, shell, ...args], environment: { ...environment } };
}

type Variant = "ssh" | "plink" | "tortoiseplink" | "simple";

const PATIENCE = [
  "-o",
  "BatchMode=yes",
  "-o",
  "ConnectTimeout=30",
  "-o",
  "ServerAliveInterval=15",
  "-o",
  "ServerAliveCountMax=3",
];

function variantOf(said: string, command: string): Variant {
  const known: Readonly<Record<string, Variant>> = {
    ssh: "ssh",
    simple: "simple",
    plink: "plink",
    putty: "plink",
    tortoiseplink: "tortoiseplink",
  };
  const chosen = known[said.toLowerCase()];
  if (chosen !== undefined) return chosen;
  const [first = ""] = command.trim().split(/\s+/);
  const name = first.replace(/^.*[\\/]/, "").replace(/\.exe$/i, "");
  return known[name.toLowerCase()] ?? "ssh";
}
