import type { Call, Handler, Outcome } from "../command.ts";
import { confirm } from "../confirm.ts";
import { SHAPES } from "../json-shapes.ts";
import { discardView, yankView } from "../views/withdraw.ts";

export const yank: Handler = async (call) => {
  const { given: from } = call;
  if (!(await isWanted(call, `Yank ${from.word}? This is final.`))) return nothingChanged();
  const answer = await (await call.open()).yank({ reference: from.word, reason: from.text("--reason") ?? "" });
  return { exitCode: 0, json: answer, shape: SHAPES.yank, text: () => yankView(answer) };
};

export const discard: Handler = async (call) => {
  const { word } = call.given;
  if (!(await isWanted(call, `Discard the draft ${word}?`))) return nothingChanged();
  const answer = await (await call.open()).discard({ reference: word });
  return {
    exitCode: answer.discarded ? 0 : 1,
    json: answer,
    shape: SHAPES.discard,
    text: () => discardView(answer),
  };
};

/** Asks on a terminal only; a program that wants JSON has decided already. */
async function isWanted({ yes, json, io }: Call, question: string): Promise<boolean> {
  return yes || json || !io.stdin.isTerminal || !io.stderr.isTerminal || confirm(io, question);
}

function nothingChanged(): Outcome {
  return { exitCode: 1, json: null, shape: SHAPES.text, text: () => [["Nothing was changed."]] };
}
