import { RegistryError } from "../../errors.ts";
import type { Handler } from "../command.ts";
import { given } from "../given.ts";
import { SHAPES } from "../json-shapes.ts";
import { initView } from "../views/init.ts";

export const init: Handler = async (call) => {
  const { given: from } = call;
  const forge = from.text("--forge");
  const question = given({
    name: from.text("--name"),
    stages: stagesOf(from.text("--stages")),
    forge: forge === "git" || forge === "local" ? forge : undefined,
    shared: from.flag("--shared") || undefined,
    push: from.flag("--no-push") ? false : undefined,
  });
  const answer = await call.init(from.words[0] ?? null, question);
  return { exitCode: 0, json: answer, shape: SHAPES.init, text: () => initView(answer, call.directory) };
};

function stagesOf(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const stages = text.split(",").map((stage) => stage.trim());
  if (stages.every((stage) => stage !== "")) return stages;
  throw new RegistryError("usage", "--stages is a list of names with commas", { hint: "--stages staging,production" });
}
