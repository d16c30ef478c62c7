import type { RegistryContext } from "./context.ts";
import { loadCatalog, loadCatalogOf } from "./load/catalog.ts";
import { loadPolicy } from "./load/load-policy.ts";
import { requireModelName } from "./load/resolve-reference.ts";
import { loadStages } from "./load/stages.ts";

/** Words for shell completion: model names, stage names, or the versions of a model, highest first. */
export async function completeWords(
  context: RegistryContext,
  what: "models" | "stages" | "versions",
  model?: string,
): Promise<readonly string[]> {
  if (what === "stages") {
    const policy = await loadPolicy(context);
    const views = await loadStages(context, policy.kind === "valid" ? policy.policy : null);
    return views.map(({ stage }) => stage);
  }
  if (what === "models") return [...(await loadCatalog(context.git)).models.keys()];
  if (model === undefined) return [];
  const name = requireModelName(model);
  const { models } = await loadCatalogOf(context.git, [name]);
  return (models.get(name) ?? []).map(({ version }) => version).toReversed();
}
