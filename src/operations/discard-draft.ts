import { formatVersionId } from "../domain/model/version-tag.ts";
import { RegistryError } from "../errors.ts";
import { answerVersion } from "./answer-parts.ts";
import type { DiscardAnswer } from "./answers.ts";
import type { RegistryContext } from "./context.ts";
import { draftRef, tagRef } from "./load/ref-names.ts";
import { resolveReference } from "./load/resolve-reference.ts";
import { readVersion } from "./load/version-details.ts";
import type { DiscardQuestion } from "./questions.ts";

/** Removes a version that was never published; anything else is `version-published` (DETAILS 11). */
export async function discardDraft(context: RegistryContext, question: DiscardQuestion): Promise<DiscardAnswer> {
  const { entry } = await resolveReference(context, question.reference);
  const version = await readVersion(context.git, entry);
  if (!entry.draft) {
    throw new RegistryError("version-published", `${formatVersionId(entry)} is published: others may have it`, {
      hint: `git model yank ${formatVersionId(entry)} --reason "…"`,
    });
  }
  if (question.dryRun === true) return { ...answerVersion(version), discarded: false };
  const outcome = await context.git.updateRefs([
    { ref: tagRef(entry.tag), from: entry.tagId, to: null },
    { ref: draftRef(entry.tag), from: entry.tagId, to: null },
  ]);
  return { ...answerVersion(version), discarded: outcome.ok };
}
