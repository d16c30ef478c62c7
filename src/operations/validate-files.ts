import { readEvaluation } from "../documents/evaluation.ts";
import { readManifest } from "../documents/manifest.ts";
import { readPolicy } from "../documents/policy.ts";
import { readYaml } from "../documents/strict-yaml.ts";
import { isTreeMap, type Tree } from "../documents/yaml-tree.ts";
import type { Finding } from "../domain/finding.ts";
import { RegistryError } from "../errors.ts";
import type { SourceFiles } from "../ports/source-files.ts";
import type { CheckAnswer } from "./answers.ts";
import type { RegistryContext } from "./context.ts";
import { loadPolicy, POLICY_FILE, type PolicyState, requirePolicy } from "./load/load-policy.ts";
import { branchPrefix } from "./load/ref-names.ts";
import type { ValidateQuestion } from "./questions.ts";

/** Larger files are not even looked into; the documents have smaller limits of their own. */
const READ_LIMIT = 16 * 1024 * 1024;

/**
 * Checks documents without changing anything: policies, evaluations and manifests, told apart by what they hold; every
 * finding has its place. Without files: the working tree's registry.yaml, and the default branch's where it differs
 * (DETAILS 52). Files need no registry (`context` null). Throws `usage` for a file that cannot be read,
 * `policy-missing` where there is no policy to check.
 */
export async function validateFiles(
  context: RegistryContext | null,
  question: ValidateQuestion,
  world: { readonly files: SourceFiles },
): Promise<CheckAnswer> {
  if (question.files.length === 0) return validatePolicy(context, world);
  const findings: Finding[] = [];
  for (const file of question.files) findings.push(...findingsOf(await readGiven(world, file), file));
  return answer(question.files.length, findings);
}

async function validatePolicy(
  context: RegistryContext | null,
  world: { readonly files: SourceFiles },
): Promise<CheckAnswer> {
  if (context === null) {
    throw new RegistryError("usage", "outside a registry, validate needs the files to check", {
      hint: "git model validate registry.yaml",
    });
  }
  const here = await readWorkingTree(context, world);
  const state = await loadPolicy(context);
  const there = await readCommitted(context, state);
  if (here === null && there === null) await requirePolicy(context);
  const differs = there !== null && (here === null || !equalBytes(here, there));
  const own = here === null ? [] : findingsOf(here, POLICY_FILE);
  const shared = differs && state.kind === "invalid" ? onBranch(context, state) : [];
  return answer((here === null ? 0 : 1) + (differs ? 1 : 0), [...own, ...shared]);
}

async function readGiven({ files }: { readonly files: SourceFiles }, path: string): Promise<Uint8Array> {
  try {
    return await files.read(path, READ_LIMIT);
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "artifact-invalid") throw error;
    throw new RegistryError("usage", error.message, {
      ...(error.hint === null ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}

/** Null where there is no such file, or no working tree at all. */
async function readWorkingTree(
  { git }: RegistryContext,
  { files }: { readonly files: SourceFiles },
): Promise<Uint8Array | null> {
  const { workTree } = git.location;
  if (workTree === null) return null;
  try {
    return await files.read(`${workTree}/${POLICY_FILE}`, READ_LIMIT);
  } catch (error) {
    if (error instanceof RegistryError && error.code === "artifact-invalid") return null;
    throw error;
  }
}

/** The default branch's bytes; empty for one that is too large to be read, which its findings say. */
async function readCommitted({ git }: RegistryContext, state: PolicyState): Promise<Uint8Array | null> {
  if (state.kind === "missing") return null;
  const [object] = await git.readObjects([state.id], { limit: READ_LIMIT });
  return object?.kind === "blob" ? object.bytes : new Uint8Array();
}

function onBranch(
  context: RegistryContext,
  state: { readonly branch: string; readonly findings: readonly Finding[] },
): readonly Finding[] {
  const where = `${branchPrefix(context).replace(/^refs\/(?:heads|remotes)\//, "")}${state.branch}`;
  return state.findings.map((one) => ({ ...one, file: `${where}:${POLICY_FILE}` }));
}

/** Everything that is wrong with a document of whatever kind. */
function findingsOf(bytes: Uint8Array, file: string): readonly Finding[] {
  const read = readYaml(bytes, { file, limit: READ_LIMIT });
  if (!read.ok) return read.findings;
  const checked = READERS[kindOf(read.value, file)](bytes, { file });
  return checked.ok ? [] : checked.findings;
}

const READERS = { policy: readPolicy, evaluation: readEvaluation, manifest: readManifest } as const;

function kindOf(tree: Tree, file: string): keyof typeof READERS {
  const has = (key: string) => isTreeMap(tree) && Object.hasOwn(tree, key);
  if (/(?:^|[\\/])registry\.ya?ml$/.test(file) || has("stages")) return "policy";
  return has("tree") && has("kind") ? "evaluation" : "manifest";
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function answer(files: number, findings: readonly Finding[]): CheckAnswer {
  return { checked: { versions: 0, stages: 0, releases: 0, files }, findings, fixed: [] };
}
