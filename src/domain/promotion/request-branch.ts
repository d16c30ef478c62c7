import { type ModelName, parseModelName } from "../model/model-name.ts";
import { parseStageName, type StageName } from "../policy/stage.ts";

/** What a promotion does to a stage (DESIGN section 1, the ledger). */
export type Change = "release" | "rollback" | "demote";

/** The computed branch of a request: `promote|rollback|demote/<stage>/<model>` (DESIGN section 4). */
export interface RequestBranch {
  readonly change: Change;
  readonly stage: StageName;
  readonly model: ModelName;
}

const WORDS = { release: "promote", rollback: "rollback", demote: "demote" } as const;

export function formatRequestBranch(request: RequestBranch): string {
  return `${WORDS[request.change]}/${request.stage}/${request.model}`;
}

/** The exact inverse of `formatRequestBranch`; null for any other branch. */
export function parseRequestBranch(branch: string): RequestBranch | null {
  const [word, stageText = "", ...rest] = branch.split("/");
  const change = (Object.keys(WORDS) as Change[]).find((one) => WORDS[one] === word);
  const stage = parseStageName(stageText);
  const model = parseModelName(rest.join("/"));
  if (change === undefined || !stage.ok || !model.ok) return null;
  return { change, stage: stage.value, model: model.value };
}
