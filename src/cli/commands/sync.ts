import type { Handler } from "../command.ts";
import { SHAPES } from "../json-shapes.ts";
import { fetchView, pushView } from "../views/sync.ts";
import { exitOfFindings, exitOfRejections } from "./exit-codes.ts";

export const fetchNews: Handler = async (call) => {
  const answer = await (await call.open()).fetch();
  return {
    exitCode: exitOfFindings(answer.findings),
    json: answer,
    shape: SHAPES.fetch,
    text: (view) => fetchView(answer, view),
  };
};

export const push: Handler = async (call) => {
  const answer = await (await call.open()).push();
  return {
    exitCode: exitOfRejections(answer.rejected),
    json: answer,
    shape: SHAPES.push,
    text: () => pushView(answer),
  };
};
