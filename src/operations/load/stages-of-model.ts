import type { ModelName } from "../../domain/model/model-name.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { StageName } from "../../domain/policy/stage.ts";
import type { HeldVersion, Ledger } from "../../domain/stage/ledger.ts";
import type { RegistryContext } from "../context.ts";
import { byModel, type Catalog } from "./catalog.ts";
import { policyOrWarn } from "./load-policy.ts";
import { loadStageHistory } from "./stage-history.ts";
import { ledgerOf, loadHeld, loadStages, type StageView, versionsByTree } from "./stages.ts";
import type { VersionObjects } from "./version-details.ts";

/** A model's ledger on every stage. */
export interface ModelOnStage {
  readonly view: StageView;
  readonly stage: StageName;
  readonly ledger: Ledger;
}

/** The ledgers of a model on all stages, in the policy's order. */
export async function loadModelOnStages(
  context: RegistryContext,
  catalog: Catalog,
  model: ModelName,
): Promise<readonly ModelOnStage[]> {
  const policy = await policyOrWarn(context);
  const stages = await loadStages(context, policy?.policy ?? null);
  const byTree = await versionsByTree(context, catalog.models.get(model) ?? []);
  return Promise.all(
    stages.map(async (view) => ({
      view,
      stage: view.stage,
      ledger: await ledgerOf(context, view, { name: model, catalog, byTree }),
    })),
  );
}

/** The ledgers of some models on one stage; null: of all. Of several, the stage's history is walked once for all. */
export async function loadLedgers(
  context: RegistryContext,
  view: StageView,
  { catalog, models }: { readonly catalog: Catalog; readonly models: readonly ModelName[] | null },
): Promise<ReadonlyMap<ModelName, Ledger>> {
  const entries =
    models === null ? [...catalog.models.values()].flat() : models.flatMap((one) => catalog.models.get(one) ?? []);
  const byTree = await versionsByTree(context, entries);
  if (models === null && view.kind === "branch") {
    return view.tip === null ? new Map() : (await loadStageHistory(context, view.tip, byTree)).ledgers;
  }
  const releases = byModel(catalog.releases);
  const names = models ?? [...releases.keys()];
  const ledgers = new Map<ModelName, Ledger>();
  for (const name of names) {
    const own = { ...catalog, releases: releases.get(name) ?? [] };
    ledgers.set(name, await ledgerOf(context, view, { name, catalog: own, byTree }));
  }
  return ledgers;
}

/** What each stage holds of a model now, in the policy's order; far cheaper than the ledgers. */
export async function loadHeldOnStages(
  context: RegistryContext,
  catalog: Catalog,
  model: { readonly name: ModelName; readonly byTree: ReadonlyMap<ObjectId, VersionObjects> },
): Promise<readonly { readonly view: StageView; readonly stage: StageName; readonly held: HeldVersion | null }[]> {
  const policy = await policyOrWarn(context);
  const stages = await loadStages(context, policy?.policy ?? null);
  return Promise.all(
    stages.map(async (view) => ({
      view,
      stage: view.stage,
      held: await loadHeld(context, view, { ...model, catalog }),
    })),
  );
}
