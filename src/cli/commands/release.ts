import type { PromotionAnswer } from "../../operations/answers.ts";
import type { Handler, Outcome } from "../command.ts";
import { given } from "../given.ts";
import { SHAPES } from "../json-shapes.ts";
import { promotionView } from "../views/promotion.ts";
import { exitOfPromotion } from "./exit-codes.ts";

export const promote: Handler = async (call) => {
  const { given: from } = call;
  const question = {
    references: from.words,
    to: from.text("--to") ?? "",
    ...given({
      direct: from.flag("--direct") || undefined,
      ifPassing: from.flag("--if-passing") || undefined,
      message: from.text("--message"),
      dryRun: from.flag("--dry-run") || undefined,
    }),
  };
  const answers = await (await call.open()).promote(question);
  const [only] = answers;
  if (only !== undefined && from.words.length === 1) return promotionOutcome(only);
  return {
    exitCode: Math.max(0, ...answers.map(exitOfPromotion)),
    json: { promotions: answers },
    shape: SHAPES.promotions,
    text: (view) => answers.flatMap((answer, index) => [...(index === 0 ? [] : [[]]), ...promotionView(answer, view)]),
  };
};

export const rollback: Handler = async (call) => {
  const { given: from } = call;
  const answer = await (await call.open()).rollback({
    reference: from.word,
    stage: from.text("--stage") ?? "",
    ...given({ direct: from.flag("--direct") || undefined, dryRun: from.flag("--dry-run") || undefined }),
  });
  return promotionOutcome(answer);
};

export const demote: Handler = async (call) => {
  const { given: from } = call;
  const answer = await (await call.open()).demote({
    model: from.word,
    stage: from.text("--stage") ?? "",
    ...given({ direct: from.flag("--direct") || undefined }),
  });
  return promotionOutcome(answer);
};

/** One promotion, rollback, demote or merge as the answer of a command. */
export function promotionOutcome(answer: PromotionAnswer): Outcome {
  return {
    exitCode: exitOfPromotion(answer),
    json: answer,
    shape: SHAPES.promotion,
    text: (view) => promotionView(answer, view),
  };
}
