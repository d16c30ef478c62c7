import { RegistryError } from "../../errors.ts";
import { refresh } from "../apply/refresh.ts";
import { beginOperation } from "../begin-operation.ts";
import type { Mirrors, RegistryContext } from "../context.ts";
import { unreachable, warnStale } from "../pull/find.ts";

interface Whole {
  readonly mirrors: Mirrors;
  readonly context: RegistryContext;
}

export interface Freshened {
  /** The mirror to read from: another one where the first was damaged or overgrown. */
  readonly context: RegistryContext;
  /** Why the registry could not be asked, or null. */
  readonly stale: RegistryError | null;
}

/**
 * Brings the whole mirror up to date before a read. Where the registry cannot be reached, what was fetched last is used,
 * with a warning and its age (as DETAILS 47 has it for pull); where nothing ever was, the failure is thrown.
 * `failed`: the registry was found to be unreachable already.
 */
export async function freshen(
  { mirrors, context }: Whole,
  { offline, failed = null }: { readonly offline: boolean; readonly failed?: RegistryError | null },
): Promise<Freshened> {
  const last = await context.fetchLog.read();
  if (offline) {
    if (last !== null) return { context, stale: null };
    throw new RegistryError("network", `nothing of ${context.mirror?.address} was ever fetched`, {
      hint: "the same command without --offline",
    });
  }
  try {
    if (failed !== null) throw failed;
    return { context: await bringAll({ mirrors, context }), stale: null };
  } catch (error) {
    const stale = unreachable(error);
    if (last === null) throw stale;
    warnStale(context, stale, last);
    return { context, stale };
  }
}

/** Fetches everything, strictly. A mirror that is damaged or overgrown is made anew; it stays where that fails as well. */
export async function bringAll({ mirrors, context }: Whole): Promise<RegistryContext> {
  if (await context.mirror?.isOvergrown()) return renewWhole(mirrors);
  try {
    await refresh(context, "all", { askHead: false });
    return context;
  } catch (error) {
    if (!isMirrorsFault(error)) throw error;
    return renewWhole(mirrors).catch(() => Promise.reject(error));
  }
}

/** What another mirror may do better: one without damage, or of the object format that the registry has. */
export function isMirrorsFault(error: unknown): boolean {
  return error instanceof RegistryError && ["git-failed", "repository-unsupported"].includes(error.code);
}

async function renewWhole(mirrors: Mirrors): Promise<RegistryContext> {
  return beginOperation(await mirrors.renew("whole", async (context) => void (await refresh(context, "all"))));
}

/** Once more in a mirror that is made anew, where the first turns out to be damaged. */
export async function mended<T>(
  { mirrors, context }: Whole,
  work: (context: RegistryContext) => Promise<T>,
): Promise<T> {
  try {
    return await work(context);
  } catch (error) {
    if (!isMirrorsFault(error) || (error instanceof RegistryError && error.retryable)) throw error;
    const other = await renewWhole(mirrors).catch(() => Promise.reject(error));
    return work(other);
  }
}
