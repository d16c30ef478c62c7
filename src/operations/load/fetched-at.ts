import { isoSeconds } from "../../domain/promotion/judge-needs.ts";
import type { RegistryContext } from "../context.ts";

/** ISO 8601, or null where the registry is never fetched. */
export async function fetchedAt(context: RegistryContext): Promise<string | null> {
  const at = context.remote === null ? null : await context.fetchLog.read();
  return at === null ? null : isoSeconds(at);
}
