import type { ModelName } from "../domain/model/model-name.ts";
import type { ObjectId } from "../domain/object-id.ts";
import type { Policy } from "../domain/policy/policy.ts";
import type { StageName } from "../domain/policy/stage.ts";
import type { HeldVersion } from "../domain/stage/ledger.ts";
import { isoTime } from "./answer-parts.ts";
import type { ListAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
import { listedVersion, sortBy } from "./list-versions.ts";
import { type Catalog, folderOwners, latestOf, loadCatalog, type VersionEntry } from "./load/catalog.ts";
import { fetchedAt } from "./load/fetched-at.ts";
import { heldModels } from "./load/held-models.ts";
import { requireKnownStage } from "./load/known-stage.ts";
import { policyOrWarn } from "./load/load-policy.ts";
import { heldByTags, loadStages, type StageView } from "./load/stages.ts";
import { tryReadManifests, tryReadVersions, type VersionObjects } from "./load/version-details.ts";
import { parseConditions } from "./query/conditions.ts";
import { requireLimit } from "./query/limit.ts";
import type { ListQuestion } from "./questions.ts";

/** Every model: its latest version, what each stage holds, how many versions, when it last changed. Sorted by name. */
export async function listModels(context: RegistryContext, question: ListQuestion): Promise<ListAnswer> {
  if (question.fetch === true) await refresh(context, "all");
  const policy = await policyOrWarn(context);
  const [catalog, stages] = await Promise.all([loadCatalog(context.git), loadStages(context, policy?.policy ?? null)]);
  const only = question.stage === undefined ? null : requireKnownStage(question.stage, stages);
  const versions = await readAll(context, catalog);
  const held = await holdings(context, { catalog, stages, versions });
  const limit = requireLimit(question.limit);
  const names = await chosenModels(context, question, { catalog, versions, policy: policy?.policy ?? null });
  const rows = names
    .filter((model) => only === null || held.get(only)?.has(model))
    .slice(0, limit)
    .map((model) => row(model, { catalog, stages, versions, held }));
  return { fetchedAt: await fetchedAt(context), models: rows };
}

/** The models whose latest version fulfils the conditions; by name, or sorted by a number of that version. */
async function chosenModels(
  context: RegistryContext,
  question: ListQuestion,
  all: Pick<Everything, "catalog" | "versions"> & { readonly policy: Policy | null },
): Promise<readonly ModelName[]> {
  const holds = parseConditions(question.where ?? null, question.labels ?? []);
  const names = [...all.catalog.models.keys()].toSorted((a, b) => (a < b ? -1 : 1));
  if (question.where === undefined && question.sort === undefined && !question.labels?.length) return names;
  const latest = names.flatMap((model) => {
    const entry = latestOf(all.catalog.models.get(model) ?? []);
    const version = entry === null ? undefined : all.versions.get(entry.tag);
    return version === undefined ? [] : [version];
  });
  const manifests = await tryReadManifests(context.git, latest);
  const listed = latest
    .map((version, index) =>
      listedVersion(version, { manifest: manifests[index] ?? null, yank: null, stages: [], policy: all.policy }),
    )
    .filter(holds);
  const sorted = question.sort === undefined ? listed : sortBy(listed, question.sort, all.policy);
  return sorted.map(({ model }) => model);
}

interface Everything {
  readonly catalog: Catalog;
  readonly stages: readonly StageView[];
  /** By version tag. */
  readonly versions: ReadonlyMap<string, VersionObjects>;
}

type Holdings = ReadonlyMap<StageName, ReadonlyMap<ModelName, HeldVersion>>;

async function readAll(context: RegistryContext, catalog: Catalog): Promise<ReadonlyMap<string, VersionObjects>> {
  const read = await tryReadVersions(context.git, [...catalog.models.values()].flat());
  return new Map(read.flatMap((one) => (one === null ? [] : [[one.tag, one] as const])));
}

async function holdings(context: RegistryContext, everything: Everything): Promise<Holdings> {
  const { catalog, stages, versions } = everything;
  const byTree = new Map([...versions.values()].map((one) => [`${one.model} ${one.tree}`, one.version]));
  const found = new Map<StageName, ReadonlyMap<ModelName, HeldVersion>>();
  for (const view of stages) {
    if (view.kind === "tag") found.set(view.stage, heldByTags(catalog, view.stage));
    else {
      const trees =
        view.tip === null
          ? new Map<ModelName, ObjectId>()
          : await heldModels(context.git, view.tip, folderOwners(catalog.models.keys()));
      found.set(
        view.stage,
        new Map([...trees].map(([model, tree]) => [model, byTree.get(`${model} ${tree}`) ?? "unregistered"])),
      );
    }
  }
  return found;
}

function row(model: ModelName, all: Everything & { readonly held: Holdings }): ListAnswer["models"][number] {
  const entries = all.catalog.models.get(model) ?? [];
  return {
    model,
    latest: latestOf(entries)?.version ?? null,
    versions: entries.length,
    stages: Object.fromEntries(all.stages.map(({ stage }) => [stage, all.held.get(stage)?.get(model) ?? null])),
    updatedAt: updatedAt(entries, all.versions),
  };
}

function updatedAt(entries: readonly VersionEntry[], versions: ReadonlyMap<string, VersionObjects>): string {
  const seconds = entries.map(({ tag }) => {
    const version = versions.get(tag);
    return version === undefined ? 0 : (version.tagObject.tagger ?? version.commitObject.committer).seconds;
  });
  return isoTime({ seconds: Math.max(0, ...seconds) });
}
