import type { Handler } from "../command.ts";
import { given } from "../given.ts";
import { SHAPES } from "../json-shapes.ts";
import { readMeasurement } from "../manifest-details.ts";
import { evaluateView } from "../views/evaluate.ts";

export const evaluate: Handler = async (call) => {
  const { given: from } = call;
  const check = from.text("--check");
  const question = {
    reference: from.word,
    ...(await readMeasurement(call)),
    ...given({
      live: from.flag("--live") || undefined,
      at: from.text("--at"),
      note: from.text("--note"),
      check,
      push: from.flag("--no-push") ? false : undefined,
    }),
  };
  const answer = await (await call.open()).evaluate(question);
  return {
    exitCode: answer.passed ? 0 : 1,
    json: answer,
    shape: SHAPES.evaluate,
    text: (view) => evaluateView(answer, { ...view, stage: check ?? null }),
  };
};
