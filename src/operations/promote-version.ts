import { finding } from "../domain/finding.ts";
import { formatVersionId } from "../domain/model/version-tag.ts";
import type { StageName } from "../domain/policy/stage.ts";
import { RegistryError } from "../errors.ts";
import type { PromotionAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
import type { VersionEntry } from "./load/catalog.ts";
import { requirePolicy, requireStage } from "./load/load-policy.ts";
import { requireReference, resolveReference } from "./load/resolve-reference.ts";
import { changeStage } from "./promote/change-stage.ts";
import type { PromoteQuestion } from "./questions.ts";

/**
 * Promotes versions to a stage, one outcome each in the order asked. A version on the stage's stack is a rollback,
 * and is said to be one (DETAILS 23). Throws before anything is written when a reference is wrong.
 */
export async function promoteVersions(
  context: RegistryContext,
  question: PromoteQuestion,
): Promise<readonly PromotionAnswer[]> {
  const references = question.references.map(requireReference);
  const models = references.map(({ model }) => model);
  const twice = models.find((model, index) => models.indexOf(model) !== index);
  if (references.length === 0)
    throw new RegistryError("usage", "name a version to promote", {
      hint: "git model promote fraud@1.3.0 --to staging",
    });
  if (twice !== undefined) {
    throw new RegistryError("usage", `${twice} is named twice`, { hint: "one version of a model at a time" });
  }
  await refresh(context, models);
  const { stage } = requireStage((await requirePolicy(context)).policy, question.to);
  const entries: VersionEntry[] = [];
  for (const { text } of references) entries.push((await resolveReference(context, text)).entry);
  const outcomes: PromotionAnswer[] = [];
  for (const entry of entries) {
    const promoting = promoteOne(context, entry, question);
    outcomes.push(await (entries.length === 1 ? promoting : promoting.catch((error) => failed(error, entry, stage))));
  }
  return outcomes;
}

function promoteOne(
  context: RegistryContext,
  entry: VersionEntry,
  question: PromoteQuestion,
): Promise<PromotionAnswer> {
  return changeStage(context, {
    model: entry.model,
    stage: question.to,
    pick: async ({ catalog }) => (await resolveReference(context, formatVersionId(entry), catalog)).entry,
    named: true,
    direct: question.direct ?? false,
    ifPassing: question.ifPassing ?? false,
    dryRun: question.dryRun ?? false,
    message: question.message ?? null,
  });
}

/** Of several promotions one that fails keeps nobody from learning what became of the others (DETAILS 34). */
function failed(error: unknown, { model, version }: VersionEntry, stage: StageName): PromotionAnswer {
  if (!(error instanceof RegistryError)) throw error;
  const { code, message, hint, retryable } = error;
  return {
    kind: "refused",
    ...{ change: null, model, from: null, to: version, stage, branch: null, number: null, url: null },
    ...{ created: false, passed: false, head: null, base: null, tag: null, policy: null, gates: [], needs: [] },
    findings: [finding("failed", message, hint === null ? {} : { hint })],
    error: { code, message, hint, retryable },
  };
}
