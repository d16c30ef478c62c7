import { RegistryError } from "../errors.ts";
import type { PromotionAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
import { requireModelName } from "./load/resolve-reference.ts";
import { changeStage } from "./promote/change-stage.ts";
import type { DemoteQuestion } from "./questions.ts";

/** Takes a model off a stage: the stage holds it no longer. Judged on invariants only. */
export async function demoteModel(context: RegistryContext, question: DemoteQuestion): Promise<PromotionAnswer> {
  const model = requireModelName(question.model);
  await refresh(context, [model]);
  return changeStage(context, {
    model,
    stage: question.stage,
    pick: async ({ catalog, ledger }) => {
      if (!catalog.models.has(model) && ledger.holds === null) {
        throw new RegistryError("not-found", `there is no model ${model}`, { hint: "git model list" });
      }
      return null;
    },
    direct: question.direct ?? false,
    ifPassing: false,
    dryRun: question.dryRun ?? false,
    message: null,
  });
}
