import { type Finding, finding } from "../domain/finding.ts";
import type { ModelName } from "../domain/model/model-name.ts";
import type { ObjectId } from "../domain/object-id.ts";
import { formatStageBranch, type StageName } from "../domain/policy/stage.ts";
import type { Ledger, StageEvent } from "../domain/stage/ledger.ts";
import { RegistryError } from "../errors.ts";
import type { EventAnswer, ReconcileAnswer } from "./answers.ts";
import { publishRefs, type RegistryEdit } from "./apply/publish-refs.ts";
import { refresh } from "./apply/refresh.ts";
import { type Attempt, retryLostRaces } from "./apply/retry-lost-races.ts";
import { signatureNow } from "./apply/signature.ts";
import { writeStageRoot } from "./apply/stage-root.ts";
import { copyCodeowners } from "./apply/stage-tree.ts";
import { writeRelease } from "./apply/write-release.ts";
import type { RegistryContext } from "./context.ts";
import { type Catalog, loadCatalog } from "./load/catalog.ts";
import { defaultTip, requirePolicy } from "./load/load-policy.ts";
import { stageEvent } from "./load/model-events.ts";
import { tagRef } from "./load/ref-names.ts";
import { loadStageHistory } from "./load/stage-history.ts";
import { indexByTree, loadStages, type StageView } from "./load/stages.ts";
import { readCommit } from "./load/trees.ts";
import { tryReadVersions, type VersionObjects } from "./load/version-details.ts";
import { loadOpenRequests, loadRequestBranches } from "./promote/request-branches.ts";
import { tryReview } from "./requests.ts";

/**
 * Heals what follows from the stages: their roots, the release tags, CODEOWNERS, merged request branches. Any number
 * of reconcilers converge, because everything made here is a pure function of history (DESIGN invariant 5).
 */
export async function reconcileReleases(context: RegistryContext): Promise<ReconcileAnswer> {
  await refresh(context, "all");
  await requirePolicy(context);
  const tidied = await retryLostRaces(context.clock, () => healBranches(context));
  const healed = await retryLostRaces(context.clock, () => healReleases(context));
  const reviewed: { number: number | null; verdict: string }[] = [];
  for (const request of await loadOpenRequests(context)) {
    reviewed.push({ number: null, verdict: (await tryReview(context, request))?.verdict ?? "error" });
  }
  return { created: healed?.created ?? [], reviewed, findings: [...(tidied ?? []), ...(healed?.findings ?? [])] };
}

/** Stage roots, CODEOWNERS copies, and branches of requests that are merged. */
async function healBranches(context: RegistryContext): Promise<Attempt<readonly Finding[]>> {
  const stages = await publishOrTell(context, await stageEdits(context));
  const settled = await publishOrTell(context, await settledRequests(context));
  if (stages !== "lost" && settled !== "lost") return { kind: "done", value: [...stages, ...settled] };
  await refresh(context, "all");
  return { kind: "lost" };
}

/** A server that lets nobody push a stage keeps no release tag from being made (DETAILS 30). */
async function publishOrTell(
  context: RegistryContext,
  edits: readonly RegistryEdit[],
): Promise<readonly Finding[] | "lost"> {
  if (edits.length === 0) return [];
  try {
    return (await publishRefs(context, edits)).kind === "lost" ? "lost" : [];
  } catch (error) {
    const isRefusal = error instanceof RegistryError && ["branch-protected", "push-rejected"].includes(error.code);
    if (!isRefusal) throw error;
    return [finding("failed", error.message, { severity: "warning", hint: "let somebody who may push it reconcile" })];
  }
}

async function stageEdits(context: RegistryContext): Promise<readonly RegistryEdit[]> {
  const { policy } = await requirePolicy(context);
  const edits: RegistryEdit[] = [];
  for (const view of await loadStages(context, policy)) {
    if (view.kind === "tag" || !view.declared) continue;
    const ref = `refs/heads/${formatStageBranch(view.stage)}` as const;
    const tip = view.tip ?? (await writeStageRoot(context.git, view.stage));
    const head = await withCodeowners(context, tip);
    if (head !== view.tip) edits.push({ ref, from: view.tip, to: head });
  }
  return edits;
}

async function settledRequests(context: RegistryContext): Promise<readonly RegistryEdit[]> {
  const open = new Set((await loadOpenRequests(context)).map(({ branch }) => branch));
  const settled = (await loadRequestBranches(context)).filter(({ branch }) => !open.has(branch));
  return settled.map(({ branch, head }): RegistryEdit => ({ ref: `refs/heads/${branch}`, from: head, to: null }));
}

/** The stage's tip, or a commit on top of it that copies the default branch's CODEOWNERS. */
async function withCodeowners(context: RegistryContext, tip: ObjectId): Promise<ObjectId> {
  const { git } = context;
  const main = await defaultTip(context);
  const root = (await readCommit(git, tip)).tree;
  const tree = await copyCodeowners(git, root, main === null ? null : (await readCommit(git, main)).tree);
  if (tree === root) return tip;
  const by = await signatureNow(context);
  return git.writeCommit({ tree, parents: [tip], author: by, committer: by, message: "Copy CODEOWNERS\n" });
}

interface Healed {
  readonly created: readonly EventAnswer[];
  readonly findings: readonly Finding[];
}

async function healReleases(context: RegistryContext): Promise<Attempt<Healed>> {
  const { policy } = await requirePolicy(context);
  const catalog = await loadCatalog(context.git);
  const versions = (await tryReadVersions(context.git, [...catalog.models.values()].flat())).filter(
    (one) => one !== null,
  );
  const byTree = await indexByTree(context.git, versions);
  const expected: ExpectedRelease[] = [];
  const findings: Finding[] = [];
  for (const view of await loadStages(context, policy)) {
    if (view.kind === "tag" || view.tip === null) continue;
    const { ledgers } = await loadStageHistory(context, view.tip, byTree);
    for (const [model, ledger] of ledgers)
      expected.push(...(await releasesOf(context, { view, model, ledger, versions })));
    findings.push(...stageFindings(view, ledgers), ...forged(catalog, view.stage, expected));
  }
  const present = await presentTags(context, catalog);
  const missing = expected.filter(({ tag }) => !present.has(tag));
  findings.push(...expected.filter(({ tag, tagId }) => present.has(tag) && present.get(tag) !== tagId).map(rewritten));
  const edits = missing.map(({ tag, tagId }): RegistryEdit => ({ ref: tagRef(tag), from: null, to: tagId }));
  if (edits.length > 0 && (await publishRefs(context, edits)).kind === "lost") {
    await refresh(context, "all");
    return { kind: "lost" };
  }
  const created = missing.map(({ event, model, stage }) => stageEvent(event, { model, stage, hasTag: () => true }));
  return { kind: "done", value: { created, findings } };
}

/** Release tags by name: where there is a remote, those that it has. Tags here stay when they are deleted there. */
async function presentTags({ git, remote }: RegistryContext, catalog: Catalog): Promise<ReadonlyMap<string, ObjectId>> {
  const here = new Map(catalog.releases.map(({ tag, tagId }) => [tag, tagId]));
  if (remote === null || here.size === 0) return here;
  const there = new Set((await git.listRemote(remote.name, ["refs/tags/*"])).refs.map(({ name }) => name as string));
  return new Map([...here].filter(([tag]) => there.has(tagRef(tag))));
}

/** A release tag that the history of its stage calls for. */
export interface ExpectedRelease {
  readonly tag: string;
  readonly tagId: ObjectId;
  readonly model: ModelName;
  readonly stage: StageName;
  readonly event: StageEvent;
}

/** The release tags that a model's ledger on a stage branch calls for; their objects are written, no ref. */
export async function releasesOf(
  context: RegistryContext,
  of: {
    readonly view: StageView;
    readonly model: ModelName;
    readonly ledger: Ledger;
    readonly versions: readonly VersionObjects[];
  },
): Promise<readonly ExpectedRelease[]> {
  const { model, ledger } = of;
  const { stage } = of.view;
  const own = new Map(of.versions.filter((one) => one.model === model).map((one) => [one.version, one]));
  const expected: ExpectedRelease[] = [];
  for (const event of ledger.events) {
    const version = event.version === null ? undefined : own.get(event.version);
    if (version === undefined) continue;
    const release = await writeRelease(context.git, event, { model, stage, version, stageCommit: event.commit });
    if (release !== null) expected.push({ ...release, model, stage, event });
  }
  return expected;
}

function stageFindings(view: StageView, ledgers: ReadonlyMap<ModelName, Ledger>): readonly Finding[] {
  const ref = `refs/heads/${formatStageBranch(view.stage)}`;
  const undeclared = view.declared
    ? []
    : [
        finding("stage-undeclared", `the branch stage/${view.stage} is not in registry.yaml`, {
          severity: "warning",
          ref,
          hint: "declare it under stages, or delete the branch",
        }),
      ];
  const unregistered = [...ledgers].flatMap(([model, { holds }]) =>
    holds === null || holds.version !== null
      ? []
      : [
          finding("stage-unregistered", `${view.stage} holds a tree of ${model} that no version has`, {
            ref,
            hint: `git model rollback ${model} --stage ${view.stage}`,
          }),
        ],
  );
  return [...undeclared, ...unregistered];
}

function forged(catalog: Catalog, stage: StageName, expected: readonly ExpectedRelease[]): readonly Finding[] {
  const known = new Set(expected.map(({ tag }) => tag));
  return catalog.releases
    .filter((one) => one.stage === stage && !known.has(one.tag))
    .map(({ tag }) =>
      finding("release-forged", `nothing on stage/${stage} explains the tag ${tag}`, {
        ref: tagRef(tag),
        hint: `git push --delete origin "refs/tags/${tag}", once you know who made it`,
      }),
    );
}

function rewritten({ tag, stage }: ExpectedRelease): Finding {
  return finding(
    "history-rewritten",
    `the tag ${tag} does not record what stage/${stage} says: one of them was rewritten`,
    {
      ref: tagRef(tag),
      hint: `git show "refs/tags/${tag}" beside git log --first-parent stage/${stage}`,
    },
  );
}
