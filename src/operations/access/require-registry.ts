import { RegistryError } from "../../errors.ts";
import type { RegistryContext } from "../context.ts";
import { loadCatalog } from "../load/catalog.ts";
import { loadPolicy } from "../load/load-policy.ts";

/**
 * Throws `not-a-registry` for neither policy nor version; a clone that never fetched from its remote fetches first, unless
 * it is `asked` already.
 */
export async function requireRegistry(context: RegistryContext, { asked = false } = {}): Promise<void> {
  if (await isRegistry(context)) return;
  if (!asked && (await isUnfetched(context))) {
    const { refresh } = await import("../apply/refresh.ts");
    await refresh(context, "all");
    if (await isRegistry(context)) return;
  }
  if (await isUnpublished(context)) {
    throw new RegistryError("not-a-registry", `the remote ${context.remote?.name} holds nothing yet`, {
      hint: "git model init, which publishes what is here",
    });
  }
  const place = context.mirror?.address ?? context.git.location.workTree ?? context.git.location.gitDir;
  throw new RegistryError("not-a-registry", `${place} holds neither a registry.yaml nor a version`, {
    hint: context.mirror === null ? "git model init" : "clone it, and git model init in the clone",
  });
}

async function isUnfetched({ git, remote, fetchLog }: RegistryContext): Promise<boolean> {
  if (remote === null) return false;
  return (await fetchLog.read()) === null || (await git.listRefs([`refs/remotes/${remote.name}/`])).length === 0;
}

/** A registry that was made before it had a remote: the policy that counts is the remote's, which has none. */
async function isUnpublished({ git, remote, mirror }: RegistryContext): Promise<boolean> {
  if (remote === null || mirror !== null) return false;
  const refs = await git.listRefs([`refs/remotes/${remote.name}/`, "refs/heads/stage/"]);
  return refs.length > 0 && refs.every(({ name }) => name.startsWith("refs/heads/"));
}

async function isRegistry(context: RegistryContext): Promise<boolean> {
  context.memory.policy = loadPolicy(context);
  if ((await context.memory.policy).kind !== "missing") return true;
  return (await loadCatalog(context.git)).models.size > 0;
}
