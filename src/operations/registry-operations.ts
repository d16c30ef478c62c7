import { RegistryError } from "../errors.ts";
import { beginOperation } from "./begin-operation.ts";
import type { RegistryContext } from "./context.ts";
import { loadCatalog } from "./load/catalog.ts";
import { loadPolicy } from "./load/load-policy.ts";
import type { Registry } from "./registry.ts";

/**
 * Every operation on an open registry, each in a file of its own that is loaded at its first use. Before the first one
 * the repository is looked at once: neither policy nor version is `not-a-registry`.
 */
export function registryOf(context: RegistryContext): Registry {
  let looked: Promise<void> | null = null;
  const ready = async (): Promise<RegistryContext> => {
    const operation = beginOperation(context);
    looked ??= requireRegistry(operation);
    await looked;
    return operation;
  };
  return {
    register: async (question) => (await import("./register-version.ts")).registerVersion(await ready(), question),
    list: async (question = {}) => (await import("./list-models.ts")).listModels(await ready(), question),
    listVersions: async (question) => (await import("./list-versions.ts")).listVersions(await ready(), question),
    show: async (question) => (await import("./show-version.ts")).showVersion(await ready(), question),
    history: async (question = {}) => (await import("./list-history.ts")).listHistory(await ready(), question),
    diff: async (question) => (await import("./diff-versions.ts")).diffRegistered(await ready(), question),
    compare: async (question) => (await import("./compare-versions.ts")).compareRegistered(await ready(), question),
    best: async (question = {}) => (await import("./find-best.ts")).findBest(await ready(), question),
    resolve: async (question) => (await import("./resolve-version.ts")).resolveVersion(await ready(), question),
    promote: async (question) => (await import("./promote-version.ts")).promoteVersions(await ready(), question),
    rollback: async (question) => (await import("./rollback-version.ts")).rollbackVersion(await ready(), question),
    demote: async (question) => (await import("./demote-model.ts")).demoteModel(await ready(), question),
    yank: async (question) => (await import("./yank-version.ts")).yankVersion(await ready(), question),
    discard: async (question) => (await import("./discard-draft.ts")).discardDraft(await ready(), question),
    evaluate: async (question) => (await import("./evaluate-version.ts")).evaluateVersion(await ready(), question),
    listRequests: async () => (await import("./requests.ts")).listRequests(await ready()),
    showRequest: async (question) => (await import("./requests.ts")).showRequest(await ready(), question),
    mergeRequest: async (question) => (await import("./requests.ts")).mergeRequest(await ready(), question),
    closeRequest: async (question) => (await import("./requests.ts")).closeRequest(await ready(), question),
    review: async (question = {}) => (await import("./review-promotion.ts")).reviewPromotion(await ready(), question),
    reconcile: async () => (await import("./reconcile-releases.ts")).reconcileReleases(await ready()),
    validate: async (question = { files: [] }) =>
      (await import("./validate-files.ts")).validateFiles(await ready(), question, { files: context.files }),
    doctor: async (question = {}) => (await import("./check-registry.ts")).checkRegistry(await ready(), question),
    pull: async (question) => (await import("./pull-artifacts.ts")).pullArtifacts(await ready(), question),
    fetch: async () => (await import("./fetch-registry.ts")).fetchRegistry(await ready()),
    push: async () => (await import("./push-registry.ts")).pushRegistry(await ready()),
    complete: async (what, model) => {
      const { completeWords } = await import("./complete-words.ts");
      return completeWords(beginOperation(context), what, model).catch(() => []);
    },
    close: () => context.git.close(),
  };
}

/** A clone that never fetched from this remote is looked at again after a fetch. */
async function requireRegistry(context: RegistryContext): Promise<void> {
  if (await isRegistry(context)) return;
  if (await isUnfetched(context)) {
    const { refresh } = await import("./apply/refresh.ts");
    await refresh(context, "all");
    if (await isRegistry(context)) return;
  }
  const place = context.git.location.workTree ?? context.git.location.gitDir;
  throw new RegistryError("not-a-registry", `${place} holds neither a registry.yaml nor a version`, {
    hint: "git model init",
  });
}

async function isUnfetched({ git, remote, fetchLog }: RegistryContext): Promise<boolean> {
  if (remote === null) return false;
  return (await fetchLog.read()) === null || (await git.listRefs([`refs/remotes/${remote.name}/`])).length === 0;
}

async function isRegistry(context: RegistryContext): Promise<boolean> {
  context.memory.policy = loadPolicy(context);
  if ((await context.memory.policy).kind !== "missing") return true;
  return (await loadCatalog(context.git)).models.size > 0;
}
