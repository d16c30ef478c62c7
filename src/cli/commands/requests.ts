import { RegistryError } from "../../errors.ts";
import type { Handler } from "../command.ts";
import type { Given } from "../given.ts";
import { given } from "../given.ts";
import { SHAPES } from "../json-shapes.ts";
import { requestListView, requestView, reviewView } from "../views/requests.ts";
import { promotionOutcome } from "./release.ts";

export const listRequests: Handler = async (call) => {
  const answer = await (await call.open()).listRequests();
  return { exitCode: 0, json: answer, shape: SHAPES.requests, text: (view) => requestListView(answer, view) };
};

export const showRequest: Handler = async (call) => {
  const answer = await (await call.open()).showRequest(requestOf(call.given));
  return { exitCode: 0, json: answer, shape: SHAPES.request, text: (view) => requestView(answer, view) };
};

export const mergeRequest: Handler = async (call) =>
  promotionOutcome(await (await call.open()).mergeRequest(requestOf(call.given)));

export const closeRequest: Handler = async (call) =>
  promotionOutcome(await (await call.open()).closeRequest(requestOf(call.given)));

export const review: Handler = async (call) => {
  const { given: from } = call;
  const [model] = from.words;
  const question = given({ model, stage: from.text("--stage"), base: from.text("--base"), head: from.text("--head") });
  checkPairs(question);
  const answer = await (await call.open()).review(question);
  return {
    exitCode: answer.verdict === "accept" ? 0 : 1,
    json: answer,
    shape: SHAPES.review,
    text: from.flag("--markdown") ? answer.report : (view) => reviewView(answer, view),
  };
};

function requestOf(from: Given): { readonly model: string; readonly stage: string } {
  return { model: from.word, stage: from.text("--stage") ?? "" };
}

function checkPairs(question: { model?: string; stage?: string; base?: string; head?: string }): void {
  const { model, stage, base, head } = question;
  const isPaired = (model === undefined) === (stage === undefined) && (base === undefined) === (head === undefined);
  if (isPaired && (model === undefined || base === undefined)) return;
  throw new RegistryError("usage", "review takes a model and its stage, or a base and a head", {
    hint: "git model review fraud --stage production",
  });
}
