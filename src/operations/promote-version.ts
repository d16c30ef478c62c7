import { RegistryError } from "../errors.ts";
import type { PromotionAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
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
  const outcomes: PromotionAnswer[] = [];
  for (const reference of references) {
    const { entry } = await resolveReference(context, reference.text);
    outcomes.push(
      await changeStage(context, {
        model: reference.model,
        stage: question.to,
        pick: async ({ catalog }) =>
          (await resolveReference(context, `${entry.model}@${entry.version}`, catalog)).entry,
        direct: question.direct ?? false,
        ifPassing: question.ifPassing ?? false,
        dryRun: question.dryRun ?? false,
        message: question.message ?? null,
      }),
    );
  }
  return outcomes;
}
