import type { Bump } from "../../domain/model/version.ts";
import type { Handler } from "../command.ts";
import { given } from "../given.ts";
import { SHAPES } from "../json-shapes.ts";
import { readManifestDetails, readRoles } from "../manifest-details.ts";
import { registerView } from "../views/register.ts";
import { exitOfPromotion } from "./exit-codes.ts";

export const register: Handler = async (call) => {
  const { given: from } = call;
  const [model = "", ...files] = from.words;
  const details = await readManifestDetails(call);
  const bump = from.text("--bump") as Bump | undefined;
  const question = {
    model,
    files,
    details,
    ...given({
      version: from.text("--version"),
      bump,
      roles: readRoles(from),
      card: from.text("--card"),
      from: from.text("--from"),
      promote: from.text("--promote"),
      push: from.flag("--no-push") ? false : undefined,
      offline: from.flag("--offline") || undefined,
      dryRun: from.flag("--dry-run") || undefined,
    }),
  };
  const registry = await call.open();
  const answer = await registry.register(question);
  const [firstStage = null] = call.json ? [] : await registry.complete("stages");
  return {
    exitCode: answer.promotion === null ? 0 : exitOfPromotion(answer.promotion),
    json: answer,
    shape: SHAPES.register,
    text: (view) =>
      registerView(answer, { ...view, firstStage, bump: bump ?? (question.version === undefined ? "patch" : null) }),
  };
};
