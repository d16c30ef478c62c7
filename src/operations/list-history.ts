import type { ModelName } from "../domain/model/model-name.ts";
import type { EventAnswer, HistoryAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
import { loadCatalog, versionsOf } from "./load/catalog.ts";
import { fetchedAt } from "./load/fetched-at.ts";
import { wasEverHeld } from "./load/held-models.ts";
import { requireKnownStage } from "./load/known-stage.ts";
import { stageEvents, versionEvents } from "./load/model-events.ts";
import { requireModelName } from "./load/resolve-reference.ts";
import { loadModelOnStages } from "./load/stages-of-model.ts";
import type { HistoryQuestion } from "./questions.ts";

/**
 * What happened, newest first: registrations, releases, rollbacks, demotes, yanks, evaluations. With `stage` the
 * events of that stage only. Equal times: stage events first, then the higher number (DETAILS 57).
 */
export async function listHistory(context: RegistryContext, question: HistoryQuestion): Promise<HistoryAnswer> {
  const model = question.model === undefined ? null : requireModelName(question.model);
  if (question.fetch === true) await refresh(context, model === null ? "all" : [model]);
  const catalog = await loadCatalog(context.git);
  const tags = new Set(catalog.releases.map(({ tag }) => tag));
  const models = model === null ? [...catalog.models.keys()] : await knownModel(context, model);
  const events: EventAnswer[] = [];
  for (const name of models) {
    const onStages = await loadModelOnStages(context, catalog, name);
    const views = onStages.map(({ view }) => view);
    const only = question.stage === undefined ? null : requireKnownStage(question.stage, views);
    events.push(
      ...stageEvents(
        name,
        onStages.filter(({ stage }) => only === null || stage === only),
        tags,
      ),
    );
    if (only === null) events.push(...(await versionEvents(context, name, catalog.models.get(name) ?? [])));
  }
  return { fetchedAt: await fetchedAt(context), events: events.toSorted(newestFirst).slice(0, question.limit) };
}

/** A model that the registry knows; one without versions may still have a past on a stage. */
async function knownModel(context: RegistryContext, model: ModelName): Promise<readonly ModelName[]> {
  const catalog = await loadCatalog(context.git);
  if (!catalog.models.has(model) && !(await wasEverHeld(context, model))) versionsOf(catalog, model);
  return [model];
}

function newestFirst(a: EventAnswer, b: EventAnswer): number {
  if (a.at !== b.at) return a.at < b.at ? 1 : -1;
  const [left, right] = [a.number ?? -1, b.number ?? -1];
  return right - left;
}
