import { newPolicy } from "../documents/policy.ts";
import { writeRegistryReadme } from "../documents/registry-readme.ts";
import { UPDATE_HOOK } from "../documents/update-hook.ts";
import type { ObjectId } from "../domain/object-id.ts";
import { stageNames } from "../domain/policy/policy.ts";
import { formatStageBranch, parseStageName, type StageName } from "../domain/policy/stage.ts";
import { RegistryError } from "../errors.ts";
import type { RefEdit, RefName, TreeEntry } from "../ports/git-store.ts";
import type { InitAnswer } from "./answers.ts";
import { publishRefs, type RegistryEdit } from "./apply/publish-refs.ts";
import { refresh } from "./apply/refresh.ts";
import { signatureNow } from "./apply/signature.ts";
import { writeStageRoot } from "./apply/stage-root.ts";
import { replaceAt } from "./apply/stage-tree.ts";
import type { RegistryContext } from "./context.ts";
import { defaultBranch, defaultTip, loadPolicy, POLICY_FILE } from "./load/load-policy.ts";
import { branchRef } from "./load/ref-names.ts";
import { loadStages } from "./load/stages.ts";
import { entryAt, readCommit, readTree } from "./load/trees.ts";
import type { InitQuestion } from "./questions.ts";

const HOOK_FILE = "hooks/update";
const DEFAULT_STAGES = ["staging", "production"];
/** Files that a repository may hold and still be no code repository (DETAILS 40). */
const NO_CODE = /^(?:README.*|LICENSE.*|CODEOWNERS|\.git.*)$/;
const NO_CODE_FOLDER = /^\.github$/;

/**
 * Makes a registry of a repository: its own files on the default branch, the stage branches. Run again it adds what
 * is missing and changes nothing that people edited; an existing registry.yaml is never edited.
 */
export async function initializeRegistry(
  context: RegistryContext,
  question: InitQuestion,
  directory: { readonly path: string; readonly name: string },
): Promise<InitAnswer> {
  const wanted = (question.stages ?? DEFAULT_STAGES).map(checkStage);
  await refresh(context, "all");
  await settleDefaultBranch(context, question);
  const view = await viewOf(context, question);
  const state = await loadPolicy(view);
  if (state.kind === "missing") await requireDedicated(view, question);
  if (state.kind === "invalid") {
    throw new RegistryError("policy-invalid", `${POLICY_FILE} on ${state.branch} is not valid`, {
      findings: state.findings,
    });
  }
  const stages = state.kind === "valid" ? stageNames(state.policy) : wanted;
  const name = (state.kind === "valid" ? state.policy.name : question.name) ?? directory.name;
  const files = ownFiles(name, stages, question);
  const plan = await planFiles(view, files);
  const roots = await planRoots(context, state.kind === "valid" ? await branchStages(context, state.policy) : stages);
  if (question.dryRun !== true) await apply(context, view, { question, plan, roots });
  const undeclared = wanted.filter((stage) => question.stages !== undefined && !stages.includes(stage));
  return {
    ...(question.dryRun === true ? { planned: true as const } : {}),
    name,
    registry: directory.path,
    created: [...plan.missing.map(({ path }) => path), ...roots.missing.map(formatStageBranch)],
    existing: [...plan.present, ...roots.present.map(formatStageBranch)],
    stages,
    next: [
      ...undeclared.map((stage) => `add to ${POLICY_FILE}, under stages: ${stage}: { from: [${stages.at(-1) ?? ""}] }`),
      ...(question.forge === "git" && plan.missing.length > 0
        ? [`cp ${HOOK_FILE} <server>/hooks/update && chmod +x <server>/hooks/update`]
        : []),
      "git model register <model> <file> --metrics metrics.json",
    ],
  };
}

interface OwnFile {
  readonly path: string;
  readonly text: string;
}

interface FilePlan {
  readonly missing: readonly OwnFile[];
  readonly present: readonly string[];
}

interface RootPlan {
  readonly missing: readonly StageName[];
  readonly present: readonly StageName[];
}

function checkStage(text: string): StageName {
  const parsed = parseStageName(text);
  if (parsed.ok) return parsed.value;
  throw new RegistryError(
    "name-invalid",
    `${JSON.stringify(text.slice(0, 60))} cannot name a stage: ${parsed.message}`,
    {
      ...(parsed.hint === null ? {} : { hint: parsed.hint }),
    },
  );
}

/** A repository whose branch has another name than `main` keeps it as the registry's default branch. */
async function settleDefaultBranch(context: RegistryContext, question: InitQuestion): Promise<void> {
  const { git } = context;
  if ((await defaultTip(context)) !== null || question.dryRun === true) return;
  if ((await git.config("git-model.defaultBranch")) !== null) return;
  const head = await git.readSymbolicRef("HEAD");
  if (head === null || !head.startsWith("refs/heads/") || head === "refs/heads/main") return;
  if ((await git.readRef("refs/heads/main")) !== null || (await git.readRef(head)) === null) return;
  await git.setConfig("git-model.defaultBranch", head.slice("refs/heads/".length));
}

/**
 * Where the default branch is read. As ever, the remote's; but while the remote has none it is the local one, so that
 * a registry made before its remote is published as it is. Without pushing it is the local one first.
 */
async function viewOf(context: RegistryContext, question: InitQuestion): Promise<RegistryContext> {
  if (context.remote === null) return context;
  const local: RegistryContext = { ...context, remote: null, memory: { policy: null } };
  const [first, second] = question.push === false ? [local, context] : [context, local];
  return (await defaultTip(first)) === null && (await defaultTip(second)) !== null ? second : first;
}

async function requireDedicated(context: RegistryContext, question: InitQuestion): Promise<void> {
  if (question.shared === true) return;
  const tip = await defaultTip(context);
  if (tip === null) return;
  const top = await readTree(context.git, (await readCommit(context.git, tip)).tree);
  const code = top.find(({ name, mode }) => !(mode === "40000" ? NO_CODE_FOLDER : NO_CODE).test(name));
  if (code === undefined) return;
  throw new RegistryError(
    "usage",
    `this repository holds code (${code.name}${code.mode === "40000" ? "/" : ""}): a registry is better off in a repository of its own`,
    {
      hint: "git model init ../models, or --shared to keep both here",
    },
  );
}

function ownFiles(name: string, stages: readonly StageName[], { forge }: InitQuestion): readonly OwnFile[] {
  const policy = newPolicy({ name, stages: [...stages], ...(forge === "git" ? { forge } : {}) });
  return [
    { path: POLICY_FILE, text: policy },
    { path: "README.md", text: writeRegistryReadme(name, stages) },
    ...(forge === "git" ? [{ path: HOOK_FILE, text: UPDATE_HOOK }] : []),
  ];
}

async function planFiles(context: RegistryContext, files: readonly OwnFile[]): Promise<FilePlan> {
  const tip = await defaultTip(context);
  const root = tip === null ? null : (await readCommit(context.git, tip)).tree;
  const found = await Promise.all(files.map(({ path }) => (root === null ? null : entryAt(context.git, root, path))));
  return {
    missing: files.filter((_, index) => found[index] === null),
    present: files.filter((_, index) => found[index] !== null).map(({ path }) => path),
  };
}

async function branchStages(
  context: RegistryContext,
  policy: Parameters<typeof loadStages>[1],
): Promise<readonly StageName[]> {
  const views = await loadStages(context, policy);
  return views.filter(({ kind, declared }) => kind === "branch" && declared).map(({ stage }) => stage);
}

async function planRoots(context: RegistryContext, stages: readonly StageName[]): Promise<RootPlan> {
  const tips = new Map((await loadStages(context, null)).map(({ stage, tip }) => [stage, tip]));
  const isPresent = (stage: StageName) => (tips.get(stage) ?? null) !== null;
  return { missing: stages.filter((stage) => !isPresent(stage)), present: stages.filter(isPresent) };
}

/** One push or transaction: the default branch's commit and the roots; then the working tree follows. */
async function apply(
  context: RegistryContext,
  view: RegistryContext,
  { question, plan, roots }: { readonly question: InitQuestion; readonly plan: FilePlan; readonly roots: RootPlan },
): Promise<void> {
  const { git, remote } = context;
  const name = await defaultBranch(view);
  const branch: RefName = `refs/heads/${name}`;
  const tip = await defaultTip(view);
  const written = await writeFiles(context, plan.missing);
  const head = await commitFiles(context, tip, written);
  const isLocal = remote === null || question.push === false;
  const now = await git.readRef(isLocal ? branch : branchRef(context, name));
  if (roots.missing.length > 0) await requireRoomForStages(context, isLocal);
  const edits: RegistryEdit[] = head === null || head === now ? [] : [{ ref: branch, from: now, to: head }];
  for (const stage of roots.missing) {
    edits.push({ ref: `refs/heads/${formatStageBranch(stage)}`, from: null, to: await writeStageRoot(git, stage) });
  }
  const outcome = edits.length === 0 || isLocal ? null : await publishRefs(context, edits);
  if (isLocal && edits.length > 0) await publishLocally(context, edits);
  if (outcome?.kind === "lost") {
    throw new RegistryError("push-rejected", `${outcome.refs.join(", ")} moved meanwhile`, {
      retryable: true,
      hint: "git model init",
    });
  }
  if (remote !== null) await git.setConfig(`remote.${remote.name}.tagOpt`, "--tags");
  if (head !== null) await followWorkTree(context, { branch, head, tip, written });
}

/** Git keeps a branch `stage` and branches below `stage/` in one place: one of them has to go. */
async function requireRoomForStages(context: RegistryContext, isLocal: boolean): Promise<void> {
  const blocking = isLocal ? "refs/heads/stage" : branchRef(context, "stage");
  if ((await context.git.readRef(blocking)) === null) return;
  const where = isLocal ? "" : ` of ${context.remote?.name}`;
  throw new RegistryError("git-failed", `the branch stage${where} is in the way: stages are branches below stage/`, {
    hint: isLocal ? "git branch -m stage <another name>" : "give it another name there",
  });
}

async function publishLocally({ git }: RegistryContext, edits: readonly RefEdit[]): Promise<void> {
  const open: RefEdit[] = [];
  for (const edit of edits) {
    // A stage branch that is here already stays: its history begins with the root.
    if (edit.from !== null || (await git.readRef(edit.ref)) === null) open.push(edit);
  }
  if (open.length === 0 || (await git.updateRefs(open)).ok) return;
  throw new RegistryError("git-failed", "the repository changed meanwhile", {
    retryable: true,
    hint: "git model init",
  });
}

interface WrittenFile {
  readonly path: string;
  readonly id: ObjectId;
  readonly content: Uint8Array;
}

async function writeFiles({ git }: RegistryContext, files: readonly OwnFile[]): Promise<readonly WrittenFile[]> {
  const written: WrittenFile[] = [];
  for (const { path, text } of files) {
    const content = new TextEncoder().encode(text);
    written.push({ path, content, id: await git.writeBlob(content) });
  }
  return written;
}

async function commitFiles(
  context: RegistryContext,
  tip: ObjectId | null,
  files: readonly WrittenFile[],
): Promise<ObjectId | null> {
  const { git } = context;
  if (files.length === 0) return tip;
  let tree = tip === null ? await git.writeTree([]) : (await readCommit(git, tip)).tree;
  for (const { path, id } of files) {
    const entry: TreeEntry = { name: "", mode: "100644", id };
    tree = await replaceAt(git, tree, { path, entry });
  }
  const by = await signatureNow(context);
  const message = tip === null ? "Create the registry\n" : "Add the registry's files\n";
  return git.writeCommit({ tree, parents: tip === null ? [] : [tip], author: by, committer: by, message });
}

/** The local default branch and the working tree follow where that touches nothing of a person's. */
async function followWorkTree(
  { git }: RegistryContext,
  moved: {
    readonly branch: RefName;
    readonly head: ObjectId;
    readonly tip: ObjectId | null;
    readonly written: readonly WrittenFile[];
  },
): Promise<void> {
  const local = await git.readRef(moved.branch);
  if (local !== moved.head) {
    if (local !== null && local !== moved.tip) return;
    if (!(await git.updateRefs([{ ref: moved.branch, from: local, to: moved.head }])).ok) return;
  }
  const head = await git.readSymbolicRef("HEAD");
  const isUnborn = head !== null && head !== moved.branch && (await git.readRef(head)) === null;
  if (isUnborn) await git.writeSymbolicRef("HEAD", moved.branch);
  if (isUnborn || head === moved.branch) await git.checkOutFiles(moved.written);
}
