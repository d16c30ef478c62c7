import { RegistryError } from "../errors.ts";
import type { PromotionAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
import { holdsModel } from "./load/held-models.ts";
import { requireModelName } from "./load/resolve-reference.ts";
import { changeStage } from "./promote/change-stage.ts";
import type { StageSituation } from "./promote/stage-change.ts";
import type { DemoteQuestion } from "./questions.ts";

/** Takes a model off a stage: the stage holds it no longer. Judged on invariants only. */
export async function demoteModel(context: RegistryContext, question: DemoteQuestion): Promise<PromotionAnswer> {
  const model = requireModelName(question.model);
  await refresh(context, [model]);
  return changeStage(context, {
    model,
    stage: question.stage,
    pick: async (situation) => {
      if (await isModelOn(context, situation)) return null;
      throw new RegistryError("not-found", `there is no model ${model}`, { hint: "git model list" });
    },
    named: false,
    direct: question.direct ?? false,
    ifPassing: false,
    dryRun: question.dryRun ?? false,
    message: null,
  });
}

/** A folder of models is no model: `team` beside `team/fraud`. */
async function isModelOn(context: RegistryContext, { catalog, ledger, model, view }: StageSituation): Promise<boolean> {
  if (catalog.models.has(model)) return true;
  return ledger.holds !== null && view.tip !== null && holdsModel(context, view.tip, model);
}
