import { parseStageName, type StageName } from "../../domain/policy/stage.ts";
import { RegistryError } from "../../errors.ts";
import type { StageView } from "./stages.ts";

/** A stage that somebody named and that policy or branches know; `stage-unknown` names the ones there are. */
export function requireKnownStage(text: string, stages: readonly StageView[]): StageName {
  const parsed = parseStageName(text);
  if (parsed.ok && stages.some(({ stage }) => stage === parsed.value)) return parsed.value;
  const known = stages.map(({ stage }) => stage).join(", ");
  throw new RegistryError("stage-unknown", `there is no stage ${JSON.stringify(text.slice(0, 60))}`, {
    hint: known === "" ? "declare it in registry.yaml" : `the stages are ${known}`,
  });
}
