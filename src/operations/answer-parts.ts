import type { Decimal } from "../domain/metric/decimal.ts";
import { compareBytes, type Metrics, metricValue } from "../domain/metric/metric.ts";
import type { VersionDiff } from "../domain/model/version-diff.ts";
import { formatVersionTag } from "../domain/model/version-tag.ts";
import { isoSeconds } from "../domain/promotion/judge-needs.ts";
import type { Signature } from "../ports/git-store.ts";
import type { DiffAnswer, VersionAnswer } from "./answers.ts";
import type { VersionObjects } from "./load/version-details.ts";

/** V of CLI.md for a version whose objects are at hand. */
export function answerVersion(version: Pick<VersionObjects, "model" | "version" | "commit" | "tree">): VersionAnswer {
  const { model, version: number, commit, tree } = version;
  return { model, version: number, tag: formatVersionTag(version), commit, tree };
}

/** Metrics with `{value, n}` taken as their value (DETAILS 51), by name. */
export function plainMetrics(metrics: Metrics): Readonly<Record<string, Decimal>> {
  const sorted = Object.entries(metrics).toSorted(([a], [b]) => compareBytes(a, b));
  return Object.fromEntries(sorted.map(([name, metric]) => [name, metricValue(metric)]));
}

/** When a version was registered: its tag's date. ISO 8601 UTC. */
export function createdAt({ tagObject, commitObject }: Pick<VersionObjects, "tagObject" | "commitObject">): string {
  return isoTime(tagObject.tagger ?? commitObject.committer);
}

export function isoTime({ seconds }: Pick<Signature, "seconds">): string {
  return isoSeconds(seconds * 1000);
}

/** A diff between two versions, or from nothing, as its answer. */
export function answerDiff(
  diff: VersionDiff,
  sides: {
    readonly from: Parameters<typeof answerVersion>[0] | null;
    readonly to: Parameters<typeof answerVersion>[0];
  },
): DiffAnswer {
  return {
    from: sides.from === null ? null : answerVersion(sides.from),
    to: answerVersion(sides.to),
    comparable: diff.comparable,
    reason: diff.reason,
    metrics: diff.metrics,
    params: diff.params,
    artifacts: diff.artifacts,
    data: diff.data,
    signature: diff.signature,
  };
}
