import { answerVersion } from "./answer-parts.ts";
import type { ResolveAnswer } from "./answers.ts";
import { refresh } from "./apply/refresh.ts";
import type { RegistryContext } from "./context.ts";
import { fetchedAt } from "./load/fetched-at.ts";
import { requireReference, resolveReference } from "./load/resolve-reference.ts";
import { readDetails } from "./load/version-details.ts";
import type { ResolveQuestion } from "./questions.ts";

/** Which version a reference means, and the artifacts that it has. */
export async function resolveVersion(context: RegistryContext, question: ResolveQuestion): Promise<ResolveAnswer> {
  const { model } = requireReference(question.reference);
  if (question.fetch === true) await refresh(context, [model]);
  const { entry, stage } = await resolveReference(context, question.reference);
  const details = await readDetails(context.git, entry);
  return {
    ...answerVersion(details),
    stage,
    yanked: entry.yankId !== null,
    artifacts: details.manifest.artifacts.map(({ path, sha256, size, role }) => ({ path, sha256, size, role })),
    fetchedAt: await fetchedAt(context),
  };
}
