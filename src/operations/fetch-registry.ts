import { RegistryError } from "../errors.ts";
import type { FetchAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext, RegistryRemote } from "./context.ts";

/** Brings everything from the remote: branches pruned, all tags; a version tag that differs is a finding, never moved. */
export async function fetchRegistry(context: RegistryContext): Promise<FetchAnswer> {
  const remote = requireRemote(context);
  const key = `remote.${remote.name}.tagOpt`;
  // Several processes may do this in one mirror, and a configuration has a lock.
  if ((await context.git.config(key)) !== "--tags") await context.git.setConfig(key, "--tags");
  const { updated, findings } = await refresh(context, "all");
  return { remote: remote.name, updated, findings };
}

/** The remote, for commands that are about it: `usage` without one. */
export function requireRemote({ remote }: RegistryContext): RegistryRemote {
  if (remote !== null) return remote;
  throw new RegistryError("usage", "this registry has no remote", { hint: "git remote add origin <url>" });
}
