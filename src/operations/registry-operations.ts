import type { RegistryAccess } from "./access/registry-access.ts";
import type { Registry } from "./registry.ts";

/** Every operation on an open registry, each in a file of its own that is loaded at its first use. */
export function registryOf(access: RegistryAccess): Registry {
  return {
    ...readsOf(access),
    ...changesOf(access),
    complete: async (what, model) => {
      const { completeWords } = await import("./complete-words.ts");
      return completeWords(await access.atHand(), what, model).catch(() => []);
    },
    close: () => access.close(),
  };
}

type Reads =
  | "list"
  | "listVersions"
  | "show"
  | "history"
  | "diff"
  | "compare"
  | "best"
  | "resolve"
  | "review"
  | "validate"
  | "doctor"
  | "pull";

function readsOf(access: RegistryAccess): Pick<Registry, Reads> {
  const { read } = access;
  return {
    list: (question = {}) =>
      read(question, async (context, asked) => (await import("./list-models.ts")).listModels(context, asked)),
    listVersions: (question) =>
      read(question, async (context, asked) => (await import("./list-versions.ts")).listVersions(context, asked)),
    show: (question) =>
      read(question, async (context, asked) => (await import("./show-version.ts")).showVersion(context, asked)),
    history: (question = {}) =>
      read(question, async (context, asked) => (await import("./list-history.ts")).listHistory(context, asked)),
    diff: (question) =>
      read(question, async (context, asked) => (await import("./diff-versions.ts")).diffRegistered(context, asked)),
    compare: (question) =>
      read(question, async (context, asked) =>
        (await import("./compare-versions.ts")).compareRegistered(context, asked),
      ),
    best: (question = {}) =>
      read(question, async (context, asked) => (await import("./find-best.ts")).findBest(context, asked)),
    resolve: (question) => access.resolve(question),
    review: (question = {}) =>
      read({}, async (context) => (await import("./review-promotion.ts")).reviewPromotion(context, question)),
    validate: (question = { files: [] }) =>
      read({}, async (context) =>
        (await import("./validate-files.ts")).validateFiles(context, question, { files: context.files }),
      ),
    doctor: (question = {}) =>
      read({}, async (context) => (await import("./check-registry.ts")).checkRegistry(context, question)),
    pull: (question) => access.pull(question),
  };
}

function changesOf(access: RegistryAccess): Omit<Registry, Reads | "complete" | "close"> {
  const { forChange } = access;
  return {
    register: async (question) => {
      if (question.push === false) access.requireDrafts();
      return (await import("./register-version.ts")).registerVersion(await forChange(), question);
    },
    promote: async (question) => (await import("./promote-version.ts")).promoteVersions(await forChange(), question),
    rollback: async (question) => (await import("./rollback-version.ts")).rollbackVersion(await forChange(), question),
    demote: async (question) => (await import("./demote-model.ts")).demoteModel(await forChange(), question),
    yank: async (question) => (await import("./yank-version.ts")).yankVersion(await forChange(), question),
    discard: async (question) => {
      access.requireDrafts();
      return (await import("./discard-draft.ts")).discardDraft(await forChange(), question);
    },
    evaluate: async (question) => {
      if (question.push === false) access.requireDrafts();
      return (await import("./evaluate-version.ts")).evaluateVersion(await forChange(), question);
    },
    listRequests: async () => (await import("./requests.ts")).listRequests(await forChange()),
    showRequest: async (question) => (await import("./requests.ts")).showRequest(await forChange(), question),
    mergeRequest: async (question) => (await import("./requests.ts")).mergeRequest(await forChange(), question),
    closeRequest: async (question) => (await import("./requests.ts")).closeRequest(await forChange(), question),
    reconcile: async () => (await import("./reconcile-releases.ts")).reconcileReleases(await forChange()),
    fetch: async () => (await import("./fetch-registry.ts")).fetchRegistry(await forChange()),
    push: async () => (await import("./push-registry.ts")).pushRegistry(await forChange()),
  };
}
