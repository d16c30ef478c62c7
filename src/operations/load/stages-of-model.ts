import type { ModelName } from "../../domain/model/model-name.ts";
import type { StageName } from "../../domain/policy/stage.ts";
import type { Ledger } from "../../domain/stage/ledger.ts";
import type { RegistryContext } from "../context.ts";
import type { Catalog } from "./catalog.ts";
import { policyOrWarn } from "./load-policy.ts";
import { ledgerOf, loadStages, type StageView, versionsByTree } from "./stages.ts";

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
