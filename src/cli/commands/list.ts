import type { Handler } from "../command.ts";
import { given } from "../given.ts";
import { SHAPES } from "../json-shapes.ts";
import { listView } from "../views/list.ts";
import { listVersionsView } from "../views/list-versions.ts";
import { limitOf, readQuestion } from "./read-question.ts";

export const list: Handler = async (call) => {
  const { given: from } = call;
  const [model] = from.words;
  const labels = from.list("--label");
  const question = {
    ...readQuestion(from),
    ...limitOf(from, model !== undefined),
    ...given({
      stage: from.text("--stage"),
      labels: labels.length === 0 ? undefined : labels,
      where: from.text("--where"),
      sort: from.text("--sort"),
    }),
  };
  const registry = await call.open();
  if (model === undefined) {
    const answer = await registry.list(question);
    return { exitCode: 0, json: answer, shape: SHAPES.list, text: (view) => listView(answer, view) };
  }
  const answer = await registry.listVersions({ ...question, model });
  return { exitCode: 0, json: answer, shape: SHAPES.listVersions, text: (view) => listVersionsView(answer, view) };
};
