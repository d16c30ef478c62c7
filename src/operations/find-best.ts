import { answerVersion } from "./answer-parts.ts";
import type { BestAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
import { loadCatalog, loadCatalogOf } from "./load/catalog.ts";
import { fetchedAt } from "./load/fetched-at.ts";
import { requireKnownStage } from "./load/known-stage.ts";
import { policyOrWarn } from "./load/load-policy.ts";
import { requireModelName } from "./load/resolve-reference.ts";
import { loadStages } from "./load/stages.ts";
import { readVersion } from "./load/version-details.ts";
import { pickBest } from "./pick-best.ts";
import type { BestQuestion } from "./questions.ts";

/** The best version by a metric or the policy's score, with what was left out and why. */
export async function findBest(context: RegistryContext, question: BestQuestion): Promise<BestAnswer> {
  const model = question.model === undefined ? null : requireModelName(question.model);
  if (question.fetch === true) await refresh(context, model === null ? "all" : [model]);
  const policy = await policyOrWarn(context);
  const stages = await loadStages(context, policy?.policy ?? null);
  const stage = question.stage === undefined ? null : requireKnownStage(question.stage, stages);
  const catalog = await (model === null ? loadCatalog(context.git) : loadCatalogOf(context.git, [model]));
  const best = await pickBest(context, { catalog, model, metric: question.metric ?? null, stage });
  const version = await readVersion(context.git, best.entry);
  return {
    ...answerVersion(version),
    by: best.by,
    value: best.value,
    considered: best.considered,
    skipped: best.skipped.map(({ candidate, reason }) => ({
      model: candidate.entry.model,
      version: candidate.version,
      reason,
    })),
    fetchedAt: await fetchedAt(context),
  };
}
