import { formatReleaseTag } from "../domain/stage/release-tag.ts";
import { answerVersion, createdAt, isoTime, plainMetrics } from "./answer-parts.ts";
import type { ShowAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
import { loadCatalogOf } from "./load/catalog.ts";
import { fetchedAt } from "./load/fetched-at.ts";
import { loadMeasurements } from "./load/measurements.ts";
import { requireReference, resolveReference } from "./load/resolve-reference.ts";
import { loadModelOnStages, type ModelOnStage } from "./load/stages-of-model.ts";
import { CARD_FILE, CARD_LIMIT, readDetails, readFile, type VersionDetails } from "./load/version-details.ts";
import { readYanks } from "./load/yanks.ts";
import type { ShowQuestion } from "./questions.ts";

/** Everything about one version: what it is, how good, where it runs and ran, how it came to be. */
export async function showVersion(context: RegistryContext, question: ShowQuestion): Promise<ShowAnswer> {
  const { model } = requireReference(question.reference);
  if (question.fetch === true) await refresh(context, [model]);
  const catalog = await loadCatalogOf(context.git, [model]);
  const { entry } = await resolveReference(context, question.reference, catalog);
  const details = await readDetails(context.git, entry);
  const [{ measurements, findings }, onStages, card, yanks] = await Promise.all([
    loadMeasurements(context, details),
    loadModelOnStages(context, catalog, model),
    readFile(context.git, details, { name: CARD_FILE, limit: CARD_LIMIT }),
    readYanks(context.git, [entry]),
  ]);
  for (const remark of findings) context.reporter.warn({ ...remark, severity: "warning" });
  const yank = yanks.get(entry.tag);
  return {
    ...answerVersion(details),
    createdAt: createdAt(details),
    author: details.commitObject.author.name,
    published: !entry.draft,
    yanked: yank === undefined ? null : { reason: yank.reason, at: yank.at },
    manifest: details.manifest,
    stages: onStages.filter(({ ledger }) => ledger.holds?.version === entry.version).map(({ stage }) => stage),
    releases: onStages.flatMap((one) => releasesOf(details, one)),
    evaluations: measurements
      .filter(({ from }) => from !== "manifest")
      .map(({ at, kind, evaluation, metrics }) => ({ at, kind, evaluation, metrics: plainMetrics(metrics) })),
    card: card === null ? null : new TextDecoder().decode(card),
    fetchedAt: await fetchedAt(context),
  };
}

/** Each time the stage took the version, and when it left again. Newest first. */
function releasesOf(version: VersionDetails, { stage, ledger }: ModelOnStage): ShowAnswer["releases"] {
  return ledger.events
    .map((event, index) => ({ event, next: ledger.events[index + 1] }))
    .filter(({ event }) => event.version === version.version && event.kind !== "demote")
    .map(({ event, next }) => ({
      stage,
      number: event.number,
      tag: formatReleaseTag({ model: version.model, stage, number: event.number, demote: false }),
      at: isoTime(event),
      until: next === undefined ? null : isoTime(next),
    }))
    .toReversed();
}
