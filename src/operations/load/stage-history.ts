import type { ModelName } from "../../domain/model/model-name.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import { type Ledger, readLedger } from "../../domain/stage/ledger.ts";
import type { WalkedCommit } from "../../ports/git-store.ts";
import type { RegistryContext } from "../context.ts";
import { folderOwners } from "./catalog.ts";
import { changedInModels } from "./changed-models.ts";
import { changesOfCommits } from "./stages.ts";
import { readAhead } from "./trees.ts";
import type { VersionObjects } from "./version-details.ts";

/** Everything that ever happened on a stage branch, by model; and commits that touched what is no model. */
export interface StageHistory {
  readonly ledgers: ReadonlyMap<ModelName, Ledger>;
  /** Paths beside models, with the commit that changed them. */
  readonly strays: readonly { readonly path: string; readonly commit: ObjectId }[];
}

/** So many commits' folders of models are read at once: a large registry's has tens of kilobytes. */
const AHEAD = 200;

/** Walks a stage branch once and reads the ledger of every model that it ever held. */
export async function loadStageHistory(
  context: RegistryContext,
  tip: ObjectId,
  byTree: ReadonlyMap<ObjectId, VersionObjects>,
): Promise<StageHistory> {
  const walked = await context.git.firstParents(tip, { path: "models" });
  const isKnown = folderOwners([...byTree.values()].map(({ model }) => model));
  const commits = new Map<ModelName, WalkedCommit[]>();
  const strays: { path: string; commit: ObjectId }[] = [];
  for (let start = 0; start < walked.length; start += AHEAD) {
    const some = walked.slice(start, start + AHEAD);
    const folders = some.flatMap(({ before, after }) => [before, after]).filter((id) => id !== null);
    const trees = await readAhead(context.git, folders);
    for (const commit of some) {
      const changed = await changedInModels(trees, commit, isKnown);
      strays.push(...changed.others.map((path) => ({ path, commit: commit.id })));
      for (const { model, before, after } of changed.models) {
        const list = commits.get(model) ?? [];
        list.push({ ...commit, before, after });
        commits.set(model, list);
      }
    }
  }
  const ledgers = new Map<ModelName, Ledger>();
  for (const [model, list] of commits) {
    const versionOf = (tree: ObjectId) => {
      const version = byTree.get(tree);
      return version?.model === model ? version.version : null;
    };
    ledgers.set(model, readLedger(await changesOfCommits(context, list, versionOf)));
  }
  return { ledgers, strays };
}
