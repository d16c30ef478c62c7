import type { Version } from "../domain/model/version.ts";
import { previousVersion, wasReleased } from "../domain/stage/ledger.ts";
import { RegistryError } from "../errors.ts";
import type { PromotionAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
import type { VersionEntry } from "./load/catalog.ts";
import { requireReference } from "./load/resolve-reference.ts";
import { changeStage } from "./promote/change-stage.ts";
import type { StageSituation } from "./promote/stage-change.ts";
import type { RollbackQuestion } from "./questions.ts";

/**
 * Back to the previous release of a stage, or to a version that was released there. Judged on invariants only; a
 * version that was popped off the stack needs the gates again (DETAILS 49). `not-found` where there is nothing below.
 */
export async function rollbackVersion(context: RegistryContext, question: RollbackQuestion): Promise<PromotionAnswer> {
  const { model, selector, text } = requireReference(question.reference);
  if (text.includes("#") || (text.includes("@") && selector.kind !== "version")) {
    throw new RegistryError("usage", `rollback takes a model, or a model and an exact version, not ${text}`, {
      hint: `git model rollback ${model} --stage ${question.stage}`,
    });
  }
  await refresh(context, [model]);
  const version = selector.kind === "version" ? selector.version : null;
  return changeStage(context, {
    model,
    stage: question.stage,
    pick: async (situation) => pickTarget(situation, version),
    named: version !== null,
    direct: question.direct ?? false,
    ifPassing: false,
    dryRun: question.dryRun ?? false,
    message: null,
  });
}

function pickTarget(situation: StageSituation, wanted: Version | null): VersionEntry {
  const { model, stage, ledger } = situation;
  const versions = situation.catalog.models.get(model) ?? [];
  if (versions.length === 0)
    throw new RegistryError("not-found", `there is no model ${model}`, { hint: "git model list" });
  const isYanked = (version: Version) => versions.some((one) => one.version === version && one.yankId !== null);
  if (wanted !== null && !wasReleased(ledger, wanted)) {
    throw new RegistryError("not-found", `${model}@${wanted} was never released to ${stage}`, {
      hint: `git model promote ${model}@${wanted} --to ${stage}`,
    });
  }
  const target = wanted ?? previousVersion(ledger, isYanked);
  const entry = versions.find(({ version }) => version === target);
  if (entry !== undefined) return entry;
  throw new RegistryError("not-found", `${stage} has no earlier release of ${model} to go back to`, {
    hint: `git model demote ${model} --stage ${stage}`,
  });
}
