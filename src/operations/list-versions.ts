import { directionOf } from "../domain/metric/direction.ts";
import { metricIn, SCORE_KEY } from "../domain/metric/metric.ts";
import type { Manifest } from "../domain/model/manifest.ts";
import { isPrerelease } from "../domain/model/version.ts";
import type { Policy } from "../domain/policy/policy.ts";
import { scoreOf, scorePolicyFor } from "../domain/policy/score.ts";
import type { StageName } from "../domain/policy/stage.ts";
import { RegistryError } from "../errors.ts";
import { answerVersion, createdAt, plainMetrics } from "./answer-parts.ts";
import type { ListedVersion, ListVersionsAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
import { loadCatalogOf, versionsOf } from "./load/catalog.ts";
import { fetchedAt } from "./load/fetched-at.ts";
import { requireKnownStage } from "./load/known-stage.ts";
import { policyOrWarn } from "./load/load-policy.ts";
import { requireModelName } from "./load/resolve-reference.ts";
import { loadHeldOnStages } from "./load/stages-of-model.ts";
import { tryReadManifests, tryReadVersions, type VersionObjects } from "./load/version-details.ts";
import { readYanks, type Yank } from "./load/yanks.ts";
import { parseConditions } from "./query/conditions.ts";
import { requireLimit } from "./query/limit.ts";
import type { ListVersionsQuestion } from "./questions.ts";

/** The versions of a model, newest semver first, or sorted by a metric, best first; filtered by stage, labels and conditions. */
export async function listVersions(
  context: RegistryContext,
  question: ListVersionsQuestion,
): Promise<ListVersionsAnswer> {
  const model = requireModelName(question.model);
  const limit = requireLimit(question.limit);
  const holds = parseConditions(question.where ?? null, question.labels ?? []);
  if (question.fetch === true) await refresh(context, [model]);
  const catalog = await loadCatalogOf(context.git, [model]);
  const entries = versionsOf(catalog, model);
  const policy = (await policyOrWarn(context))?.policy ?? null;
  const sound = (await tryReadVersions(context.git, entries)).filter((one) => one !== null);
  const byTree = new Map(sound.map((one) => [one.tree, one]));
  const onStages = await loadHeldOnStages(context, catalog, { name: model, byTree });
  const stage =
    question.stage === undefined
      ? null
      : requireKnownStage(
          question.stage,
          onStages.map(({ view }) => view),
        );
  const versions = sound.toReversed();
  const [manifests, yanks] = await Promise.all([
    tryReadManifests(context.git, versions),
    readYanks(context.git, entries),
  ]);
  const listed = versions.map((version, index) => {
    const stages = onStages.filter(({ held }) => held === version.version).map((one) => one.stage);
    return listedVersion(version, {
      manifest: manifests[index] ?? null,
      yank: yanks.get(version.tag) ?? null,
      stages,
      policy,
    });
  });
  const kept = listed.filter((one) => (stage === null || one.stages.includes(stage)) && holds(one));
  const sorted = question.sort === undefined ? kept : sortBy(kept, question.sort, policy);
  return {
    fetchedAt: await fetchedAt(context),
    model,
    versions: sorted.slice(0, limit),
    total: sorted.length,
  };
}

/** A version as a list shows it. */
export function listedVersion(
  version: VersionObjects,
  about: {
    readonly manifest: Manifest | null;
    readonly yank: Yank | null;
    readonly stages: readonly StageName[];
    readonly policy: Policy | null;
  },
): ListedVersion {
  const { manifest, yank, policy } = about;
  return {
    ...answerVersion(version),
    createdAt: createdAt(version),
    author: version.commitObject.author.name,
    published: !version.draft,
    yanked: version.yankId !== null,
    prerelease: isPrerelease(version.version),
    score: manifest === null || policy === null ? null : scoreOf(policy, manifest),
    metrics: plainMetrics(manifest?.metrics ?? {}),
    labels: manifest?.labels ?? {},
    stages: about.stages,
    yankReason: yank?.reason ?? null,
  };
}

/** Best first by a metric or the score; versions without it last. */
export function sortBy(
  versions: readonly ListedVersion[],
  key: string,
  policy: Policy | null,
): readonly ListedVersion[] {
  const better = directionOf(key, policy?.metrics ?? {});
  if (better === null) {
    throw new RegistryError("policy-invalid", `which direction of ${key} is better is not known, so it cannot sort`, {
      hint: `add to registry.yaml: metrics: { ${key}: { better: higher } }`,
    });
  }
  if (key === SCORE_KEY && versions.every(({ model }) => !policy || scorePolicyFor(policy, model) === null)) {
    throw new RegistryError("usage", "the policy has no score to sort by", { hint: "--sort f1" });
  }
  const numberOf = (one: ListedVersion) => (key === SCORE_KEY ? one.score : metricIn(one.metrics, key));
  const sign = better === "higher" ? -1 : 1;
  return versions.toSorted((a, b) => {
    const [left, right] = [numberOf(a), numberOf(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return sign * left.compare(right);
  });
}
