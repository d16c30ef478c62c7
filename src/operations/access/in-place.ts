import { beginOperation } from "../begin-operation.ts";
import type { RegistryContext } from "../context.ts";
import type { RegistryAccess } from "./registry-access.ts";
import { requireRegistry } from "./require-registry.ts";

/**
 * A registry that is opened where it lies. Before the first operation the repository is looked at once: neither policy
 * nor version is `not-a-registry`.
 */
export function accessInPlace(context: RegistryContext): RegistryAccess {
  let looked: Promise<void> | null = null;
  const ready = async (): Promise<RegistryContext> => {
    const operation = beginOperation(context);
    looked ??= requireRegistry(operation);
    await looked;
    return operation;
  };
  return {
    forChange: ready,
    read: async (question, answer) => answer(await ready(), question),
    pull: async (question) => {
      const { pullArtifacts } = await import("../pull-artifacts.ts");
      const { findInClone } = await import("../pull/find.ts");
      return pullArtifacts(await ready(), question, findInClone);
    },
    resolve: async (question) => (await import("../resolve-version.ts")).resolveVersion(await ready(), question),
    atHand: async () => beginOperation(context),
    requireDrafts: () => undefined,
    close: () => context.close(),
  };
}
