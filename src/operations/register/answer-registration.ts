import { compareVersions } from "../../domain/model/version.ts";
import { diffVersions } from "../../domain/model/version-diff.ts";
import { formatVersionTag } from "../../domain/model/version-tag.ts";
import type { RegisterAnswer } from "../answers.ts";
import type { VersionContent } from "../apply/write-version.ts";
import type { RegistryContext } from "../context.ts";
import { loadCatalogOf, type VersionEntry } from "../load/catalog.ts";
import { policyOrWarn } from "../load/load-policy.ts";
import type { Registered } from "./registered.ts";
import { readContent } from "./version-exists.ts";

/** The answer to a registration, with the numbers beside those of the next lower version. */
export async function answerRegistration(
  context: RegistryContext,
  registered: Registered,
  dryRun: boolean,
): Promise<RegisterAnswer> {
  const { manifest } = registered.content;
  const versions = (await loadCatalogOf(context.git, [manifest.model])).models.get(manifest.model) ?? [];
  const below = versions.filter((one) => one.yankId === null && compareVersions(one.version, manifest.version) < 0);
  const policy = await policyOrWarn(context);
  const before = await highestReadable(context, below);
  const diff = diffVersions(before?.manifest ?? null, manifest, {
    declared: policy?.policy.metrics ?? {},
    evaluationRequired: policy?.policy.evaluation.required ?? false,
  });
  return {
    ...(dryRun ? { planned: true as const } : {}),
    model: manifest.model,
    version: manifest.version,
    tag: formatVersionTag(manifest),
    commit: registered.commit,
    tree: registered.tree,
    created: registered.created,
    published: !registered.draft && !dryRun,
    pushed: registered.pushed,
    artifacts: manifest.artifacts.map((one) => ({ ...one, uploaded: registered.uploaded.has(one.sha256) })),
    promotion: null,
    comparedTo: before?.manifest.version ?? null,
    metrics: before === null ? [] : diff.metrics.filter(({ slice }) => slice === null),
  };
}

/** A version that nobody can read, such as a tag made by hand, is none to compare with. */
async function highestReadable(
  context: RegistryContext,
  versions: readonly VersionEntry[],
): Promise<VersionContent | null> {
  for (const one of versions.toReversed()) {
    const content = await readContent(context, one);
    if (content !== null) return content;
  }
  return null;
}
