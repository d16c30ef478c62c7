import { readEvaluation } from "../../documents/evaluation.ts";
import { type Finding, finding } from "../../domain/finding.ts";
import {
  EVALUATION_LIMIT,
  formatEvaluationPath,
  parseEvaluationBranch,
  parseEvaluationPath,
} from "../../domain/model/evaluation.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import type { Ref, TreeEntry } from "../../ports/git-store.ts";
import { contentDigest } from "../apply/content-digest.ts";
import type { RegistryContext } from "../context.ts";
import { branchOf, branchPrefix } from "../load/ref-names.ts";
import { readCommit, walkTree } from "../load/trees.ts";
import { type Memory, nameMemory } from "./remembered-tags.ts";
import { type Survey, shortName, versionAt } from "./survey.ts";

export interface CheckedEvaluations {
  readonly findings: readonly Finding[];
  /** The versions that were measured. */
  readonly memories: readonly Memory[];
  /** Number of evaluation files. */
  readonly files: number;
}

const LIMITS = { depth: 3, entries: 1_000_000 };

/**
 * Reads every evaluation: `evaluation-invalid` for what is not one, or was changed after it was recorded,
 * `evaluation-foreign` for the measurement of another tree.
 */
export async function checkEvaluations(context: RegistryContext, survey: Survey): Promise<CheckedEvaluations> {
  const prefix = `${branchPrefix(context)}evaluations/`;
  const findings: Finding[] = [];
  const memories: Memory[] = [];
  let files = 0;
  for (const ref of survey.refs.filter(({ name }) => name.startsWith(prefix))) {
    const model = parseEvaluationBranch(branchOf(context, ref.name) ?? "");
    if (model === null) {
      const message = `the branch ${shortName(ref.name)} is named after no model that there can be`;
      findings.push(finding("evaluation-invalid", message, { ref: ref.name }));
      continue;
    }
    const checked = await checkBranch(context, survey, { ref, model });
    findings.push(...checked.findings);
    memories.push(...checked.memories);
    files += checked.files;
  }
  return { findings, memories, files };
}

interface Branch {
  readonly ref: Ref;
  readonly model: ModelName;
}

async function checkBranch({ git }: RegistryContext, survey: Survey, branch: Branch): Promise<CheckedEvaluations> {
  const files = await walkTree(git, (await readCommit(git, branch.ref.id)).tree, LIMITS);
  const blobs = await git.readObjects(
    files.map(({ id }) => id),
    { limit: EVALUATION_LIMIT },
  );
  const findings: Finding[] = [];
  const memories = new Map<string, Memory>();
  for (const [index, file] of files.entries()) {
    const blob = blobs[index];
    const bytes = blob?.kind === "blob" && file.mode === "100644" ? blob.bytes : null;
    findings.push(...(await judgeFile(survey, branch, { file, bytes })));
    const path = parseEvaluationPath(file.name);
    const memory =
      path === null ? null : nameMemory({ model: branch.model, version: path.version }, shortName(branch.ref.name));
    if (memory !== null) memories.set(memory.version.version, memory);
  }
  return { findings, memories: [...memories.values()], files: files.length };
}

async function judgeFile(
  survey: Survey,
  { ref, model }: Branch,
  { file, bytes }: { readonly file: TreeEntry; readonly bytes: Uint8Array | null },
): Promise<readonly Finding[]> {
  const place = `${shortName(ref.name)}:${file.name}`;
  const invalid = (what: string) => finding("evaluation-invalid", `${place} ${what}`, { ref: ref.name, file: place });
  const path = parseEvaluationPath(file.name);
  if (path === null) return [invalid("is not an evaluation")];
  if (bytes === null) return [invalid("cannot be read as an evaluation")];
  const read = readEvaluation(bytes, { file: place });
  if (!read.ok) return read.findings.map((one) => ({ ...one, code: "evaluation-invalid", ref: ref.name }));
  const digest = await contentDigest(new TextDecoder().decode(bytes));
  if (formatEvaluationPath(path.version, digest) !== file.name) {
    return [invalid("is not what its name says: it was changed after it was recorded")];
  }
  const { evaluation } = read;
  if (evaluation.model !== model || evaluation.version !== path.version) {
    return [invalid(`measures ${formatVersionId(evaluation)}`)];
  }
  const version = versionAt(survey, { model, version: path.version })?.objects ?? null;
  if (version === null || version.tree === evaluation.tree) return [];
  return [
    finding(
      "evaluation-foreign",
      `${place} measures another tree than ${formatVersionId(version)}, so it does not count`,
      {
        ref: ref.name,
        file: place,
        hint: `git model evaluate ${formatVersionId(version)} --metrics FILE`,
      },
    ),
  ];
}
