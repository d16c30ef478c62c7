import type { Handler } from "../command.ts";
import { given } from "../given.ts";
import { SHAPES } from "../json-shapes.ts";
import { pullView } from "../views/pull.ts";

export const pull: Handler = async (call) => {
  const { given: from } = call;
  const fallbacks = from.list("--fallback");
  const printPath = from.flag("--print-path");
  const question = {
    references: from.words,
    ...given({
      output: from.text("--output"),
      force: from.flag("--force") || undefined,
      link: from.text("--link"),
      role: from.text("--role"),
      fallbacks: fallbacks.length === 0 ? undefined : fallbacks,
      offline: from.flag("--offline") || undefined,
      verify: from.flag("--verify") || undefined,
      printPath: printPath || undefined,
    }),
  };
  // What a pull needs is loaded while Git answers.
  const [registry] = await Promise.all([call.open(), import("../../operations/pull-artifacts.ts")]);
  const answer = await registry.pull(question);
  return {
    exitCode: 0,
    json: answer,
    shape: SHAPES.pull,
    text: printPath ? answer.models.map(({ path }) => `${path}\n`).join("") : (view) => pullView(answer, view),
  };
};
