import { type ModelName, parseModelName } from "../model/model-name.ts";
import { parseStageName, type StageName } from "../policy/stage.ts";

/** The name of a release tag: `fraud#production#7`, of a demotion `fraud#production!#7` (GTO's grammar). */
export interface ReleaseTag {
  readonly model: ModelName;
  readonly stage: StageName;
  /** Ordinal of the change of the model on the stage, from 1. */
  readonly number: number;
  readonly demote: boolean;
}

export function formatReleaseTag(tag: ReleaseTag): string {
  return `${tag.model}#${tag.stage}${tag.demote ? "!" : ""}#${tag.number}`;
}

/** The exact inverse of `formatReleaseTag`; null for any other name. */
export function parseReleaseTag(name: string): ReleaseTag | null {
  const match = /^([^#]+)#([^#!]+)(!?)#([1-9]\d{0,8})$/.exec(name);
  if (match === null) return null;
  const [, modelText = "", stageText = "", bang, digits] = match;
  const model = parseModelName(modelText);
  const stage = parseStageName(stageText);
  if (!model.ok || !stage.ok) return null;
  return { model: model.value, stage: stage.value, number: Number(digits), demote: bang === "!" };
}
