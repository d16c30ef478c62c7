import { compareContexts } from "../domain/metric/comparable.ts";
import type { Decimal } from "../domain/metric/decimal.ts";
import { directionOf } from "../domain/metric/direction.ts";
import { compareBytes, metricIn } from "../domain/metric/metric.ts";
import { compareVersions as compareNumbers } from "../domain/model/version.ts";
import type { Policy } from "../domain/policy/policy.ts";
import { scoreOf } from "../domain/policy/score.ts";
import { RegistryError } from "../errors.ts";
import { answerVersion, createdAt, plainMetrics } from "./answer-parts.ts";
import type { CompareAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
import { type Catalog, latestOf, loadCatalog, loadCatalogOf, type VersionEntry, versionsOf } from "./load/catalog.ts";
import { fetchedAt } from "./load/fetched-at.ts";
import { policyOrWarn } from "./load/load-policy.ts";
import { requireModelName, requireReference, resolveReference } from "./load/resolve-reference.ts";
import {
  manifestUnreadable,
  readDetails,
  tryReadManifests,
  tryReadVersions,
  type VersionDetails,
} from "./load/version-details.ts";
import { requireLimit } from "./query/limit.ts";
import type { CompareQuestion } from "./questions.ts";

const DEFAULT_LIMIT = 20;

type Row = CompareAnswer["versions"][number];

/** Versions side by side (DETAILS 45): one model's by score, references as given, or each model's latest. */
export async function compareRegistered(context: RegistryContext, question: CompareQuestion): Promise<CompareAnswer> {
  const models = [...new Set(question.references.map((text) => requireReference(text).model))];
  if (question.fetch === true) await refresh(context, models.length === 0 ? "all" : models);
  const catalog = await (models.length === 0 ? loadCatalog(context.git) : loadCatalogOf(context.git, models));
  const policy = (await policyOrWarn(context))?.policy ?? null;
  const [only] = question.references;
  const isModel = question.references.length === 1 && only !== undefined && !/[@#]/.test(only);
  const entries = await entriesOf(context, { catalog, question });
  const isPool = isModel || only === undefined;
  const found = await (isPool
    ? readPool(context, entries)
    : Promise.all(entries.map((one) => readDetails(context.git, one))));
  const isComparable = comparableWithNewest(found, policy);
  const rows = found.map((version): Row => {
    const { manifest } = version;
    const score = policy === null ? null : scoreOf(policy, manifest);
    const metrics = plainMetrics(manifest.metrics);
    return { ...answerVersion(version), score, metrics, comparable: isComparable(version) };
  });
  const ordered = isModel ? rows.toSorted(byScore) : rows;
  const versions = ordered.slice(0, requireLimit(question.limit) ?? DEFAULT_LIMIT);
  return {
    versions,
    metrics: metricRows(versions, { policy, only: question.metrics ?? [] }),
    fetchedAt: await fetchedAt(context),
  };
}

/** Numbers measured on something else than the newest ones are shown, but not ranked, as `best` does it. */
function comparableWithNewest(
  versions: readonly VersionDetails[],
  policy: Policy | null,
): (version: VersionDetails) => boolean {
  const measured = versions.filter(({ manifest }) => Object.keys(manifest.metrics).length > 0);
  const [newest] = measured.toSorted(
    (a, b) => compareBytes(createdAt(b), createdAt(a)) || compareNumbers(b.version, a.version),
  );
  const context = newest?.manifest.evaluation ?? null;
  const rules = { evaluationRequired: policy?.evaluation.required ?? false };
  return ({ manifest }) => compareContexts(manifest.evaluation ?? null, context, rules).comparable;
}

async function entriesOf(
  context: RegistryContext,
  { catalog, question }: { readonly catalog: Catalog; readonly question: CompareQuestion },
): Promise<readonly VersionEntry[]> {
  const { references } = question;
  const [only] = references;
  if (only === undefined) {
    const names = [...catalog.models.keys()].toSorted((a, b) => (a < b ? -1 : 1));
    return names.flatMap((model) => latestOf(catalog.models.get(model) ?? []) ?? []);
  }
  if (references.length === 1 && !/[@#]/.test(only)) {
    return versionsOf(catalog, requireModelName(only)).filter(({ yankId }) => yankId === null);
  }
  return Promise.all(references.map(async (text) => (await resolveReference(context, text, catalog)).entry));
}

/** Versions that nobody named one by one: what cannot be read is left out, with a warning. */
async function readPool(
  context: RegistryContext,
  entries: readonly VersionEntry[],
): Promise<readonly VersionDetails[]> {
  const versions = (await tryReadVersions(context.git, entries)).filter((one) => one !== null);
  const manifests = await tryReadManifests(context.git, versions);
  return versions.flatMap((version, index): readonly VersionDetails[] => {
    const manifest = manifests[index];
    if (manifest) return [{ ...version, manifest }];
    context.reporter.warn(manifestUnreadable(version));
    return [];
  });
}

/** Best score first, unscored last; without scores the newest first. */
function byScore(a: Row, b: Row): number {
  if (a.score !== null && b.score !== null && a.score.compare(b.score) !== 0) return b.score.compare(a.score);
  if ((a.score === null) !== (b.score === null)) return a.score === null ? 1 : -1;
  return compareNumbers(b.version, a.version);
}

function metricRows(
  versions: readonly Row[],
  { policy, only }: { readonly policy: Policy | null; readonly only: readonly string[] },
): CompareAnswer["metrics"] {
  const present = [...new Set(versions.flatMap(({ metrics }) => Object.keys(metrics)))].toSorted(compareBytes);
  const unknown = only.find((name) => !present.includes(name));
  if (unknown !== undefined) {
    throw new RegistryError("not-found", `none of these versions has the metric ${unknown}`, {
      hint: `they have ${present.slice(0, 8).join(", ")}`,
    });
  }
  return (only.length === 0 ? present : only).map((name) => {
    const better = directionOf(name, policy?.metrics ?? {});
    const values = versions.map(({ metrics }) => metricIn(metrics, name));
    const ranked = versions.map(({ metrics, comparable }) => (comparable ? metricIn(metrics, name) : null));
    return { name, better, values, best: better === null ? null : indexOfBest(ranked, better === "higher" ? 1 : -1) };
  });
}

function indexOfBest(values: readonly (Decimal | null)[], sign: 1 | -1): number | null {
  let best: number | null = null;
  for (const [index, value] of values.entries()) {
    const leader = best === null ? null : (values[best] ?? null);
    if (value !== null && (leader === null || sign * value.compare(leader) > 0)) best = index;
  }
  return best;
}
