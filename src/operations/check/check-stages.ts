import { type Finding, finding } from "../../domain/finding.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import { formatVersionId, formatVersionTag } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import { formatStageBranch } from "../../domain/policy/stage.ts";
import type { Held } from "../../domain/stage/ledger.ts";
import { writeStageRoot } from "../apply/stage-root.ts";
import { CODEOWNERS } from "../apply/stage-tree.ts";
import type { RegistryContext } from "../context.ts";
import { folderOwners } from "../load/catalog.ts";
import { changedInModels } from "../load/changed-models.ts";
import { defaultTip } from "../load/load-policy.ts";
import { branchRef } from "../load/ref-names.ts";
import { ledgerOf, type StageView } from "../load/stages.ts";
import { entryAt, readCommit, readTree } from "../load/trees.ts";
import { type Memory, manifestOfTree, nameMemory } from "./remembered-tags.ts";
import { type Survey, versionAt } from "./survey.ts";

export interface CheckedStages {
  readonly findings: readonly Finding[];
  /** Versions that stages hold, by what their manifests say. */
  readonly memories: readonly Memory[];
}

/** What a stage holds of a model. */
export interface HeldModel {
  readonly view: StageView;
  readonly model: ModelName;
  readonly held: Held;
}

/**
 * Holds the stages against policy and versions: `stage-undeclared`, `stage-unpublished`, `stage-unregistered`,
 * `yanked-in-use`, `path-outside-models`, and `history-rewritten` where one does not begin with its root.
 */
export async function checkStages(
  context: RegistryContext,
  survey: Survey,
  held: readonly HeldModel[],
): Promise<CheckedStages> {
  const findings: Finding[] = [...undeclared(context, survey), ...unpublished(context, survey)];
  const memories: Memory[] = [];
  for (const view of survey.stages) {
    if (view.tip === null) continue;
    findings.push(
      ...(await rootFindings(context, view, view.tip)),
      ...(await pathFindings(context, survey, { view, tip: view.tip })),
    );
  }
  for (const one of held) {
    if (one.held.version !== null) {
      findings.push(...yankFindings(context, survey, one));
      continue;
    }
    const said = await manifestOfTree(context.git, one.held.tree);
    const memory = said?.model === one.model ? nameMemory(said, `stage/${one.view.stage}`) : null;
    if (memory !== null && !survey.byTag.has(formatVersionTag(memory.version))) memories.push(memory);
    findings.push(unregistered(context, one));
  }
  return { findings, memories };
}

/** Every model on every stage, read from the ledgers. */
export async function heldOnStages(context: RegistryContext, survey: Survey): Promise<readonly HeldModel[]> {
  const found: HeldModel[] = [];
  for (const view of survey.stages) {
    const ledgers = survey.histories.get(view)?.ledgers ?? [];
    const onBranch = [...ledgers].flatMap(([model, { holds }]) =>
      holds === null ? [] : [{ view, model, held: holds }],
    );
    const onTags = view.kind === "tag" ? await heldOnTagStage(context, survey, view) : [];
    found.push(...[...onBranch, ...onTags].toSorted((a, b) => (a.model < b.model ? -1 : 1)));
  }
  return found;
}

async function heldOnTagStage(
  context: RegistryContext,
  { releases, catalog, byTree }: Survey,
  view: StageView,
): Promise<readonly HeldModel[]> {
  const models = new Set(releases.filter(({ entry }) => entry.stage === view.stage).map(({ entry }) => entry.model));
  const found: HeldModel[] = [];
  for (const model of models) {
    const own = new Map([...byTree].filter(([, version]) => version.model === model));
    const { holds } = await ledgerOf(context, view, { name: model, catalog, byTree: own });
    if (holds !== null) found.push({ view, model, held: holds });
  }
  return found;
}

function undeclared(context: RegistryContext, survey: Survey): readonly Finding[] {
  if (survey.policy === null) return [];
  return survey.stages
    .filter(({ declared }) => !declared)
    .map(({ stage }) =>
      finding(
        "stage-undeclared",
        `the branch stage/${stage} is not declared in registry.yaml: it can be read, not moved`,
        {
          severity: "warning",
          ref: branchRef(context, formatStageBranch(stage)),
          hint: `declare ${stage} under stages, or delete the branch`,
        },
      ),
    );
}

/** A stage that was made before the remote: it is here, and nobody else can see it (DETAILS 12). */
function unpublished({ remote }: RegistryContext, { refs }: Survey): readonly Finding[] {
  if (remote === null) return [];
  const names = new Set(refs.map(({ name }) => name));
  return [...names]
    .filter((name) => name.startsWith("refs/heads/stage/"))
    .filter((name) => !names.has(`refs/remotes/${remote.name}/${name.slice("refs/heads/".length)}`))
    .map((name) =>
      finding("stage-unpublished", `${name.slice("refs/heads/".length)} is here only: ${remote.name} lacks it`, {
        severity: "warning",
        ref: name,
        hint: "git model push",
      }),
    );
}

async function rootFindings(
  context: RegistryContext,
  { stage }: StageView,
  tip: ObjectId,
): Promise<readonly Finding[]> {
  const root = await writeStageRoot(context.git, stage);
  const first = (await context.git.firstParents(tip)).at(-1);
  if (first === undefined || first.id === root) return [];
  return [
    finding(
      "history-rewritten",
      `stage/${stage} begins with ${first.id} and not with the root of every stage ${stage}`,
      {
        ref: branchRef(context, formatStageBranch(stage)),
        hint: `git log --first-parent --reverse ${first.id}`,
      },
    ),
  ];
}

/** Beside models a stage holds the default branch's CODEOWNERS at most. */
async function pathFindings(
  context: RegistryContext,
  { catalog }: Survey,
  { view, tip }: { readonly view: StageView; readonly tip: ObjectId },
): Promise<readonly Finding[]> {
  const { git } = context;
  const isKnown = folderOwners(catalog.models.keys());
  const ref = branchRef(context, formatStageBranch(view.stage));
  const top = await readTree(git, (await readCommit(git, tip)).tree);
  const models = top.find(({ name, mode }) => name === "models" && mode === "40000");
  const github = top.find(({ name, mode }) => name === ".github" && mode === "40000");
  const inGithub = github === undefined ? [] : await readTree(git, github.id);
  const strays = [
    ...top.filter((entry) => entry !== models && entry !== github).map(({ name }) => name),
    ...inGithub.filter(({ name }) => name !== "CODEOWNERS").map(({ name }) => `.github/${name}`),
    ...(models === undefined ? [] : (await changedInModels(git, { before: null, after: models.id }, isKnown)).others),
  ];
  const found = strays.map((path) =>
    finding("path-outside-models", `stage/${view.stage} holds ${path}, which is no registered version`, {
      ref,
      file: path,
      hint: "remove it by a pull request",
    }),
  );
  const stale = await ownersDiffer(context, inGithub.find(({ name }) => name === "CODEOWNERS")?.id ?? null);
  return stale ? [...found, staleOwners(view, ref)] : found;
}

async function ownersDiffer(context: RegistryContext, here: ObjectId | null): Promise<boolean> {
  const main = await defaultTip(context);
  if (main === null) return here !== null;
  const theirs = await entryAt(context.git, (await readCommit(context.git, main)).tree, CODEOWNERS);
  return (theirs?.id ?? null) !== here;
}

function staleOwners({ stage }: StageView, ref: Finding["ref"]): Finding {
  return finding("path-outside-models", `.github/CODEOWNERS of stage/${stage} is not the default branch's`, {
    severity: "warning",
    ref,
    file: CODEOWNERS,
    hint: "git model reconcile",
  });
}

function unregistered(context: RegistryContext, { view, model }: HeldModel): Finding {
  return finding("stage-unregistered", `${view.stage} holds a tree of ${model} that no version has`, {
    ref: branchRef(context, formatStageBranch(view.stage)),
    hint: `git model rollback ${model} --stage ${view.stage}`,
  });
}

function yankFindings(context: RegistryContext, survey: Survey, { view, model, held }: HeldModel): readonly Finding[] {
  const entry = held.version === null ? null : versionAt(survey, { model, version: held.version })?.entry;
  if (!entry?.yankId) return [];
  return [
    finding("yanked-in-use", `${view.stage} holds ${formatVersionId(entry)}, which is yanked`, {
      ref: branchRef(context, formatStageBranch(view.stage)),
      hint: `git model rollback ${model} --stage ${view.stage}, or git model promote another version`,
    }),
  ];
}
