import type { Handler } from "../command.ts";
import { given } from "../given.ts";
import { SHAPES } from "../json-shapes.ts";
import { bestView, compareView } from "../views/compare.ts";
import { diffView } from "../views/diff.ts";
import { historyView } from "../views/history.ts";
import { resolveView } from "../views/resolve.ts";
import { showView } from "../views/show.ts";
import { limitOf, readQuestion } from "./read-question.ts";

export const show: Handler = async (call) => {
  const question = { ...readQuestion(call.given), reference: call.given.word };
  const registry = await call.open();
  const answer = await registry.show(question);
  const [firstStage = null] = call.json ? [] : await registry.complete("stages");
  return { exitCode: 0, json: answer, shape: SHAPES.show, text: (view) => showView(answer, { ...view, firstStage }) };
};

export const history: Handler = async (call) => {
  const { given: from } = call;
  const limits = limitOf(from, true);
  const question = {
    ...readQuestion(from),
    ...limits,
    ...given({ model: from.words[0], stage: from.text("--stage") }),
  };
  const answer = await (await call.open()).history(question);
  return {
    exitCode: 0,
    json: answer,
    shape: SHAPES.history,
    text: (view) => historyView(answer, { ...view, limit: limits.limit ?? null }),
  };
};

export const diff: Handler = async (call) => {
  const { given: from } = call;
  const [before = "", after = ""] = from.words;
  const { report, ...answer } = await (await call.open()).diff({ ...readQuestion(from), from: before, to: after });
  return {
    exitCode: 0,
    json: answer,
    shape: SHAPES.diff,
    text: from.flag("--markdown")
      ? report
      : (view) => diffView(answer, { ...view, asked: { from: before, to: after } }),
  };
};

export const compare: Handler = async (call) => {
  const { given: from } = call;
  const metrics = from.list("--metric");
  const question = {
    ...readQuestion(from),
    references: from.words,
    ...limitOf(from, false),
    ...given({ metrics: metrics.length === 0 ? undefined : metrics }),
  };
  const answer = await (await call.open()).compare(question);
  return { exitCode: 0, json: answer, shape: SHAPES.compare, text: (view) => compareView(answer, view) };
};

export const best: Handler = async (call) => {
  const { given: from } = call;
  const options = given({ model: from.words[0], metric: from.text("--metric"), stage: from.text("--stage") });
  const answer = await (await call.open()).best({ ...readQuestion(from), ...options });
  return { exitCode: 0, json: answer, shape: SHAPES.best, text: () => bestView(answer) };
};

export const resolve: Handler = async (call) => {
  const question = { ...readQuestion(call.given), reference: call.given.word };
  const answer = await (await call.open()).resolve(question);
  return { exitCode: 0, json: answer, shape: SHAPES.resolve, text: (view) => resolveView(answer, view) };
};
