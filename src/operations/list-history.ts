import type { ModelName } from "../domain/model/model-name.ts";
import { compareVersions } from "../domain/model/version.ts";
import type { StageName } from "../domain/policy/stage.ts";
import type { EventAnswer, EventKind, HistoryAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
import { type Catalog, loadCatalog, loadCatalogOf, versionsOf } from "./load/catalog.ts";
import { fetchedAt } from "./load/fetched-at.ts";
import { wasEverHeld } from "./load/held-models.ts";
import { requireKnownStage } from "./load/known-stage.ts";
import { policyOrWarn } from "./load/load-policy.ts";
import { stageEvents, versionEvents } from "./load/model-events.ts";
import { requireModelName } from "./load/resolve-reference.ts";
import { loadStages, type StageView } from "./load/stages.ts";
import { loadLedgers } from "./load/stages-of-model.ts";
import { requireLimit } from "./query/limit.ts";
import type { HistoryQuestion } from "./questions.ts";

/**
 * What happened, newest first: registrations, releases, rollbacks, demotes, yanks, evaluations. With `stage` the
 * events of that stage only. Equal times: stage events first, then the higher number (DETAILS 57); what is left is
 * told from the last step back to the first, so that the order is always the same.
 */
export async function listHistory(context: RegistryContext, question: HistoryQuestion): Promise<HistoryAnswer> {
  const model = question.model === undefined ? null : requireModelName(question.model);
  const limit = requireLimit(question.limit);
  if (question.fetch === true) await refresh(context, model === null ? "all" : [model]);
  const catalog = await (model === null ? loadCatalog(context.git) : loadCatalogOf(context.git, [model]));
  if (model !== null) await requireKnown(context, model, catalog);
  const policy = await policyOrWarn(context);
  const views = await loadStages(context, policy?.policy ?? null);
  const only = question.stage === undefined ? null : requireKnownStage(question.stage, views);
  const models = model === null ? null : [model];
  const onStages = await eventsOnStages(context, {
    catalog,
    models,
    views: only === null ? views : inStage(views, only),
  });
  const entries = [...catalog.models].flatMap(([name, versions]) => (model === null || name === model ? versions : []));
  const ofVersions = only === null ? await versionEvents(context, entries) : [];
  const order = new Map(views.map(({ stage }, index) => [stage, index]));
  const events = [...onStages, ...ofVersions].toSorted((a, b) => newestFirst(a, b, order));
  return { fetchedAt: await fetchedAt(context), events: events.slice(0, limit) };
}

/** A model without versions may still have a past on a stage. */
async function requireKnown(context: RegistryContext, model: ModelName, catalog: Catalog): Promise<void> {
  if (!catalog.models.has(model) && !(await wasEverHeld(context, model))) versionsOf(catalog, model);
}

function inStage(views: readonly StageView[], only: StageName): readonly StageView[] {
  return views.filter(({ stage }) => stage === only);
}

async function eventsOnStages(
  context: RegistryContext,
  asked: {
    readonly catalog: Catalog;
    /** Null: every model that is or was there. */
    readonly models: readonly ModelName[] | null;
    readonly views: readonly StageView[];
  },
): Promise<readonly EventAnswer[]> {
  const tags = new Set(asked.catalog.releases.map(({ tag }) => tag));
  const events: EventAnswer[] = [];
  for (const view of asked.views) {
    const ledgers = await loadLedgers(context, view, asked);
    for (const [model, ledger] of ledgers) events.push(...stageEvents({ model, stage: view.stage, ledger }, tags));
  }
  return events;
}

/** What follows from what, for events of one second. */
const STEP: Readonly<Record<EventKind, number>> = {
  register: 0,
  evaluate: 1,
  yank: 2,
  release: 3,
  rollback: 3,
  demote: 3,
  unregistered: 3,
};

function newestFirst(a: EventAnswer, b: EventAnswer, order: ReadonlyMap<StageName, number>): number {
  if (a.at !== b.at) return a.at < b.at ? 1 : -1;
  const place = ({ stage }: EventAnswer) => (stage === null ? -1 : (order.get(stage) ?? -1));
  const numbers = (b.number ?? -1) - (a.number ?? -1);
  const steps = STEP[b.kind] - STEP[a.kind] || numbers || place(b) - place(a);
  if (steps !== 0) return steps;
  if (a.model !== b.model) return a.model < b.model ? -1 : 1;
  return a.version === null || b.version === null ? 0 : compareVersions(b.version, a.version);
}
