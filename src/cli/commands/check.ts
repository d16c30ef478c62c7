import type { Handler } from "../command.ts";
import { SHAPES } from "../json-shapes.ts";
import { checkView, reconcileView } from "../views/check.ts";
import { exitOfFindings } from "./exit-codes.ts";

export const reconcile: Handler = async (call) => {
  const answer = await (await call.open()).reconcile();
  return {
    exitCode: exitOfFindings(answer.findings),
    json: answer,
    shape: SHAPES.reconcile,
    text: () => reconcileView(answer),
  };
};

export const validate: Handler = async (call) => {
  const files = call.given.words;
  const answer = files.length > 0 ? await call.validateFiles(files) : await (await call.open()).validate({ files: [] });
  return {
    exitCode: exitOfFindings(answer.findings),
    json: answer,
    shape: SHAPES.check,
    text: (view) => checkView(answer, view),
  };
};

export const doctor: Handler = async (call) => {
  const answer = await (await call.open()).doctor(call.given.flag("--fix") ? { fix: true } : {});
  return {
    exitCode: exitOfFindings(answer.findings),
    json: answer,
    shape: SHAPES.check,
    text: (view) => checkView(answer, view),
  };
};
