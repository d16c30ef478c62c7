import { formatDiffReport } from "../documents/report.ts";
import { answerDiff } from "./answer-parts.ts";
import type { DiffedAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
import { diffSides } from "./judge/judge-change.ts";
import { type Catalog, loadCatalogOf } from "./load/catalog.ts";
import { fetchedAt } from "./load/fetched-at.ts";
import { policyOrWarn } from "./load/load-policy.ts";
import { type Resolved, requireReference, resolveReference } from "./load/resolve-reference.ts";
import { readDetails, type VersionDetails } from "./load/version-details.ts";
import type { DiffQuestion } from "./questions.ts";

/** What changed between two versions, in the direction that is better; with the Markdown of it. */
export async function diffRegistered(context: RegistryContext, question: DiffQuestion): Promise<DiffedAnswer> {
  const models = [...new Set([question.from, question.to].map((text) => requireReference(text).model))];
  if (question.fetch === true) await refresh(context, models);
  const catalog = await loadCatalogOf(context.git, models);
  const [from, to] = await Promise.all([side(context, question.from, catalog), side(context, question.to, catalog)]);
  const policy = await policyOrWarn(context);
  const diff = diffSides(policy?.policy ?? null, from.details, to.details);
  const report = formatDiffReport({ from: label(from), to: label(to), diff });
  return { ...answerDiff(diff, { from: from.details, to: to.details }), fetchedAt: await fetchedAt(context), report };
}

interface Side {
  readonly resolved: Resolved;
  readonly details: VersionDetails;
}

async function side(context: RegistryContext, reference: string, catalog: Catalog): Promise<Side> {
  const resolved = await resolveReference(context, reference, catalog);
  return { resolved, details: await readDetails(context.git, resolved.entry) };
}

function label({ resolved }: Side): {
  readonly model: string;
  readonly version: string;
  readonly stage: string | null;
} {
  const { model, version } = resolved.entry;
  return { model, version, stage: resolved.stage };
}
