import type { Decimal } from "../domain/metric/decimal.ts";
import { SCORE_KEY } from "../domain/metric/metric.ts";
import type { ModelName } from "../domain/model/model-name.ts";
import { type BestCandidate, pickBest as pickBestOf, type SkippedCandidate } from "../domain/policy/best.ts";
import type { StageName } from "../domain/policy/stage.ts";
import { wasReleased } from "../domain/stage/ledger.ts";
import { RegistryError } from "../errors.ts";
import { createdAt } from "./answer-parts.ts";
import type { RegistryContext } from "./context.ts";
import { type Catalog, type VersionEntry, versionsOf } from "./load/catalog.ts";
import { policyOrWarn } from "./load/load-policy.ts";
import { loadStage } from "./load/stages.ts";
import { loadLedgers } from "./load/stages-of-model.ts";
import { manifestUnreadable, tryReadManifests, tryReadVersions } from "./load/version-details.ts";

/** The best version of a pool, and what was looked at. */
export interface PickedBest {
  readonly entry: VersionEntry;
  readonly by: string;
  readonly value: Decimal;
  readonly considered: number;
  readonly skipped: readonly SkippedCandidate<BestCandidate & { readonly entry: VersionEntry }>[];
}

/** Picks by a metric or the policy's score (DETAILS 46): `usage`, `policy-invalid`, `not-found`. */
export async function pickBest(
  context: RegistryContext,
  asked: {
    readonly catalog: Catalog;
    /** Null: one pool of all models. */
    readonly model: ModelName | null;
    /** Null: the score. */
    readonly metric: string | null;
    /** Only versions ever released to it. */
    readonly stage: StageName | null;
  },
): Promise<PickedBest> {
  const policy = await policyOrWarn(context);
  const all = asked.model === null ? [...asked.catalog.models.values()].flat() : versionsOf(asked.catalog, asked.model);
  const pool = asked.stage === null ? all : await releasedTo(context, asked.stage, { ...asked, all });
  const by = asked.metric ?? SCORE_KEY;
  const pick = pickBestOf(await candidatesOf(context, pool), { by, policy: policy?.policy ?? null });
  if (pick.kind === "best") {
    return { entry: pick.best.entry, by, value: pick.value, considered: pick.considered, skipped: pick.skipped };
  }
  if (pick.kind === "no-score") {
    throw new RegistryError("usage", "the policy has no score to find the best version by", {
      hint: "--metric f1, or MODEL@best:f1",
    });
  }
  if (pick.kind === "no-direction") {
    throw new RegistryError("policy-invalid", `which direction of ${pick.metric} is better is not known`, {
      hint: `add to registry.yaml: metrics: { ${pick.metric}: { better: higher } }`,
    });
  }
  throw new RegistryError(
    "not-found",
    `no version ${asked.model === null ? "" : `of ${asked.model} `}has ${by === SCORE_KEY ? "a score" : by}`,
    {
      hint: "git model compare",
    },
  );
}

async function candidatesOf(
  context: RegistryContext,
  pool: readonly VersionEntry[],
): Promise<readonly (BestCandidate & { readonly entry: VersionEntry })[]> {
  const versions = (await tryReadVersions(context.git, pool)).filter((one) => one !== null);
  const manifests = await tryReadManifests(context.git, versions);
  return versions.flatMap((version, index) => {
    const manifest = manifests[index];
    if (!manifest) {
      context.reporter.warn(manifestUnreadable(version));
      return [];
    }
    const { model, version: number, yankId } = version;
    return [
      { model, version: number, yanked: yankId !== null, createdAt: createdAt(version), manifest, entry: version },
    ];
  });
}

async function releasedTo(
  context: RegistryContext,
  stage: StageName,
  {
    catalog,
    all,
    model,
  }: { readonly catalog: Catalog; readonly all: readonly VersionEntry[]; readonly model: ModelName | null },
): Promise<readonly VersionEntry[]> {
  const policy = await policyOrWarn(context);
  const view = await loadStage(context, policy?.policy ?? null, stage);
  const ledgers = await loadLedgers(context, view, { catalog, models: model === null ? null : [model] });
  return all.filter((one) => {
    const ledger = ledgers.get(one.model);
    return ledger !== undefined && wasReleased(ledger, one.version);
  });
}
