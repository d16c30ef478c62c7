import { formatVersionId, formatYankTag } from "../domain/model/version-tag.ts";
import type { StageName } from "../domain/policy/stage.ts";
import { RegistryError } from "../errors.ts";
import { answerVersion } from "./answer-parts.ts";
import type { YankAnswer } from "./answers.ts";
import { publishRefs } from "./apply/publish-refs.ts";
import { refresh } from "./apply/refresh.ts";
import { signatureNow } from "./apply/signature.ts";
import type { RegistryContext } from "./context.ts";
import { type Catalog, loadCatalogOf, type VersionEntry } from "./load/catalog.ts";
import { tagRef } from "./load/ref-names.ts";
import { requireReference, resolveReference } from "./load/resolve-reference.ts";
import { loadModelOnStages } from "./load/stages-of-model.ts";
import { readVersion } from "./load/version-details.ts";
import { readYanks } from "./load/yanks.ts";
import type { YankQuestion } from "./questions.ts";

/** Takes a version out of use for good (DETAILS 7). Refused (`version-in-use`) while a stage holds it. Again: the first reason stands. */
export async function yankVersion(context: RegistryContext, question: YankQuestion): Promise<YankAnswer> {
  const reason = checkReason(question.reason);
  const { model } = requireReference(question.reference);
  await refresh(context, [model]);
  const catalog = await loadCatalogOf(context.git, [model]);
  const { entry } = await resolveReference(context, question.reference, catalog);
  const version = await readVersion(context.git, entry);
  const present = (await readYanks(context.git, [entry])).get(entry.tag);
  if (present !== undefined) return { ...answerVersion(version), reason: present.reason, created: false };
  if (entry.draft) {
    throw new RegistryError("usage", `${formatVersionId(entry)} is a draft: nobody else has it`, {
      hint: `git model discard ${formatVersionId(entry)}`,
    });
  }
  await requireUnused(context, catalog, entry);
  if (question.dryRun === true) return { ...answerVersion(version), reason, created: true };
  const name = formatYankTag(entry);
  const message = `Yank ${entry.model} ${entry.version}\n\nReason: ${reason}\n`;
  const tagger = await signatureNow(context);
  const tagId = await context.git.writeTag({ target: version.commit, name, tagger, message });
  const outcome = await publishRefs(context, [{ ref: tagRef(name), from: null, to: tagId }]);
  if (outcome.kind === "done") return { ...answerVersion(version), reason, created: outcome.adopted.length === 0 };
  await refresh(context, [model]);
  const theirs = (
    await readYanks(context.git, [(await resolveReference(context, `${model}@${entry.version}`)).entry])
  ).get(entry.tag);
  return { ...answerVersion(version), reason: theirs?.reason ?? reason, created: false };
}

function checkReason(text: string): string {
  const reason = text.trim();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (reason !== "" && reason.length <= 1000 && !/[\u0000-\u001f\u007f]/.test(reason)) return reason;
  throw new RegistryError("usage", "a yank needs a reason of one line", {
    hint: '--reason "trained on leaked labels"',
  });
}

async function requireUnused(context: RegistryContext, catalog: Catalog, entry: VersionEntry): Promise<void> {
  const onStages = await loadModelOnStages(context, catalog, entry.model);
  const using = onStages.filter(({ ledger }) => ledger.holds?.version === entry.version).map(({ stage }) => stage);
  if (using.length === 0) return;
  const commands = using.map((stage) => wayOut(entry, stage)).join(", ");
  throw new RegistryError(
    "version-in-use",
    `${using.join(" and ")} ${using.length === 1 ? "holds" : "hold"} ${formatVersionId(entry)}`,
    {
      hint: `first ${commands}`,
    },
  );
}

function wayOut({ model }: VersionEntry, stage: StageName): string {
  return `git model rollback ${model} --stage ${stage}, or git model demote ${model} --stage ${stage}`;
}
