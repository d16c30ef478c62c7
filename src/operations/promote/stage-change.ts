import type { ModelName } from "../../domain/model/model-name.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { StagePolicy } from "../../domain/policy/policy.ts";
import type { StageName } from "../../domain/policy/stage.ts";
import type { Change } from "../../domain/promotion/request-branch.ts";
import { changeOf, type HeldVersion, heldVersion, type Ledger } from "../../domain/stage/ledger.ts";
import { ensureStage } from "../apply/stage-root.ts";
import type { RegistryContext } from "../context.ts";
import { type Catalog, loadCatalog, type VersionEntry } from "../load/catalog.ts";
import { type LoadedPolicy, requirePolicy, requireStage } from "../load/load-policy.ts";
import { ledgerOf, loadStage, type StageView, versionsByTree } from "../load/stages.ts";
import type { VersionObjects } from "../load/version-details.ts";

/** A model on a stage, with all that a change of it rests on. */
export interface StageSituation {
  readonly model: ModelName;
  readonly stage: StageName;
  readonly rules: StagePolicy;
  readonly policy: LoadedPolicy;
  readonly view: StageView;
  readonly catalog: Catalog;
  readonly ledger: Ledger;
  readonly byTree: ReadonlyMap<ObjectId, VersionObjects>;
}

/** Reads the situation of a model on a declared stage; the stage's root is made where it is absent, unless `dryRun`. */
export async function loadSituation(
  context: RegistryContext,
  asked: { readonly model: ModelName; readonly stage: string; readonly dryRun: boolean },
): Promise<StageSituation> {
  const policy = await requirePolicy(context);
  const { stage, rules } = requireStage(policy.policy, asked.stage);
  if (rules.kind === "branch" && !asked.dryRun) await ensureStage(context, stage);
  const view = await loadStage(context, policy.policy, stage);
  const catalog = await loadCatalog(context.git);
  const byTree = await versionsByTree(context, catalog.models.get(asked.model) ?? []);
  const ledger = await ledgerOf(context, view, { name: asked.model, catalog, byTree });
  return { model: asked.model, stage, rules, policy, view, catalog, ledger, byTree };
}

/** A change that is wanted: a version to hold, or null to hold none. */
export interface StageChangeWanted {
  readonly change: Change;
  readonly from: HeldVersion | null;
  /** The version concerned; for a demote the one that leaves, null when that is unregistered. */
  readonly version: VersionObjects | null;
  /** The model's tree afterwards; null for a demote. */
  readonly tree: ObjectId | null;
}

/** What holding this version (null: none) is, in this situation. Null: the stage holds exactly that already. */
export function wantedChange(situation: StageSituation, target: VersionEntry | null): StageChangeWanted | null {
  const { ledger, byTree } = situation;
  const from = heldVersion(ledger.holds);
  const objects = [...byTree.values()];
  if (target === null) {
    if (ledger.holds === null) return null;
    const leaving = objects.find(({ version }) => version === ledger.holds?.version) ?? null;
    return { change: "demote", from, version: leaving, tree: null };
  }
  const version = objects.find((one) => one.version === target.version) ?? null;
  if (version === null || ledger.holds?.tree === version.tree) return null;
  return { change: changeOf(ledger, version.version), from, version, tree: version.tree };
}
